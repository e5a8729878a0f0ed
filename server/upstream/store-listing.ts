// Writes a tool list into the stored catalog: what is new, what changed and what is gone is recorded, the rest is left alone.
import { setImmediate } from "node:timers/promises";

import { Prisma, type Tx } from "#server/db.ts";
import { log } from "#server/log.ts";

import { type StoredFailure, withContact } from "./contacts.ts";
import type { ListedTool, Listing } from "./list-tools.ts";
import { maxChanges, recordToolChanges, type ToolChangeEntry } from "./tool-changes.ts";
import { toolDiff } from "./tool-diff.ts";

export interface CatalogKey {
  connectionId: string;
  holder: string;
  membershipId: string | null;
}

export interface CatalogChange {
  added: number;
  changed: number;
  removed: number;
}

/** Tools that are gone are kept for when they come back: this many of one catalog, beside those that went last. */
const maxRemembered = 500;

/** Characters of tools that are compared in words at one listing; of those beyond it is told that they changed. */
const maxDiffed = 4 * 1_048_576;

const json = (value: object): Prisma.InputJsonValue => JSON.parse(JSON.stringify(value));
const nullable = (value: object | null | undefined) => (value ? json(value) : Prisma.DbNull);

function contentOf({ name, title, description, inputSchema, outputSchema, annotations, digest }: ListedTool, position: number) {
  return {
    name,
    title,
    description,
    digest,
    position,
    inputSchema: json(inputSchema),
    outputSchema: nullable(outputSchema),
    annotations: nullable(annotations),
  };
}

interface LockedCatalog {
  id: string;
  digest: string | null;
  contacts: unknown;
  reviewedAt: Date | null;
}

/**
 * The catalog's row, made where there is none, and locked until `tx` ends. Another listing may be storing at the same time: compared with what was
 * there before it, the tools would not be brought to the digest that says they are.
 */
async function lockedCatalog(tx: Tx, key: CatalogKey): Promise<LockedCatalog> {
  const { connectionId, holder } = key;
  const find = () =>
    tx.$queryRaw<LockedCatalog[]>`
      SELECT "id", "digest", "contacts", "reviewedAt" FROM "Catalog" WHERE "connectionId" = ${connectionId} AND "holder" = ${holder} FOR UPDATE`;
  const [known] = await find();
  if (known) return known;
  await tx.catalog.createMany({ data: [key], skipDuplicates: true });
  const [made] = await find();
  if (!made) throw new Error("The catalog that was just made is not there.");
  return made;
}

