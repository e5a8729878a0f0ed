// Search over stored tool lists: one segment for each, made when the list changed. Access is applied before ranking: a query is answered from
// exactly the segments its caller may use, so nothing a caller may not see can be found, or move a score.
import type { UsableConnection } from "#server/grants/access.ts";

import type { Collection } from "./collection.ts";
import { explainAll, type Explanation } from "./explain.ts";
import { collectionOf } from "./kept-collections.ts";
import { heldSegment, type SearchedList, segmentsOf } from "./kept-segments.ts";
import { operations } from "./operations.ts";
import { type Ranking as RankedPlaces, rankAll } from "./rank.ts";
import { spellingsOf } from "./spelling.ts";
import { type IndexedTool, storedTools } from "./tool-lists.ts";

/** One list in memory: the stored one of a connection, or Gatehouse's own operations (`connection` is null). */
interface List extends SearchedList {
  connection: UsableConnection | null;
  tools: readonly IndexedTool[];
}

export interface Hit {
  tool: IndexedTool;
  /** Null for an operation of Gatehouse itself. */
  connection: UsableConnection | null;
  score: number;
}

/** The ranking with the tools themselves; words that were guessed or are nearby are written as tools write them. */
export interface Ranking extends Omit<RankedPlaces, "hits"> {
  hits: Hit[];
}

async function listOf(connection: UsableConnection): Promise<List> {
  const { digest, ordered } = await storedTools(connection);
  return { key: connection.catalog?.id ?? "", digest, label: connection.name, connection, tools: ordered };
}

/** How Gatehouse is called where its own operations stand beside connections. */
export const ownLabel = "Gatehouse";

function ownList(orgId: string): List {
  const tools = [...operations().values()].map((operation) => ({ ...operation, outputSchema: null, isRepeatable: true }));
  return {
    key: `gatehouse ${orgId}`,
    digest: String(tools.length),
    label: ownLabel,
    connection: null,
    tools,
  };
}

/** Whether the tools of a connection can be offered in its state. */
export function isSearchable({ state, catalog }: UsableConnection): boolean {
  return (state.name === "ready" || state.name === "stale") && catalog?.listedAt != null;
}

interface Asked {
  orgId: string;
  queries: readonly string[];
  limit: number;
  /** Whether Gatehouse's own operations take part. */
  own: boolean;
}

/** Reads and builds what a search over these takes, where that is not in memory. */
export async function prepare(
  connections: readonly UsableConnection[],
  { orgId, own }: Pick<Asked, "orgId" | "own">,
): Promise<{ usable: List[]; collection: Collection }> {
  const usable = await Promise.all(connections.map(listOf));
  if (own) usable.push(ownList(orgId));
  const { vocabulary, segments } = await segmentsOf(orgId, usable);
  return { usable, collection: collectionOf(vocabulary, segments) };
}

/** How the first tool that has a term writes it. */
function spelling(known: string, usable: readonly List[], { vocabulary, segments, starts, owners, begins }: Collection): string {
  const at = starts[vocabulary.find(known)] ?? 0;
  const owner = owners[at] ?? 0;
  const list = usable[owner];
  const tool = list?.tools[segments[owner]?.docs[begins[at] ?? 0] ?? 0];
  return (list && tool && spellingsOf(list.label, tool).get(known)) ?? known;
}

/** How many of these terms the stored list of a connection has, as far as its index is in memory: nothing is read or built to know it. */
export function heldTerms({ orgId, name, catalog }: UsableConnection, terms: ReadonlySet<string>): number {
  const held = catalog?.digest ? heldSegment(orgId, { digest: catalog.digest, label: name }) : null;
  if (!held) return 0;
  const ids = new Set([...terms].map((known) => held.vocabulary.find(known)));
  return held.segment.terms.reduce((count, id) => count + (ids.has(id) ? 1 : 0), 0);
}

/** Ranks the tools of `connections`, and Gatehouse's own operations where `own` asks for them. The answer is the same each time. */
export async function rank(connections: readonly UsableConnection[], asked: Asked): Promise<Ranking> {
  const { usable, collection } = await prepare(connections, asked);
  const { hits, unmatchedTerms, guessed, nearby } = rankAll(collection, asked.queries, asked.limit);
  const spelled = (known: string) => spelling(known, usable, collection);
  const found = hits.flatMap(({ segment, doc, score }): Hit[] => {
    const list = usable[segment];
    const tool = list?.tools[doc];
    return list && tool ? [{ tool, connection: list.connection, score }] : [];
  });
  return {
    hits: found,
    unmatchedTerms,
    guessed: guessed.map(({ word, near }) => ({ word, near: spelled(near) })),
    nearby: nearby.map(spelled),
  };
}

/** The same ranking with the reasons for it, for people: of those hits that are wanted. */
export async function rankExplained(
  connections: readonly UsableConnection[],
  asked: Asked,
  isWanted: (hit: Pick<Hit, "tool" | "connection">) => boolean,
): Promise<(Pick<Hit, "tool" | "connection"> & { explanation: Explanation })[]> {
  const { usable, collection } = await prepare(connections, asked);
  const found = rankAll(collection, asked.queries, asked.limit).hits.flatMap(({ segment, doc }) => {
    const list = usable[segment];
    const tool = list?.tools[doc];
    if (!list || !tool || !isWanted({ tool, connection: list.connection })) return [];
    return [{ tool, connection: list.connection, place: { segment, doc, label: list.label, tool, list: list.tools } }];
  });
  const explanations = await explainAll(
    collection,
    asked.queries,
    found.map(({ place }) => place),
  );
  return found.flatMap(({ tool, connection }, at) => {
    const explanation = explanations[at];
    return explanation ? [{ tool, connection, explanation }] : [];
  });
}
