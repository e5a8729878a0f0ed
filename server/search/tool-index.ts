// Search over stored tool lists. Access is applied before ranking: an index is made of exactly the lists its caller may use, so nothing a
// caller may not see can be found, or move a score. Callers who may use the same lists share one index.
import { LRUCache } from "lru-cache";
import MiniSearch, { type SearchResult } from "minisearch";

import { db, type Prisma } from "#server/db.ts";
import type { UsableConnection } from "#server/grants/access.ts";

import { term, words } from "./analyzer.ts";

export interface IndexedTool {
  id: string;
  name: string;
  title: string | null;
  description: string;
  inputSchema: Prisma.JsonValue;
  outputSchema: Prisma.JsonValue;
  digest: string;
}

type Field = "name" | "title" | "description" | "connection" | "parameters";
type Document = Record<Field | "id", string>;

/** One stored list in memory. */
interface Segment {
  connection: UsableConnection;
  tools: ReadonlyMap<string, IndexedTool>;
}

interface Engine {
  index: MiniSearch<Document>;
  /** Which tool of which list a document is. */
  places: Map<string, { catalogId: string; name: string }>;
}

const boosts: Record<Field, number> = { name: 3, title: 2, connection: 2, parameters: 1, description: 1 };
/** Tools kept in memory, as lists and as indexes: what was not used for long is read and built again. */
const maxTools = 30_000;
/** Documents that are indexed before other requests get their turn. */
const chunk = 50;

const lists = new LRUCache<string, { digest: string; tools: Map<string, IndexedTool> }>({
  maxSize: maxTools,
  sizeCalculation: ({ tools }) => tools.size + 1,
});
const loading = new Map<string, Promise<Map<string, IndexedTool>>>();
const engines = new LRUCache<string, Engine>({ maxSize: maxTools, sizeCalculation: ({ places }) => places.size + 1 });
const building = new Map<string, Promise<Engine>>();

/** Concurrent callers share one piece of work. */
function shared<Value>(running: Map<string, Promise<Value>>, key: string, work: () => Promise<Value>): Promise<Value> {
  const held = running.get(key);
  if (held) return held;
  const started = work().finally(() => running.delete(key));
  running.set(key, started);
  return started;
}

async function load(catalogId: string, digest: string): Promise<Map<string, IndexedTool>> {
  const rows = await db.catalogTool.findMany({
    where: { catalogId, removedAt: null },
    select: { id: true, name: true, title: true, description: true, inputSchema: true, outputSchema: true, digest: true },
    orderBy: { position: "asc" },
  });
  const tools = new Map(rows.map((row) => [row.name, row]));
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names and descriptions of a tool's parameters. */
function parametersOf(schema: Prisma.JsonValue): string {
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : {};
  return Object.entries(properties)
    .map(([key, value]) => `${key} ${isObject(value) && typeof value.description === "string" ? value.description : ""}`)
    .join(" ");
}

function toDocument({ id, name, title, description, inputSchema }: IndexedTool, connection: string): Document {
  return { id, name, title: title ?? "", description, connection, parameters: parametersOf(inputSchema) };
}

async function build(segments: readonly Segment[]): Promise<Engine> {
  const index = new MiniSearch<Document>({
    fields: Object.keys(boosts),
    tokenize: words,
    processTerm: term,
    searchOptions: { boost: boosts, combineWith: "OR" },
  });
  const places: Engine["places"] = new Map();
  const documents = segments.flatMap(({ connection, tools }) =>
    [...tools.values()].map((tool) => {
      places.set(tool.id, { catalogId: connection.catalog?.id ?? "", name: tool.name });
      return toDocument(tool, connection.name);
    }),
  );
  await index.addAllAsync(documents, { chunkSize: chunk });
  return { index, places };
}

async function engineFor(segments: readonly Segment[]): Promise<Engine> {
  const key = segments
    .map(({ connection: { name, catalog } }) => `${catalog?.id} ${catalog?.digest} ${name}`)
    .sort()
    .join("\n");
  const held = engines.get(key);
  if (held) return held;
  return shared(building, key, async () => {
    const built = await build(segments);
    engines.set(key, built);
    return built;
  });
}

export interface Hit {
  tool: IndexedTool;
  connection: UsableConnection;
  score: number;
}

export interface Ranking {
  hits: Hit[];
  /** Words of the query that no tool of the caller knows. */
  unmatchedTerms: string[];
  /** Names that are close to the query, when nothing matched. */
  near: string[];
}

/** Ranks the tools of `connections` for a query. Equal scores keep the servers' own order, so the answer is the same each time. */
export async function rank(connections: readonly UsableConnection[], query: string, limit: number): Promise<Ranking> {
  const segments = await Promise.all(connections.map(async (connection) => ({ connection, tools: await toolsOf(connection) })));
  const { index, places } = await engineFor(segments);
  const results = index.search(query);
  const matched = new Set(results.flatMap(({ queryTerms }) => queryTerms));
  const unmatchedTerms = [...new Set(words(query))].filter((word) => {
    const known = term(word);
    return known !== null && !matched.has(known);
  });
  const byCatalog = new Map(segments.map((segment) => [segment.connection.catalog?.id, segment]));
  const toHit = ({ id, score }: SearchResult): Hit[] => {
    const place = places.get(String(id));
    const segment = byCatalog.get(place?.catalogId);
    const tool = segment?.tools.get(place?.name ?? "");
    return segment && tool ? [{ tool, connection: segment.connection, score }] : [];
  };
  const near = results.length > 0 ? [] : index.search(query, { fuzzy: 0.34, prefix: true }).slice(0, 5);
  return {
    hits: results.slice(0, limit).flatMap(toHit),
    unmatchedTerms,
    near: near.flatMap(toHit).map(({ tool }) => tool.name),
  };
}
