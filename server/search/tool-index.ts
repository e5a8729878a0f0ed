// The search index of each organization: one segment per stored catalog, replaced when the catalog's digest changes.
// Access is applied inside the search, before ranking: only the segments of the caller's usable connections take part.
import { LRUCache } from "lru-cache";
import MiniSearch, { type SearchResult } from "minisearch";

import { db, type Prisma } from "#server/db.ts";
import type { UsableConnection } from "#server/grants/access.ts";

import { term, words } from "./analyzer.ts";

export interface IndexedTool {
  id: string;
  catalogId: string;
  name: string;
  title: string | null;
  description: string;
  inputSchema: Prisma.JsonValue;
  outputSchema: Prisma.JsonValue;
  annotations: Prisma.JsonValue;
  digest: string;
}

type Document = Record<"id" | "catalogId" | "name" | "title" | "description" | "connection" | "parameters", string>;

interface Segment {
  /** Digest of the catalog and name of the connection: what the documents were made of. */
  version: string;
  documents: Document[];
  tools: Map<string, IndexedTool>;
}

interface OrganizationIndex {
  engine: MiniSearch<Document>;
  segments: Map<string, Segment>;
  loading: Map<string, Promise<void>>;
}

const boosts = { name: 3, title: 2, connection: 2, parameters: 1, description: 1 };

/** Organizations nobody searched in for long are dropped from memory and built again from the stored catalogs. */
const indexes = new LRUCache<string, OrganizationIndex>({ max: 500 });

function newIndex(): OrganizationIndex {
  const engine = new MiniSearch<Document>({
    fields: Object.keys(boosts),
    storeFields: ["catalogId", "name"],
    tokenize: words,
    processTerm: term,
    searchOptions: { boost: boosts, combineWith: "OR" },
  });
  return { engine, segments: new Map(), loading: new Map() };
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

async function load(index: OrganizationIndex, catalogId: string, version: string, connection: string): Promise<void> {
  const rows = await db.catalogTool.findMany({
    where: { catalogId, removedAt: null },
    select: {
      id: true,
      catalogId: true,
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
  const documents = rows.map(({ id, name, title, description, inputSchema }) => ({
    id,
    catalogId,
    name,
    title: title ?? "",
    description,
    connection,
    parameters: parametersOf(inputSchema),
  }));
  drop(index, catalogId);
  index.engine.addAll(documents);
  index.segments.set(catalogId, { version, documents, tools: new Map(rows.map((row) => [row.name, row])) });
}

function drop(index: OrganizationIndex, catalogId: string): void {
  const old = index.segments.get(catalogId);
  if (!old) return;
  index.engine.removeAll(old.documents);
  index.segments.delete(catalogId);
}

/** The organization's index with the segments of these connections up to date. */
async function indexWith(orgId: string, connections: readonly UsableConnection[]): Promise<OrganizationIndex> {
  let index = indexes.get(orgId);
  if (!index) {
    index = newIndex();
    indexes.set(orgId, index);
  }
  const current = index;
  await Promise.all(
    connections.map(({ catalog, name }) => {
      if (!catalog?.digest) return undefined;
      const version = `${catalog.digest} ${name}`;
      if (current.segments.get(catalog.id)?.version === version) return undefined;
      const key = `${catalog.id} ${version}`;
      const running = current.loading.get(key) ?? load(current, catalog.id, version, name).finally(() => current.loading.delete(key));
      current.loading.set(key, running);
      return running;
    }),
  );
  return current;
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

/** Ranks the tools of `connections` for a query. Equal scores keep the upstream's own order, so the answer is the same each time. */
export async function rank(orgId: string, connections: readonly UsableConnection[], query: string, limit: number): Promise<Ranking> {
  const { engine, segments } = await indexWith(orgId, connections);
  const byCatalog = new Map(
    connections.flatMap((connection) => (connection.catalog ? [[connection.catalog.id, connection] as const] : [])),
  );
  const filter = ({ catalogId }: SearchResult) => byCatalog.has(String(catalogId));
  const results = engine.search(query, { filter });
  const matched = new Set(results.flatMap(({ queryTerms }) => queryTerms));
  const unmatchedTerms = [...new Set(words(query))].filter((word) => {
    const known = term(word);
    return known !== null && !matched.has(known);
  });
  const near = results.length > 0 ? [] : engine.search(query, { filter, fuzzy: 0.34, prefix: true }).slice(0, 5);
  const toolOf = ({ catalogId, name }: SearchResult) => segments.get(String(catalogId))?.tools.get(String(name));
  const hits = results.slice(0, limit).flatMap((result) => {
    const [tool, connection] = [toolOf(result), byCatalog.get(String(result.catalogId))];
    return tool && connection ? [{ tool, connection, score: result.score }] : [];
  });
  return { hits, unmatchedTerms, near: near.flatMap((result) => toolOf(result)?.name ?? []) };
}

/** The stored tools of one usable connection by name, from memory. */
export async function toolsOf(connection: UsableConnection): Promise<ReadonlyMap<string, IndexedTool>> {
  const { segments } = await indexWith(connection.orgId, [connection]);
  return segments.get(connection.catalog?.id ?? "")?.tools ?? new Map<string, IndexedTool>();
}
