// Keeps stored catalogs fresh: one listing at a time per credential identity, in the background once a catalog is there.
import { db, transaction } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { log } from "#server/log.ts";

import { connectFailure } from "./connect-failure.ts";
import { listTools, type Listing } from "./list-tools.ts";
import { dropSession, sessionFor, whenToolsChange } from "./sessions.ts";
import { type CatalogChange, type CatalogKey, storeFailure, storeListing } from "./store-listing.ts";
import type { UpstreamTarget } from "./target.ts";

/** Milliseconds that a list without a lifetime of its own is good for, and that pass after a failure before the next try. */
const defaultTtlMs = 300_000;
const failureTtlMs = 30_000;
/** The agent contract: 8 listings at once, 5 s for each page. */
const maxAtOnce = 8;
const pageMs = 5_000;

const running = new Map<string, Promise<CatalogChange>>();
const waiting: (() => void)[] = [];
let active = 0;

async function inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
  if (active >= maxAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  active += 1;
  try {
    return await task();
  } finally {
    active -= 1;
    waiting.shift()?.();
  }
}

/** The catalog row of a target. */
export function catalogKeyOf({ connectionId, holder }: UpstreamTarget): CatalogKey {
  return { connectionId, holder, membershipId: holder === sharedHolder ? null : holder };
}

/**
 * Lists the server's tools now and stores them; callers that come while it runs share the result.
 * Throws UPSTREAM_FAILED after having noted the failure. Never marks a credential as rejected: that takes a person's own call.
 */
export function syncCatalog(target: UpstreamTarget): Promise<CatalogChange> {
  const id = `${target.connectionId}\0${target.holder}`;
  const held = running.get(id);
  if (held) return held;
  const sync = inTurn(() => listAndStore(target)).finally(() => running.delete(id));
  running.set(id, sync);
  return sync;
}

async function listAndStore(target: UpstreamTarget): Promise<CatalogChange> {
  const key = catalogKeyOf(target);
  try {
    const listing = await list(target);
    if (!(await isStillThere(target))) return { added: 0, changed: 0, removed: 0 };
    return await transaction((tx) => storeListing(tx, key, listing));
  } catch (error) {
    const failure = error instanceof DomainError ? error.details.failure : undefined;
    if (failure && (await isStillThere(target))) await transaction((tx) => storeFailure(tx, key, failure));
    throw error;
  } finally {
    changed(target.orgId);
  }
}

async function list(target: UpstreamTarget): Promise<Listing> {
  const session = await sessionFor(target);
  try {
    return await listTools(session, { pageTimeoutMs: pageMs });
  } catch (error) {
    // A session that cannot list is not worth keeping.
    dropSession(target);
    throw connectFailure(error, session.sighting, "list");
  }
}

/** A connection removed, or a credential forgotten, while its server was asked must not come back as a catalog row. */
async function isStillThere({ connectionId, holder, orgId }: UpstreamTarget): Promise<boolean> {
  return (await db.credential.count({ where: { connectionId, holder, connection: { orgId } } })) > 0;
}

interface StoredTimes {
  listedAt: Date | null;
  lastFailureAt: Date | null;
  ttlMs: number | null;
}

/** Starts a listing in the background when the stored one is old. Returns at once and never throws. */
export function refreshIfStale(target: UpstreamTarget, stored: StoredTimes | null): void {
  const now = Date.now();
  // A jitter of up to a tenth keeps many catalogs that were listed together from being listed together for ever.
  const lifetime = Math.max(stored?.ttlMs ?? defaultTtlMs, 1_000) * (1 + Math.random() / 10);
  if (stored?.listedAt && now - stored.listedAt.getTime() < lifetime) return;
  if (stored?.lastFailureAt && now - stored.lastFailureAt.getTime() < failureTtlMs) return;
  syncCatalog(target).catch((error: unknown) => {
    log.info(
      { connectionId: target.connectionId, reason: error instanceof Error ? error.message : "unknown" },
      "background listing failed",
    );
  });
}

whenToolsChange((target) => refreshIfStale(target, null));
