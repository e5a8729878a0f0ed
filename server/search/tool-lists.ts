// Stored tool lists in memory: read from the database when they changed, and as long as they are used.
import { LRUCache } from "lru-cache";
import { z } from "zod";

import { db, type Prisma } from "#server/db.ts";
import type { UsableConnection } from "#server/grants/access.ts";

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

/** The tools of one stored list, by name and in the server's order. */
interface Tools {
  byName: ReadonlyMap<string, IndexedTool>;
  ordered: readonly IndexedTool[];
  /** About what they take in memory. */
  bytes: number;
}

/** Bytes of stored lists that are kept: what was not used for long is read again. */
const maxListBytes = 256 * 1_048_576;
/** What a tool takes beside its texts: an estimate. */
const bytesOfTool = 400;

const lists = new LRUCache<string, { digest: string; tools: Tools }>({
  maxSize: maxListBytes,
  sizeCalculation: ({ tools }) => tools.bytes + 1,
});
const loading = new Map<string, Promise<Tools>>();

/** Concurrent callers share one piece of work. */
export function shared<Value>(running: Map<string, Promise<Value>>, key: string, work: () => Promise<Value>): Promise<Value> {
  const held = running.get(key);
  if (held) return held;
  const started = work().finally(() => running.delete(key));
  running.set(key, started);
  return started;
}

const hintsOutline = z.object({ readOnlyHint: z.unknown(), idempotentHint: z.unknown() }).partial();

interface ToolRow {
  id: string;
  name: string;
  title: string | null;
  description: string;
  inputSchema: string;
  outputSchema: string | null;
  annotations: string | null;
  digest: string;
}

/** A stored tool whose schemas stay text until somebody reads them: most are never shown, and as text they take a fraction of the memory. */
class StoredTool implements IndexedTool {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly description: string;
  readonly digest: string;
  readonly isRepeatable: boolean;
  readonly #input: string;
  readonly #output: string | null;

  constructor({ id, name, title, description, digest, inputSchema, outputSchema, annotations }: ToolRow) {
    this.id = id;
    this.name = name;
    this.title = title;
    this.description = description;
    this.digest = digest;
    this.#input = inputSchema;
    this.#output = outputSchema;
    const hints = annotations === null ? undefined : hintsOutline.safeParse(JSON.parse(annotations)).data;
    this.isRepeatable = hints?.readOnlyHint === true || hints?.idempotentHint === true;
  }

  get inputSchema(): Prisma.JsonValue {
    return JSON.parse(this.#input);
  }

  get outputSchema(): Prisma.JsonValue {
    return this.#output === null ? null : JSON.parse(this.#output);
  }

  get bytes(): number {
    return bytesOfTool + this.description.length + this.#input.length + (this.#output?.length ?? 0);
  }
}

const noTools: Tools = { byName: new Map(), ordered: [], bytes: 0 };

async function load(catalogId: string, digest: string): Promise<Tools> {
  // As text: parsing a thousand schemas at once, to hand them to the ORM and back, would hold up everybody else.
  const rows = await db.$queryRaw<ToolRow[]>`
    SELECT "id", "name", "title", "description", "inputSchema"::text, "outputSchema"::text, "annotations"::text, "digest"
    FROM "CatalogTool" WHERE "catalogId" = ${catalogId} AND "removedAt" IS NULL ORDER BY "position"`;
  const ordered = rows.map((row) => new StoredTool(row));
  const bytes = ordered.reduce((sum, tool) => sum + tool.bytes, 0);
  const tools = { byName: new Map(ordered.map((tool) => [tool.name, tool])), ordered, bytes };
  lists.set(catalogId, { digest, tools });
  return tools;
}

/** The stored tools of one usable connection; from memory unless they changed. */
export async function storedTools({ catalog }: UsableConnection): Promise<Tools> {
  const digest = catalog?.digest;
  if (!catalog || !digest) return noTools;
  const held = lists.get(catalog.id);
  if (held?.digest === digest) return held.tools;
  return shared(loading, `${catalog.id} ${digest}`, () => load(catalog.id, digest));
}

/** The stored tools of one usable connection by name, in the server's own order; from memory unless they changed. */
export async function toolsOf(connection: UsableConnection): Promise<ReadonlyMap<string, IndexedTool>> {
  return (await storedTools(connection)).byName;
}

/** How many lists and tools are in memory, and about how many bytes they take. */
export function listMemory(): { lists: number; tools: number; bytes: number } {
  let tools = 0;
  for (const list of lists.values()) tools += list.tools.ordered.length;
  return { lists: lists.size, tools, bytes: lists.calculatedSize };
}
