// Search over stored tool lists: one segment for each, made when the list changed. Access is applied before ranking: a query is answered from
// exactly the segments its caller may use, so nothing a caller may not see can be found, or move a score.
import { LRUCache } from "lru-cache";
import { z } from "zod";

import { db, type Prisma } from "#server/db.ts";
import type { UsableConnection } from "#server/grants/access.ts";

import { type Collection, combine } from "./collection.ts";
import { explainAll, type Explanation } from "./explain.ts";
import { operations } from "./operations.ts";
import { rankAll } from "./rank.ts";
import { buildSegment, type Segment } from "./segment.ts";
import { Vocabulary } from "./vocabulary.ts";

export interface IndexedTool {
  id: string;
  name: string;
  title: string | null;
  description: string;
  inputSchema: Prisma.JsonValue;
  outputSchema: Prisma.JsonValue;
  digest: string;
  /** The server annotates it as read-only or idempotent. That says whether a failed call may be tried again, and nothing about rights. */
  isRepeatable: boolean;
}

/** One list in memory: the stored one of a connection, or Gatehouse's own operations (`connection` is null). */
interface List {
  /** What it is known by, and which version of it this is. */
  key: string;
  digest: string;
  label: string;
  connection: UsableConnection | null;
  tools: ReadonlyMap<string, IndexedTool>;
}

/** A segment with its tools in their order, and the vocabulary it was made with: in another one its numbers mean nothing. */
interface Indexed {
  vocabulary: Vocabulary;
  segment: Segment;
  tools: readonly IndexedTool[];
}

/** Tools kept in memory, as lists and as segments: what was not used for long is read and built again. */
const maxTools = 60_000;
/** Organizations whose vocabulary is kept. */
const maxVocabularies = 500;
/** Terms that may gather in a vocabulary beyond twice what its largest collection has: lists come and go, their terms stay. */
const maxLeftTerms = 100_000;
/** Places of terms in all collections that are kept, eight bytes each. */
const maxPlaces = 8_000_000;

const lists = new LRUCache<string, { digest: string; tools: Map<string, IndexedTool> }>({
  maxSize: maxTools,
  sizeCalculation: ({ tools }) => tools.size + 1,
});
const loading = new Map<string, Promise<Map<string, IndexedTool>>>();
const vocabularies = new LRUCache<string, { vocabulary: Vocabulary; live: number }>({ max: maxVocabularies });
const segments = new LRUCache<string, Indexed>({
  maxSize: maxTools,
  sizeCalculation: ({ segment: { size } }) => size + 1,
});
const building = new WeakMap<Vocabulary, Map<string, Promise<Indexed>>>();

/** Concurrent callers share one piece of work. */
function shared<Value>(running: Map<string, Promise<Value>>, key: string, work: () => Promise<Value>): Promise<Value> {
  const held = running.get(key);
  if (held) return held;
  const started = work().finally(() => running.delete(key));
  running.set(key, started);
  return started;
}

const hintsOutline = z.object({ readOnlyHint: z.unknown(), idempotentHint: z.unknown() }).partial();

async function load(catalogId: string, digest: string): Promise<Map<string, IndexedTool>> {
  const rows = await db.catalogTool.findMany({
    where: { catalogId, removedAt: null },
    select: {
      id: true,
      name: true,
      title: true,
      description: true,
      inputSchema: true,
      outputSchema: true,
      annotations: true,
      digest: true,
    },
    orderBy: { position: "asc" },
  });
  const tools = new Map(
    rows.map(({ annotations, ...row }) => {
      const hints = hintsOutline.safeParse(annotations).data;
      return [row.name, { ...row, isRepeatable: hints?.readOnlyHint === true || hints?.idempotentHint === true }];
    }),
  );
  lists.set(catalogId, { digest, tools });
  return tools;
}

/** The stored tools of one usable connection by name, in the server's own order; from memory unless they changed. */
export async function toolsOf({ catalog }: UsableConnection): Promise<ReadonlyMap<string, IndexedTool>> {
  const digest = catalog?.digest;
  if (!catalog || !digest) return new Map<string, IndexedTool>();
  const held = lists.get(catalog.id);
  if (held?.digest === digest) return held.tools;
  return shared(loading, `${catalog.id} ${digest}`, () => load(catalog.id, digest));
}

