// Search over stored tool lists: one segment for each, made when the list changed. Access is applied before ranking: a query is answered from
// exactly the segments its caller may use, so nothing a caller may not see can be found, or move a score.
import { LRUCache } from "lru-cache";

import type { UsableConnection } from "#server/grants/access.ts";
import { gauges } from "#server/metric.ts";

import { type Collection, combine, type Postings } from "./collection.ts";
import { explainAll, type Explanation } from "./explain.ts";
import { operations } from "./operations.ts";
import { rankAll, rankingBytes } from "./rank.ts";
import { buildSegment, type Segment } from "./segment.ts";
import { type IndexedTool, listMemory, shared, storedTools } from "./tool-lists.ts";
import { Vocabulary } from "./vocabulary.ts";

/** One list in memory: the stored one of a connection, or Gatehouse's own operations (`connection` is null). */
interface List {
  /** What it is known by, and which version of it this is. */
  key: string;
  digest: string;
  label: string;
  connection: UsableConnection | null;
  tools: readonly IndexedTool[];
}

/** A segment with what it was made of, and the vocabulary it was made with: in another one its numbers mean nothing. */
interface Indexed {
  vocabulary: Vocabulary;
  digest: string;
  segment: Segment;
}

/** Bytes of segments that are kept: what was not used for long is built again. */
const maxSegmentBytes = 128 * 1_048_576;
/** What a term in a vocabulary takes: an estimate. */
const bytesOfTerm = 120;
/** Organizations whose vocabulary is kept. */
const maxVocabularies = 500;
/** Terms that may gather in a vocabulary beyond twice what its largest collection has: lists come and go, their terms stay. */
const maxLeftTerms = 100_000;
/** Bytes of collections that are kept: one of 50,000 tools takes 4 to 5 MB. */
const maxCollectionBytes = 96 * 1_048_576;

const vocabularies = new LRUCache<string, { vocabulary: Vocabulary; live: number }>({ max: maxVocabularies });
const segments = new LRUCache<string, Indexed>({
  maxSize: maxSegmentBytes,
  sizeCalculation: ({ segment }) => segmentBytes(segment) + 1,
});
const building = new WeakMap<Vocabulary, Map<string, Promise<Indexed>>>();

