// Search over stored tool lists. Access is applied before ranking: an index is made of exactly the lists its caller may use, so nothing a
// caller may not see can be found, or move a score. Callers who may use the same lists share one index.
import { LRUCache } from "lru-cache";
import MiniSearch, { type SearchResult } from "minisearch";

import { db, type Prisma } from "#server/db.ts";
import type { UsableConnection } from "#server/grants/access.ts";

import { term, words } from "./analyzer.ts";
import { operations } from "./operations.ts";

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

/** One list in memory: the stored one of a connection, or Gatehouse's own operations (`connection` is null). */
interface Segment {
  /** What it is known by, and which version of it this is. */
  key: string;
  digest: string;
  label: string;
  connection: UsableConnection | null;
  tools: ReadonlyMap<string, IndexedTool>;
}

interface Engine {
  index: MiniSearch<Document>;
  /** Which tool of which list a document is. */
  places: Map<string, { key: string; name: string }>;
}

const boosts: Record<Field, number> = { name: 3, title: 2, connection: 2, parameters: 1, description: 1 };
/** Tools kept in memory, as lists and as indexes: what was not used for long is read and built again. */
const maxTools = 30_000;
/** Documents that are indexed before other requests get their turn. */
const chunk = 50;

const maxLooseWords = 6;

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
  const documents = segments.flatMap(({ key, label, tools }) =>
    [...tools.values()].map((tool) => {
      places.set(tool.id, { key, name: tool.name });
      return toDocument(tool, label);
    }),
  );
  await index.addAllAsync(documents, { chunkSize: chunk });
  return { index, places };
}

async function engineFor(segments: readonly Segment[]): Promise<Engine> {
  const key = segments
    .map((segment) => `${segment.key} ${segment.digest} ${segment.label}`)
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
  /** Null for an operation of Gatehouse itself. */
  connection: UsableConnection | null;
  score: number;
}

export interface Ranking {
  hits: Hit[];
  /** Words of the query that no tool of the caller knows. */
  unmatchedTerms: string[];
  /** Names that are close to the query, when nothing matched. */
  near: string[];
}

async function segmentOf(connection: UsableConnection): Promise<Segment> {
  const { catalog, name } = connection;
  return { key: catalog?.id ?? "", digest: catalog?.digest ?? "", label: name, connection, tools: await toolsOf(connection) };
}

/** How Gatehouse is called where its own operations stand beside connections. */
export const ownLabel = "Gatehouse";

function ownSegment(): Segment {
  const tools = [...operations().values()].map((operation) => ({ ...operation, id: `gatehouse:${operation.name}`, outputSchema: null }));
  return {
    key: "gatehouse",
    digest: String(tools.length),
    label: ownLabel,
    connection: null,
    tools: new Map(tools.map((tool) => [tool.name, tool])),
  };
}

/**
 * Ranks the tools of `connections`, and Gatehouse's own operations where `own` asks for them. Equal scores keep the servers' own order,
 * so the answer is the same each time.
 */
export async function rank(
  connections: readonly UsableConnection[],
  { query, limit, own }: { query: string; limit: number; own: boolean },
): Promise<Ranking> {
  const segments = await Promise.all(connections.map(segmentOf));
  if (own) segments.push(ownSegment());
  const { index, places } = await engineFor(segments);
  const results = index.search(query);
  const matched = new Set(results.flatMap(({ queryTerms }) => queryTerms));
  const unmatchedTerms = [...new Set(words(query))].filter((word) => {
    const known = term(word);
    return known !== null && !matched.has(known);
  });
  const byKey = new Map(segments.map((segment) => [segment.key, segment]));
  const toHit = ({ id, score }: SearchResult): Hit[] => {
    const place = places.get(String(id));
    const segment = byKey.get(place?.key ?? "");
    const tool = segment?.tools.get(place?.name ?? "");
    return segment && tool ? [{ tool, connection: segment.connection, score }] : [];
  };
  // A loose search costs much per word: a few words of a long query say enough.
  const loose = () =>
    index.search([...new Set(words(query))].slice(0, maxLooseWords).join(" "), { fuzzy: 0.34, maxFuzzy: 2, prefix: true });
  const near = results.length > 0 ? [] : loose().slice(0, 5);
  return {
    hits: results.slice(0, limit).flatMap(toHit),
    unmatchedTerms,
    near: near.flatMap(toHit).map(({ tool }) => tool.name),
  };
}