function vocabularyOf(orgId: string): Vocabulary {
  const held = vocabularies.get(orgId);
  if (held && held.vocabulary.names.length <= 2 * held.live + maxLeftTerms) return held.vocabulary;
  const vocabulary = new Vocabulary();
  vocabularies.set(orgId, { vocabulary, live: 0 });
  return vocabulary;
}

/** The segment of one list; a list that was replaced gets a new one, and the others stay. */
async function segmentOf(orgId: string, vocabulary: Vocabulary, { key, digest, label, tools }: List): Promise<Indexed> {
  const version = `${orgId} ${key} ${digest} ${label}`;
  const held = segments.get(version);
  if (held?.vocabulary === vocabulary) return held;
  const running = building.get(vocabulary) ?? new Map<string, Promise<Indexed>>();
  building.set(vocabulary, running);
  return shared(running, version, async () => {
    const ordered = [...tools.values()];
    const made = { vocabulary, segment: await buildSegment(vocabulary, label, ordered), tools: ordered };
    segments.set(version, made);
    return made;
  });
}

/** Those of the callers who asked last, by what they may use: most members of an organization may use the same. */
const collections = new LRUCache<string, Collection>({ maxSize: maxPlaces, sizeCalculation: ({ owners }) => owners.length + 1 });
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
  let collection = collections.get(key);
  if (!collection) collections.set(key, (collection = combine(vocabulary, made)));
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
  return { key: catalog?.id ?? "", digest: catalog?.digest ?? "", label: name, connection, tools: await toolsOf(connection) };
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
    tools: new Map(tools.map((tool) => [tool.name, tool])),
  };
}

interface Asked {
  orgId: string;
  queries: readonly string[];
  limit: number;
  /** Whether Gatehouse's own operations take part. */
  own: boolean;
}

/** The lists of `connections` brought together, each with its segment. */
async function gather(connections: readonly UsableConnection[], { orgId, own }: Asked) {
  const usable = await Promise.all(connections.map(listOf));
  if (own) usable.push(ownList());
  const vocabulary = vocabularyOf(orgId);
  const made = await Promise.all(usable.map((list) => segmentOf(orgId, vocabulary, list)));
  const collection = collectionOf(
    vocabulary,
    made.map(({ segment }) => segment),
  );
  const entry = vocabularies.get(orgId);
  if (entry?.vocabulary === vocabulary) entry.live = Math.max(entry.live, collection.terms);
  return { usable, made, collection };
}

/** Ranks the tools of `connections`, and Gatehouse's own operations where `own` asks for them. The answer is the same each time. */
export async function rank(connections: readonly UsableConnection[], asked: Asked): Promise<Ranking> {
  const { usable, made, collection } = await gather(connections, asked);
  const { hits, ...rest } = rankAll(collection, asked.queries, asked.limit);
  const found = hits.flatMap(({ segment, doc, score }): Hit[] => {
    const list = usable[segment];
    const tool = made[segment]?.tools[doc];
    return list && tool ? [{ tool, connection: list.connection, score }] : [];
  });
  return { hits: found, ...rest };
}

/** The same ranking with the reasons for it, for people. */
export async function rankExplained(
  connections: readonly UsableConnection[],
  asked: Asked,
): Promise<(Pick<Hit, "tool" | "connection"> & { explanation: Explanation })[]> {
  const { usable, made, collection } = await gather(connections, asked);
  const found = rankAll(collection, asked.queries, asked.limit).hits.flatMap(({ segment, doc }) => {
    const list = usable[segment];
    const tool = made[segment]?.tools[doc];
    return list && tool ? [{ tool, connection: list.connection, place: { segment, doc, label: list.label, tool } }] : [];
  });
  const explanations = explainAll(
    collection,
    asked.queries,
    found.map(({ place }) => place),
  );
  return found.flatMap(({ tool, connection }, at) => {
    const explanation = explanations[at];
    return explanation ? [{ tool, connection, explanation }] : [];
  });
}
