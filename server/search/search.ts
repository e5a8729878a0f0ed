// search_capabilities as a verb: what the caller may use, ranked for a query, with the connections that cannot be used right now beside it.
import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { type UsableConnection, usableConnections } from "#server/grants/access.ts";
import { links } from "#server/origin.ts";
import { shortened } from "#server/shortened.ts";
import { failuresInARow, type Pause, pauseOf } from "#server/upstream/pause.ts";
import { refreshIfStale, syncUnlessPaused } from "#server/upstream/sync-catalog.ts";
import { targetOf } from "#server/upstream/target.ts";

import { termsOf } from "./analyzer.ts";
import { toolKey } from "./associations.ts";
import { find } from "./find.ts";
import { fitMatches } from "./fit-matches.ts";
import { hintOf, hintTokens } from "./hint.ts";
import { noteSearch } from "./learning.ts";
import { serviceOf } from "./segment.ts";
import { signatureOf } from "./signature.ts";
import { estimateTokens } from "./tokens.ts";
import { heldTerms, type Hit, isSearchable, ownLabel } from "./tool-index.ts";
import { keepReady } from "./warm-up.ts";

const phrase = z.string().trim().min(1, "Say what you are looking for.").max(500, "The query is too long (500 characters at most).");

export const searchInput = z.object({
  /** One phrase, or up to five that ask for the same in other words. */
  query: z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(phrase).min(1).max(5, "At most 5 phrases at once.")),
  limit: z.number().int().min(1).max(20).default(5),
  connection: z.string().trim().min(1).max(200).optional(),
  detail: z.enum(["full", "brief"]).default("full"),
});
export type SearchInput = z.output<typeof searchInput>;

/** One tool that matches. */
export interface Match {
  name: string;
  connection: string;
  title: string;
  description: string;
  score: number;
  access: "read" | "write";
  signature: string;
  inputSchema?: unknown;
  outputSchema?: unknown;
  schemaDigest: string;
  available: boolean;
  reason?: string;
  action?: { label: string; url: string };
}

/** A connection that is granted to the caller and cannot be used, or not fully, right now. */
export interface ConnectionRow {
  id: string;
  name: string;
  state: "needs_connection" | "reconnect_required" | "unreachable" | "disabled" | "stale";
  message: string;
  actor: "member" | "organization_admin" | "provider";
  action: { label: string; url: string };
}

export interface SearchResult {
  matches: Match[];
  connections: ConnectionRow[];
  unmatchedTerms?: string[];
  hint?: string;
  complete: boolean;
  /** No list that was searched is older than this. */
  asOf: string;
  /** About what this result costs the model that reads it (tokens.ts). */
  tokens: number;
}

const maxDescription = 600;
const maxConnectionRows = 20;
const maxUnmatchedTerms = 24;
/** Tokens of the result's own braces and names. */
const frameTokens = 12;
/** Milliseconds that a search waits for servers that were never listed. */
const firstListingMs = 2_000;

const pauseWords: Record<Pause["why"], string> = {
  failing: `Calls to it pause: the server failed ${failuresInARow} times in a row.`,
  rate_limited: "Calls to it pause: the server said there were too many requests.",
};

/** How a connection that is not ready is told to an agent; null when there is nothing to tell. */
export function connectionRow(connection: UsableConnection, origin: string): ConnectionRow | null {
  const { id, name, state } = connection;
  const pause = state.name === "ready" || state.name === "stale" ? pauseOf(targetOf(connection)) : null;
  if (pause) {
    const age = state.name === "stale" ? ` ${state.message}` : "";
    const message = `${pauseWords[pause.why]} The next call goes out at ${pause.until.toISOString()}.${age}`;
    const action = { label: `See ${name}`, url: links.connect(origin, id) };
    return { id, name, state: "unreachable", message, actor: "provider", action };
  }
  if (state.name === "ready" || state.actor === null) return null;
  const action =
    state.actor === "organization_admin"
      ? { label: `Ask an admin to ${state.name === "disabled" ? "switch on" : "connect"} ${name}`, url: links.manage(origin, id) }
      : { label: state.actor === "member" ? `Connect ${name}` : `See ${name}`, url: links.connect(origin, id) };
  return { id, name, state: state.name, message: state.message, actor: state.actor, action };
}

async function firstListings(connections: UsableConnection[]): Promise<boolean> {
  const never = connections.filter(({ state, catalog }) => state.name === "ready" && catalog?.listedAt == null);
  if (never.length === 0) return true;
  // A failure is in the stored state by then and shows as a row; only being too slow makes the answer incomplete.
  const listings = Promise.allSettled(never.map((connection) => syncUnlessPaused(targetOf(connection)))).then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), firstListingMs);
  });
  return Promise.race([listings, late]).finally(() => clearTimeout(timer));
}

