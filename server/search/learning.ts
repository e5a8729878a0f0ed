// Learning from use: which tool a member ran after which search. Of a query its stems are remembered for ten minutes; what they teach is written in
// batches off the request path. A search and its call that two processes answered teach nothing.
import { LRUCache } from "lru-cache";

import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { log } from "#server/log.ts";
import { isStorable } from "#server/storable.ts";

import { newTerms, toolKey, wantedTerms, wholeTerm } from "./associations.ts";
import { halfLifeMs, learnedMore, maxRows, maxRowsOfMember } from "./learned.ts";
import type { SearchableTool } from "./segment.ts";

/** Milliseconds in which a call belongs to a search, and in which a search belongs to the one before it as the same wish in other words. */
const callWithinMs = 600_000;
const rewordWithinMs = 120_000;
/** Searches remembered of one agent of one member, and such agents in all. */
const maxSearches = 5;
const maxAgents = 1_000;
/** What a search counts whose tool was found only in other words. */
const rewordedWeight = 0.5;
/** What one member can count for one word and one tool, however often they do it. */
const maxWeight = 3;
/** Rows that wait for being written, and for how many milliseconds. */
const maxWaiting = 5_000;
const writeDelayMs = 5_000;
/** Rows this old, in milliseconds, count next to nothing. */
const forgottenAfterMs = 6 * halfLifeMs;

interface Search {
  at: number;
  /** The terms of each phrase. */
  phrases: string[][];
  found: ReadonlySet<string>;
  /** Tools that were run after it. */
  ran: Set<string>;
}

const recent = new LRUCache<string, Search[]>({ max: maxAgents, ttl: callWithinMs });

interface Waiting {
  orgId: string;
  connectionId: string;
  toolName: string;
  term: string;
  membershipId: string;
  weight: number;
}

let waiting = new Map<string, Waiting>();
let timer: NodeJS.Timeout | null = null;

/** Two agents of one member search for different things at the same time. */
const agentKey = ({ orgId, membershipId, tokenId, sessionId }: Actor) => [orgId, membershipId, tokenId ?? sessionId].join(" ");

const isSame = (a: readonly string[][], b: readonly string[][]) => JSON.stringify(a) === JSON.stringify(b);

/**
 * Remembers a search for the call that may follow. `found` are the tools of its answer, by `toolKey`. The newest search made again is still the same
 * one: a page that loads its results anew after each run would teach the same again and again.
 */
export function noteSearch(actor: Actor, queries: readonly string[], found: ReadonlySet<string>): void {
  const key = agentKey(actor);
  const phrases = queries.map(wantedTerms);
  const searches = recent.get(key) ?? [];
  const newest = searches.at(-1);
  if (newest && isSame(newest.phrases, phrases) && Date.now() - newest.at < callWithinMs) {
    // What was learned from it may have changed the answer.
    newest.found = found;
    return;
  }
  recent.set(key, [...searches.slice(1 - maxSearches), { at: Date.now(), phrases, found, ran: new Set<string>() }]);
}

function add(
  actor: Actor,
  connection: { id: string; name: string },
  tool: SearchableTool,
  phrases: readonly string[][],
  weight: number,
): void {
  const { orgId, membershipId } = actor;
  for (const terms of phrases.filter(({ length }) => length > 0))
    for (const term of [...newTerms(terms, connection.name, tool).filter(isStorable), wholeTerm(terms)]) {
      const key = [orgId, connection.id, tool.name, term, membershipId].join("\0");
      const held = waiting.get(key);
      if (held) held.weight = Math.min(maxWeight, held.weight + weight);
      else if (waiting.size < maxWaiting)
        waiting.set(key, { orgId, connectionId: connection.id, toolName: tool.name, term, membershipId, weight });
    }
  if (waiting.size > 0) timer ??= setTimeout(() => void flushLearning(), writeDelayMs).unref();
}

