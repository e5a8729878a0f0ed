// Which process lists a server in the background: one of those that share a database, by a lease in the catalog's row. What a person asks for
// (Refresh now, a new connection) goes without. Works on the embedded database as well, where nobody else claims.
import { LRUCache } from "lru-cache";

import { db, Prisma } from "#server/db.ts";
import { log } from "#server/log.ts";

import type { CatalogKey } from "./store-listing.ts";

/** Milliseconds that a claim lasts if the process that has it dies: as long as a listing may take, its turn included. */
const claimMs = 60_000;
/** Milliseconds for which a process does not ask again after another had the claim: searches come by the thousand. */
const askAgainMs = 1_000;

/** Whose catalog, and of which organization. */
export type ClaimKey = CatalogKey & { orgId: string };

/** The stored times that a list was found to be old by. Another process may have listed since: then there is nothing to do. */
export interface Seen {
  listedAt: Date | null;
  lastFailureAt: Date | null;
}

const refused = new LRUCache<string, true>({ max: 10_000, ttl: askAgainMs });

/** Takes the lease where it is free and `still` holds: one statement, so that of several processes one gets it. Returns when it ends. */
async function take({ orgId, ...key }: ClaimKey, still: Prisma.Sql, mayMake: boolean): Promise<Date | null> {
  const began = new Date();
  const until = new Date(began.getTime() + claimMs);
  const { connectionId, holder } = key;
  const taken = await db.$executeRaw`
    UPDATE "Catalog" SET "listingBegan" = ${began}, "listingUntil" = ${until} FROM "Connection"
    WHERE "Catalog"."connectionId" = ${connectionId} AND "Catalog"."holder" = ${holder}
      AND "Connection"."id" = "Catalog"."connectionId" AND "Connection"."orgId" = ${orgId}
      AND ("listingUntil" IS NULL OR "listingUntil" < ${began}) AND ${still}`;
  if (taken > 0) return until;
  // Of several that find no row the one that makes it has the claim.
  const row = { ...key, listingBegan: began, listingUntil: until };
  const made = mayMake ? await db.catalog.createMany({ data: [row], skipDuplicates: true }) : { count: 0 };
  return made.count > 0 ? until : null;
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
  const { listedAt, lastFailureAt } = seen ?? { listedAt: null, lastFailureAt: null };
  const still = Prisma.sql`"listedAt" IS NOT DISTINCT FROM ${listedAt}::timestamp AND "lastFailureAt" IS NOT DISTINCT FROM ${lastFailureAt}::timestamp`;
  const until = await take(key, still, seen === null);
  if (until) return under(until, key, listing);
  refused.set(id, true);
}

/**
 * The same because something changed: runs `listing` unless another process began one at or after `since`. Returns whether one of them did; not
 * while a listing goes on that began before. Throws what `listing` throws.
 */
export async function followOnce(key: ClaimKey, since: Date, listing: () => Promise<unknown>): Promise<boolean> {
  const until = await take(key, Prisma.sql`("listingBegan" IS NULL OR "listingBegan" < ${since})`, true);
  if (until) {
    await under(until, key, listing);
    return true;
  }
  const { connectionId, holder, orgId } = key;
  return (await db.catalog.count({ where: { connectionId, holder, connection: { orgId }, listingBegan: { gte: since } } })) > 0;
}