function segmentBytes({ terms, starts, docs, weights, names, nameStarts, actions, label }: Segment): number {
  return [terms, starts, docs, weights, names, nameStarts, actions, label].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function collectionBytes({ counts, starts, owners, begins, ends, offsets }: Postings): number {
  return [counts, starts, owners, begins, ends, offsets].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function vocabularyOf(orgId: string): Vocabulary {
  const held = vocabularies.get(orgId);
  if (held && held.vocabulary.names.length <= 2 * held.live + maxLeftTerms) return held.vocabulary;
  const vocabulary = new Vocabulary();
  vocabularies.set(orgId, { vocabulary, live: 0 });
  return vocabulary;
}

/** The segment of one list; a list that was replaced gets a new one, and the others stay. */
async function segmentOf(orgId: string, vocabulary: Vocabulary, { key, digest, label, tools }: List): Promise<Segment> {
  const place = `${orgId} ${key} ${label}`;
  const held = segments.get(place);
  if (held?.vocabulary === vocabulary && held.digest === digest) return held.segment;
  const running = building.get(vocabulary) ?? new Map<string, Promise<Indexed>>();
  building.set(vocabulary, running);
  const made = await shared(running, `${place} ${digest}`, async () => {
    const indexed = { vocabulary, digest, segment: await buildSegment(vocabulary, label, tools) };
    segments.set(place, indexed);
    return indexed;
  });
  return made.segment;
}

/** Those of the callers who asked last, by what they may use: most members of an organization may use the same. */
const collections = new LRUCache<string, Postings>({ maxSize: maxCollectionBytes, sizeCalculation: collectionBytes });
const numbers = new WeakMap<Segment, number>();
let lastNumber = 0;

/** A number of its own for each segment that is in memory. */
function numberOf(segment: Segment): number {
  let number = numbers.get(segment);
  if (number === undefined) numbers.set(segment, (number = lastNumber += 1));
  return number;
}

function collectionOf(vocabulary: Vocabulary, made: readonly Segment[]): Collection {
  const key = made.map(numberOf).join(" ");
  const held = collections.get(key);
  if (held) return Object.assign({ vocabulary, segments: made }, held);
  const collection = combine(vocabulary, made);
  // Without the segments: one that was replaced would live as long as what was made of it.
  const { offsets, total, terms, counts, starts, owners, begins, ends, labels } = collection;
  collections.set(key, { offsets, total, terms, counts, starts, owners, begins, ends, labels });
  return collection;
}

export interface Hit {
  tool: IndexedTool;
  /** Null for an operation of Gatehouse itself. */
  connection: UsableConnection | null;
  score: number;
}

export interface Ranking {
  hits: Hit[];
  /** Words of the query that no tool of the caller knows. */
  unmatchedTerms: string[];
  /** Of those, the ones for which a word close to them was taken. */
  guessed: string[];
}

async function listOf(connection: UsableConnection): Promise<List> {
  const { catalog, name } = connection;
  return { key: catalog?.id ?? "", digest: catalog?.digest ?? "", label: name, connection, tools: (await storedTools(connection)).ordered };
}

/** How Gatehouse is called where its own operations stand beside connections. */
export const ownLabel = "Gatehouse";

function ownList(): List {
  const tools = [...operations().values()].map((operation) => ({
    ...operation,
    id: `gatehouse:${operation.name}`,
    outputSchema: null,
    isRepeatable: true,
  }));
  return {
    key: "gatehouse",
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
  if (own) usable.push(ownList());
  const vocabulary = vocabularyOf(orgId);
  const made = await Promise.all(usable.map((list) => segmentOf(orgId, vocabulary, list)));
  const collection = collectionOf(vocabulary, made);
  const entry = vocabularies.get(orgId);
  if (entry?.vocabulary === vocabulary) entry.live = Math.max(entry.live, collection.terms);
  return { usable, collection };
}

/** Ranks the tools of `connections`, and Gatehouse's own operations where `own` asks for them. The answer is the same each time. */
export async function rank(connections: readonly UsableConnection[], asked: Asked): Promise<Ranking> {
  const { usable, collection } = await prepare(connections, asked);
  const { hits, ...rest } = rankAll(collection, asked.queries, asked.limit);
  const found = hits.flatMap(({ segment, doc, score }): Hit[] => {
    const list = usable[segment];
    const tool = list?.tools[doc];
    return list && tool ? [{ tool, connection: list.connection, score }] : [];
  });
  return { hits: found, ...rest };
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

/** What the search holds in memory right now, and about how many bytes that takes. */
export interface SearchMemory {
  lists: number;
  tools: number;
  segments: number;
  vocabularies: number;
  terms: number;
  collections: number;
  bytes: { lists: number; segments: number; vocabularies: number; collections: number; ranking: number; total: number };
}

/** Counts what is kept; a few hundred entries at the most are looked at. */
export function searchMemory(): SearchMemory {
  const lists = listMemory();
  let terms = 0;
  for (const { vocabulary } of vocabularies.values()) terms += vocabulary.names.length;
  const bytes = {
    lists: lists.bytes,
    segments: segments.calculatedSize,
    vocabularies: terms * bytesOfTerm,
    collections: collections.calculatedSize,
    ranking: rankingBytes(),
  };
  const total = Object.values(bytes).reduce((sum, taken) => sum + taken, 0);
  return {
    lists: lists.lists,
    tools: lists.tools,
    segments: segments.size,
    vocabularies: vocabularies.size,
    terms,
    collections: collections.size,
    bytes: { ...bytes, total },
  };
}

gauges("gatehouse_search_memory_items", "What search keeps in memory, by kind.", "kind", () => {
  const { lists, tools, segments, vocabularies, terms, collections } = searchMemory();
  return { lists, tools, segments, vocabularies, terms, collections };
});
gauges("gatehouse_search_memory_bytes", "What that takes, as estimated.", "kind", () => {
  const { lists, segments, vocabularies, collections, ranking } = searchMemory().bytes;
  return { lists, segments, vocabularies, collections, ranking };
});