/** Those of this name or id; all of them where none is wanted. */
export function named(connections: UsableConnection[], wanted: string | undefined): UsableConnection[] {
  if (wanted === undefined) return connections;
  return connections.filter(({ id, name }) => id === wanted || name.toLowerCase() === wanted.toLowerCase());
}

/** Why this caller cannot run a match, and what a person can do about it. */
function availability({ scopes, via, origin }: Actor, access: Match["access"]): Pick<Match, "available" | "reason" | "action"> {
  // People look from the browser with rights of their own, not with those of a token.
  if (via !== "agent_token" || scopes.includes(`mcp:${access}`)) return { available: true };
  return {
    available: false,
    reason: `This token lacks the scope mcp:${access}.`,
    action: { label: "Create a token that may run it", url: links.agents(origin) },
  };
}

/** What agents call a tool. */
export function capabilityOf(toolName: string, connection: { id: string } | null): string {
  return connection ? `mcp:${connection.id}:${toolName}` : `gatehouse:${toolName}`;
}

/** Whether Gatehouse's own operations are searched, too. */
export function isOwnWanted(connection: string | undefined): boolean {
  return connection === undefined || connection.toLowerCase() === ownLabel.toLowerCase();
}

function toMatch({ tool, connection, score }: Hit, actor: Actor): Match {
  // Whatever a server says of its own tools: only an admin's classification makes one a read.
  const access = connection ? "write" : "read";
  const { inputSchema, outputSchema } = tool;
  return {
    name: capabilityOf(tool.name, connection),
    connection: connection?.name ?? ownLabel,
    title: tool.title ?? tool.name,
    description: shortened(tool.description, maxDescription),
    score: Math.round(score * 100) / 100,
    access,
    signature: signatureOf(tool.name, inputSchema, outputSchema),
    inputSchema,
    ...(outputSchema === null ? {} : { outputSchema }),
    schemaDigest: tool.digest,
    ...availability(actor, access),
  };
}

/** The connections that are not ready: those first that the queries name, then those whose stored list has most of their words, as far as that is known. */
function rowsFor(queries: readonly string[], connections: readonly UsableConnection[], origin: string): ConnectionRow[] {
  const terms = new Set(queries.flatMap((query) => termsOf(query, "identifier")));
  const rows = connections.flatMap((connection) => {
    const row = connectionRow(connection, origin);
    if (!row) return [];
    const named = new Set(termsOf(serviceOf(connection.name), "identifier").filter((known) => terms.has(known))).size;
    return [{ row, named, held: heldTerms(connection, terms) }];
  });
  return rows.sort((a, b) => b.named - a.named || b.held - a.held).map(({ row }) => row);
}

/** How old the oldest of these lists is that a search went over; now where there is none. */
function asOf(searched: readonly UsableConnection[]): Date {
  const listed = searched.flatMap(({ catalog }) => catalog?.listedAt ?? []);
  return listed.reduce((oldest, at) => (at < oldest ? at : oldest), new Date());
}

/** Searches what this caller may use. Never an error for "nothing found", never waits for a server whose tools are stored. */
export async function search(actor: Actor, { query, limit, connection, detail }: SearchInput): Promise<SearchResult> {
  const complete = await firstListings(named(await usableConnections(actor), connection));
  const all = named(await usableConnections(actor), connection);
  const searchable = all.filter(isSearchable);
  for (const candidate of searchable) refreshIfStale(targetOf(candidate), candidate.catalog);
  keepReady(actor);
  const own = isOwnWanted(connection);
  const { orgId, membershipId } = actor;
  const found = await find(searchable, { orgId, membershipId, queries: query, limit, own });
  const { hits, unmatchedTerms, guessed, nearby, isByWordsAlone } = found;
  noteSearch(actor, query, new Set(hits.map(({ tool, connection }) => toolKey(connection?.id ?? "", tool.name))));
  const rows = rowsFor(query, all, actor.origin);
  const rest = {
    connections: rows.slice(0, maxConnectionRows),
    ...(unmatchedTerms.length > 0 ? { unmatchedTerms: unmatchedTerms.slice(0, maxUnmatchedTerms) } : {}),
    complete,
    asOf: asOf(searchable).toISOString(),
  };
  const taken = estimateTokens(JSON.stringify(rest)) + frameTokens;
  const { matches, tokens, cut } = fitMatches(
    hits.map((hit) => toMatch(hit, actor)),
    { detail, taken: taken + hintTokens },
  );
  const hint = hintOf({
    matches: matches.length,
    guessed,
    nearby,
    connections: all.length,
    isAnySearchable: searchable.length > 0,
    unusable: rows.length,
    unlisted: Math.max(0, rows.length - maxConnectionRows),
    wanted: connection,
    own,
    cut,
    isByWordsAlone,
  });
  return { matches, ...rest, ...(hint === undefined ? {} : { hint }), tokens: taken + tokens + estimateTokens(hint ?? "") };
}