/** Makes the stored catalog of this credential identity equal to `listing`, inside `tx`. */
export async function storeListing(tx: Tx, key: CatalogKey, listing: Listing): Promise<CatalogChange> {
  const catalog = await lockedCatalog(tx, key);
  // Not before: what waited for another listing is later than it.
  const now = new Date();
  const facts = {
    transport: listing.transport,
    transportAt: listing.transportAt,
    serverName: listing.serverName,
    serverVersion: listing.serverVersion,
    protocolVersion: listing.protocolVersion,
    instructions: listing.instructions,
    ttlMs: listing.ttlMs === null ? null : Math.round(Math.min(listing.ttlMs, 86_400_000)),
    listedAt: now,
    digest: listing.digest,
    toolCount: listing.tools.length,
    leftOut: nullable(listing.leftOut.count > 0 ? listing.leftOut : null),
    lastSuccessAt: now,
    failure: Prisma.DbNull,
  };
  const contacts = json(withContact(catalog.contacts, { at: now, failure: null }));
  await tx.catalog.update({ where: { id: catalog.id }, data: { ...facts, contacts } });
  const { connectionId } = key;
  if (listing.leftOut.count > 0) log.info({ connectionId, count: listing.leftOut.count }, "tools left out of a list");
  if (catalog.digest === listing.digest) return { added: 0, changed: 0, removed: 0 };

  const stored = await tx.catalogTool.findMany({
    where: { catalogId: catalog.id },
    select: { id: true, name: true, digest: true, position: true, firstSeenAt: true, changedAt: true, removedAt: true },
  });
  const known = new Map(stored.map((tool) => [tool.name, tool]));
  const listed = new Set(listing.tools.map(({ name }) => name));
  const gone = stored.filter((tool) => !listed.has(tool.name) && tool.removedAt === null).map(({ id }) => id);
  const change: CatalogChange = { added: 0, changed: 0, removed: gone.length };
  const written: Prisma.CatalogToolCreateManyInput[] = [];
  const replaced: string[] = [];
  for (const [position, tool] of listing.tools.entries()) {
    const row = () => ({ catalogId: catalog.id, ...contentOf(tool, position) });
    const old = known.get(tool.name);
    if (!old) {
      change.added += 1;
      written.push({ ...row(), firstSeenAt: now });
      continue;
    }
    const isBack = old.removedAt !== null;
    const isOther = old.digest !== tool.digest;
    if (isBack) change.added += 1;
    else if (isOther) change.changed += 1;
    if (!isBack && !isOther && old.position === position) continue;
    // Written anew under its old id: two statements for any number of tools, where an update would need one for each.
    replaced.push(old.id);
    written.push({ ...row(), id: old.id, firstSeenAt: old.firstSeenAt, changedAt: isOther ? now : old.changedAt });
  }
  // A first list is no news.
  if (catalog.digest !== null) await recordToolChanges(tx, catalog, now, await changesOf(tx, stored, listing));
  if (gone.length > 0) await tx.catalogTool.updateMany({ where: { id: { in: gone } }, data: { removedAt: now } });
  // A server may have other tools at every list: of those that are gone the newest are remembered.
  const old = stored.filter(({ removedAt, name }) => removedAt !== null && !listed.has(name));
  const forgotten = old.sort((a, b) => Number(b.removedAt) - Number(a.removedAt)).slice(Math.max(0, maxRemembered - gone.length));
  if (forgotten.length > 0) await tx.catalogTool.deleteMany({ where: { id: { in: forgotten.map(({ id }) => id) } } });
  if (replaced.length > 0) await tx.catalogTool.deleteMany({ where: { id: { in: replaced } } });
  if (written.length > 0) await tx.catalogTool.createMany({ data: written });
  return change;
}

interface StoredTool {
  id: string;
  name: string;
  digest: string;
  removedAt: Date | null;
}

/** What `listing` changes in the stored tools; read before it is stored. */
async function changesOf(tx: Tx, stored: readonly StoredTool[], { tools }: Listing): Promise<ToolChangeEntry[]> {
  const there = new Map(stored.filter(({ removedAt }) => removedAt === null).map((tool) => [tool.name, tool]));
  const listed = new Set(tools.map(({ name }) => name));
  const other = tools.filter(({ name, digest }) => there.has(name) && there.get(name)?.digest !== digest);
  const rows = await tx.catalogTool.findMany({
    where: { id: { in: other.slice(0, maxChanges).flatMap(({ name }) => there.get(name)?.id ?? []) } },
    select: { name: true, title: true, description: true, inputSchema: true, outputSchema: true, annotations: true },
  });
  const before = new Map(rows.map((row) => [row.name, row]));
  const changed: ToolChangeEntry[] = [];
  let left = maxDiffed;
  for (const tool of other) {
    const was = left > 0 ? before.get(tool.name) : undefined;
    left -= was ? JSON.stringify([was, tool]).length : 0;
    changed.push({ tool: tool.name, kind: "changed", ...(was && left >= 0 ? { diff: { ...toolDiff(was, tool) } } : {}) });
    // Others get their turn: a list may have megabytes of them.
    if (was) await setImmediate();
  }
  return [
    ...changed,
    ...[...there.keys()].flatMap((name): ToolChangeEntry[] => (listed.has(name) ? [] : [{ tool: name, kind: "removed" }])),
    ...tools.flatMap(({ name }): ToolChangeEntry[] => (there.has(name) ? [] : [{ tool: name, kind: "added" }])),
  ];
}

/** Notes that a contact failed; the stored tools stay. */
export async function storeFailure(tx: Tx, key: CatalogKey, failure: StoredFailure): Promise<void> {
  const at = new Date();
  const { id, contacts } = await lockedCatalog(tx, key);
  const facts = { lastFailureAt: at, failure: json(failure), contacts: json(withContact(contacts, { at, failure })) };
  await tx.catalog.update({ where: { id }, data: facts });
}