/** A tool answered well: what this agent had searched for is what it does. A tool that is run again and again after one search counts once. */
export function noteRun(actor: Actor, connection: { id: string; name: string }, tool: SearchableTool): void {
  const searches = recent.get(agentKey(actor)) ?? [];
  const key = toolKey(connection.id, tool.name);
  const index = searches.findLastIndex(({ at, found }) => found.has(key) && Date.now() - at < callWithinMs);
  const search = searches[index];
  if (!search || search.ran.has(key)) return;
  const isFirst = search.ran.size === 0;
  search.ran.add(key);
  add(actor, connection, tool, search.phrases, 1);
  // What came right before, and led to nothing, most likely asked for the same.
  let later = search;
  for (const before of isFirst ? searches.slice(0, index).reverse() : []) {
    if (before.ran.size > 0 || later.at - before.at > rewordWithinMs) break;
    before.ran.add(key);
    add(actor, connection, tool, before.phrases, rewordedWeight);
    later = before;
  }
}

/** Deletes what is too much or too old. */
async function trim(orgId: string, now: Date): Promise<void> {
  await db.searchAssociation.deleteMany({ where: { orgId, at: { lt: new Date(now.getTime() - forgottenAfterMs) } } });
  const counts = await db.searchAssociation.groupBy({ by: ["membershipId"], where: { orgId }, _count: true });
  const total = counts.reduce((sum, { _count }) => sum + _count, 0);
  if (total <= maxRows && counts.every(({ _count }) => _count <= maxRowsOfMember)) return;
  await db.$executeRaw`
    DELETE FROM "SearchAssociation" AS kept USING (
      SELECT "connectionId", "toolName", "term", "membershipId",
        row_number() OVER (PARTITION BY "membershipId" ORDER BY "at" DESC, "term") AS "ofMember",
        row_number() OVER (ORDER BY "at" DESC, "term") AS "ofAll"
      FROM "SearchAssociation" WHERE "orgId" = ${orgId}
    ) AS ranked
    WHERE (ranked."ofMember" > ${maxRowsOfMember} OR ranked."ofAll" > ${maxRows})
      AND kept."orgId" = ${orgId} AND kept."connectionId" = ranked."connectionId" AND kept."toolName" = ranked."toolName"
      AND kept."term" = ranked."term" AND kept."membershipId" = ranked."membershipId"`;
}

async function write(orgId: string, rows: readonly Waiting[]): Promise<void> {
  const now = new Date();
  // Of a connection or a membership that went meanwhile nothing is written, and locked they stay until it is. In the order of the key: processes that
  // write the same rows at the same time wait for each other, and none for one that waits for it.
  await db.$executeRaw`
    INSERT INTO "SearchAssociation" ("orgId", "connectionId", "toolName", "term", "membershipId", "weight", "at")
    SELECT learned."orgId", learned."connectionId", learned."toolName", learned."term", learned."membershipId", learned."weight", ${now}
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS learned("orgId" text, "connectionId" text, "toolName" text, "term" text, "membershipId" text, "weight" float8)
    JOIN "Connection" ON "Connection"."id" = learned."connectionId" AND "Connection"."orgId" = learned."orgId"
    JOIN "Membership" ON "Membership"."id" = learned."membershipId" AND "Membership"."orgId" = learned."orgId"
    ORDER BY learned."connectionId", learned."toolName", learned."term", learned."membershipId"
    FOR KEY SHARE OF "Connection", "Membership"
    ON CONFLICT ("connectionId", "toolName", "term", "membershipId") DO UPDATE SET
      "weight" = LEAST(${maxWeight}::float8, EXCLUDED."weight" + "SearchAssociation"."weight"
        * power(0.5::float8, EXTRACT(EPOCH FROM EXCLUDED."at" - "SearchAssociation"."at") * 1000 / ${halfLifeMs}::float8)),
      "at" = EXCLUDED."at"`;
  await trim(orgId, now);
  learnedMore(orgId);
}

/** Writes everything that waits. Never throws: what cannot be written is forgotten. */
export async function flushLearning(): Promise<void> {
  if (timer) clearTimeout(timer);
  timer = null;
  const rows = [...waiting.values()];
  waiting = new Map();
  // Each organization by itself: what fails for one costs the others nothing.
  for (const orgId of new Set(rows.map((row) => row.orgId))) {
    const learned = rows.filter((row) => row.orgId === orgId);
    await write(orgId, learned).catch((error: unknown) =>
      log.warn({ err: error, orgId, rows: learned.length }, "what was learned from searches could not be written"),
    );
  }
}
