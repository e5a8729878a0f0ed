// Stored tool lists in memory: read from the database when they changed, and as long as they are used. Members of an organization whose accounts
// have the same tools share one list.
import { z } from "zod";

import { db, type Prisma } from "#server/db.ts";
import type { UsableConnection } from "#server/grants/access.ts";
import { shared } from "#server/shared-work.ts";

import { SharedByContent } from "./shared-by-content.ts";

/** A tool as it is listed, and nothing of whose list it is in. */
export interface IndexedTool {
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
  /** Over all that is said of them, and their order: equal digests, equal lists. Empty where there is no list. */
  digest: string;
  byName: ReadonlyMap<string, IndexedTool>;
  ordered: readonly IndexedTool[];
  /** About what they take in memory. */
  bytes: number;
}

/** Bytes of stored lists that are kept: what was not used for long is read again. */
const maxListBytes = 256 * 1_048_576;
/** What a tool takes beside its texts: an estimate. */
const bytesOfTool = 400;

const lists = new SharedByContent<Tools>(maxListBytes, ({ bytes }) => bytes);
const loading = new Map<string, Promise<Tools>>();

const hintsOutline = z.object({ readOnlyHint: z.unknown(), idempotentHint: z.unknown() }).partial();

interface ToolRow {
  name: string;
  title: string | null;
  description: string;
  inputSchema: string;
  outputSchema: string | null;
  annotations: string | null;
  digest: string;
}

/** One row for each tool, or one without where the list is empty. */
type ListRow = { listDigest: string | null } & (ToolRow | { name: null });

/** A stored tool whose schemas stay text until somebody reads them: most are never shown, and as text they take a fraction of the memory. */
class StoredTool implements IndexedTool {
  readonly name: string;
  readonly title: string | null;
  readonly description: string;
  readonly digest: string;
  readonly isRepeatable: boolean;
  readonly #input: string;
  readonly #output: string | null;

  constructor({ name, title, description, digest, inputSchema, outputSchema, annotations }: ToolRow) {
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

const noTools: Tools = { digest: "", byName: new Map(), ordered: [], bytes: 0 };

const contentOf = (orgId: string, digest: string) => `${orgId} ${digest}`;

/** Reads a list with its own digest, which may be newer than the one it is asked for by: kept under that, it would be taken for the list before. */
async function load(orgId: string, catalogId: string): Promise<Tools> {
  // As text: parsing a thousand schemas at once, to hand them to the ORM and back, would hold up everybody else.
  const rows = await db.$queryRaw<ListRow[]>`
    SELECT "Catalog"."digest" AS "listDigest", "name", "title", "description", "inputSchema"::text, "outputSchema"::text, "annotations"::text,
      "CatalogTool"."digest"
    FROM "Catalog" LEFT JOIN "CatalogTool" ON "catalogId" = "Catalog"."id" AND "removedAt" IS NULL
    WHERE "Catalog"."id" = ${catalogId} ORDER BY "position"`;
  const digest = rows[0]?.listDigest;
  if (!digest) return noTools;
  const content = contentOf(orgId, digest);
  const held = lists.take(catalogId, content);
  if (held) return held;
  const ordered = rows.flatMap((row) => (row.name === null ? [] : [new StoredTool(row)]));
  const bytes = ordered.reduce((sum, tool) => sum + tool.bytes, 0);
  const tools = { digest, byName: new Map(ordered.map((tool) => [tool.name, tool])), ordered, bytes };
  lists.set(catalogId, content, tools);
  return tools;
}

/** The stored tools of one usable connection; from memory unless they changed. */
export async function storedTools({ orgId, catalog }: UsableConnection): Promise<Tools> {
  const digest = catalog?.digest;
  if (!catalog || !digest) return noTools;
  const own = lists.own(catalog.id);
  if (own?.digest === digest) return own;
  const held = lists.take(catalog.id, contentOf(orgId, digest));
  return held ?? shared(loading, `${catalog.id} ${digest}`, () => load(orgId, catalog.id));
}

/** The stored tools of one usable connection by name, in the server's own order; from memory unless they changed. */
export async function toolsOf(connection: UsableConnection): Promise<ReadonlyMap<string, IndexedTool>> {
  return (await storedTools(connection)).byName;
}

/** How many lists and tools are in memory, and about how many bytes they take. */
export function listMemory(): { lists: number; tools: number; bytes: number } {
  let tools = 0;
  for (const { ordered } of lists.values()) tools += ordered.length;
  return { lists: lists.size, tools, bytes: lists.bytes };
}

/** How much of the room for lists is taken: 0 to 1. */
export const listsFilled = () => lists.bytes / maxListBytes;
