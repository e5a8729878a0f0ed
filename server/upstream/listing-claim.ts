// Which process lists a server in the background: one of those that share a database, by a lease in the catalog's row. What a person asks for
// (Refresh now, a new connection) goes without. Works on the embedded database as well, where nobody else claims.
import { LRUCache } from "lru-cache";

import { db, type Prisma } from "#server/db.ts";
import { log } from "#server/log.ts";

import type { CatalogKey } from "./store-listing.ts";

/** Milliseconds that a claim lasts if the process that has it dies: as long as a listing may take, its turn included. */
const claimMs = 60_000;
/** Milliseconds for which a process does not ask again after another had the claim: searches come by the thousand. */
const askAgainMs = 1_000;
/** A server announces a change to each process on a stream of its own: milliseconds by which the same announcement may come later to one of them. */
const sameChangeMs = 1_000;

/** Whose catalog, and of which organization. */
export type ClaimKey = CatalogKey & { orgId: string };

/** The stored times that a list was found to be old by. Another process may have listed since: then there is nothing to do. */
export interface Seen {
  listedAt: Date | null;
  lastFailureAt: Date | null;
}

const refused = new LRUCache<string, true>({ max: 10_000, ttl: askAgainMs });

async function take({ orgId, ...key }: ClaimKey, still: Prisma.CatalogWhereInput, mayMake: boolean): Promise<Date | null> {
  const began = new Date();
  const data = { listingBegan: began, listingUntil: new Date(began.getTime() + claimMs) };
  const { connectionId, holder } = key;
  const free = { OR: [{ listingUntil: null }, { listingUntil: { lt: began } }] };
  const taken = await db.catalog.updateMany({ where: { connectionId, holder, connection: { orgId }, AND: [free, still] }, data });
  if (taken.count > 0) return data.listingUntil;
  // Of several that find no row the one that makes it has the claim.
  const made = mayMake ? await db.catalog.createMany({ data: [{ ...key, ...data }], skipDuplicates: true }) : { count: 0 };
  return made.count > 0 ? data.listingUntil : null;
}

async function under(until: Date, { orgId, connectionId, holder }: ClaimKey, listing: () => Promise<unknown>): Promise<void> {
  try {
    await listing();
  } finally {
    const own = { connectionId, holder, connection: { orgId }, listingUntil: until };
    await db.catalog.updateMany({ where: own, data: { listingUntil: null } }).catch((error: unknown) => {
      log.info({ err: error, connectionId }, "the claim to list was not given back; it ends by itself");
    });
  }
}

/** Runs `listing` unless another process lists this catalog right now, or has since it was `seen`. Throws what `listing` throws. */
export async function listOnce(key: ClaimKey, seen: Seen | null, listing: () => Promise<unknown>): Promise<void> {
  const id = `${key.connectionId}\0${key.holder}`;
  if (refused.has(id)) return;
  const until = await take(key, { listedAt: seen?.listedAt ?? null, lastFailureAt: seen?.lastFailureAt ?? null }, seen === null);
  if (until) return under(until, key, listing);
  refused.set(id, true);
}

/**
 * The same because the server announced a change, `heardAt`: runs `listing` unless another process follows the same announcement. Returns whether
 * one of them did; not while a listing goes on that began before. Throws what `listing` throws.
 */
export async function followOnce(key: ClaimKey, heardAt: Date, listing: () => Promise<unknown>): Promise<boolean> {
  const since = new Date(heardAt.getTime() - sameChangeMs);
  const until = await take(key, { OR: [{ listingBegan: null }, { listingBegan: { lt: since } }] }, true);
  if (until) {
    await under(until, key, listing);
    return true;
  }
  const { connectionId, holder, orgId } = key;
  return (await db.catalog.count({ where: { connectionId, holder, connection: { orgId }, listingBegan: { gte: since } } })) > 0;
}
