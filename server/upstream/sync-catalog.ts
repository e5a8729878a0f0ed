// Keeps stored catalogs fresh: one listing at a time per credential identity, in the background once a catalog is there.
import { randomUUID } from "node:crypto";

import { LRUCache } from "lru-cache";

import { Prisma, transaction, type Tx } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { log } from "#server/log.ts";
import { counters, histogram } from "#server/metric.ts";
import { untilAborted } from "#server/outbound/deadline.ts";
import { loggableCauses } from "#server/outbound/loggable.ts";
import { observeWork } from "#server/telemetry/observed-work.ts";

import { blankSighting } from "./connect.ts";
import { connectFailure } from "./connect-failure.ts";
import { follow } from "./follow-changes.ts";
import { listTools, type Listing } from "./list-tools.ts";
import { type ClaimKey, followOnce, listOnce } from "./listing-claim.ts";
import { inTurn } from "./listing-places.ts";
import { noteAnswer, noteRefusal, pauseOf } from "./pause.ts";
import { keepListening, retireSession, sessionFor, whenToolsChange } from "./sessions.ts";
import { type CatalogChange, type CatalogKey, storeFailure, storeListing } from "./store-listing.ts";
import { identityOf, type UpstreamTarget } from "./target.ts";

/** Milliseconds that a list without a lifetime of its own is good for, and that pass after a failure before the next try. */
const defaultTtlMs = 300_000;
const failureTtlMs = 30_000;
/**
 * However short a lifetime a server gives its list, a search asks for it about twice a minute at the most: the SDKs say 0 where nobody set one, and
 * reading hundreds of tools every second would take from the searches what it is meant to give them. Announced changes and "Refresh now" do not wait.
 */
const shortestTtlMs = 30_000;
/** The agent contract: 5 s for each page. */
const pageMs = 5_000;
/** Milliseconds before a server that does not announce changes, and one that could not be reached, is connected again to hear of them. */
const deafMs = 3_600_000;
const unreachedMs = 300_000;

/** A server announces a change to each process on a stream of its own: milliseconds by which the same announcement may come later to one of them. */
const sameChangeMs = 100;

const running = new Map<string, Promise<CatalogChange>>();
/** When this process began its last listing of each, in milliseconds of the clock. */
const lastBegan = new LRUCache<string, number>({ max: 5_000 });
/** Whose listing failed last. */
const suspects = new LRUCache<string, true>({ max: 5_000, ttl: 600_000 });
/** Whose tools were searched lately. */
const wanted = new LRUCache<string, true>({ max: 5_000, ttl: 300_000 });
/** Those not to be connected for their announcements alone, for now. */
const notNow = new LRUCache<string, true>({ max: 5_000, ttl: unreachedMs });
/** After a session that heard of changes was lost. */
const lost = new LRUCache<string, true>({ max: 5_000, ttl: failureTtlMs });

const listings = {
  name: "tools/list",
  ended: counters("gatehouse_catalog_listings_total", "Listings of third-party servers' tools by outcome.", "outcome", ["ok", "failed"]),
  seconds: histogram("gatehouse_catalog_listing_seconds", "Time that such listings took, their storing included."),
};
const listed = ({ connectionId }: UpstreamTarget) => ({
  attributes: { "mcp.method.name": "tools/list", "gatehouse.connection_id": connectionId },
  outcomeOf: () => "failed" as const,
});

const isSuspect = ({ connectionId }: UpstreamTarget) => suspects.has(connectionId);

/** The catalog row of a target. */
export function catalogKeyOf({ connectionId, holder }: UpstreamTarget): CatalogKey {
  return { connectionId, holder, membershipId: holder === sharedHolder ? null : holder };
}

/**
 * Lists the server's tools now and stores them; callers that come while it runs share the result.
 * Throws UPSTREAM_FAILED after having noted the failure. Never marks a credential as rejected: that takes a person's own call.
 */
export function syncCatalog(target: UpstreamTarget): Promise<CatalogChange> {
  const id = identityOf(target);
  const held = running.get(id);
  if (held) return held;
  const place = { orgId: target.orgId, isSuspect: isSuspect(target) };
  const list = (signal: AbortSignal) => observeWork(listings, listed(target), () => listAndStore(target, signal));
  const sync = inTurn(place, list).finally(() => running.delete(id));
  running.set(id, sync);
  return sync;
}

/** The same for what agents do, who ask again and again: while calls to the server pause it is not listed either. */
export async function syncUnlessPaused(target: UpstreamTarget): Promise<void> {
  if (!pauseOf(target)) await syncCatalog(target);
}

const claimKeyOf = (target: UpstreamTarget): ClaimKey => ({ ...catalogKeyOf(target), orgId: target.orgId });

/**
 * The same in the background because something may have changed right now, once for all processes. A listing that runs already may have read the
 * list as it was before. Returns whether one of them read it anew; false also while calls to the server pause. Never throws: a failure is noted.
 */
async function syncAnew(target: UpstreamTarget): Promise<boolean> {
  try {
    await running.get(identityOf(target))?.catch(() => undefined);
    if (pauseOf(target)) return false;
    // What this process read itself before it heard of the change does not count.
    const since = Math.max(Date.now() - sameChangeMs, (lastBegan.get(identityOf(target)) ?? 0) + 1);
    return await followOnce(claimKeyOf(target), new Date(since), () => syncCatalog(target));
  } catch (error) {
    logFailure(target, error);
    // The connection, or the member whose account this is, was removed: there is nothing to list.
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2003") return true;
    // What never reached the server has to be tried again; a failure of the server is noted, and is tried again as such.
    return isSuspect(target);
  }
}

async function listAndStore(target: UpstreamTarget, signal: AbortSignal): Promise<CatalogChange> {
  const key = catalogKeyOf(target);
  lastBegan.set(identityOf(target), Date.now());
  try {
    const listing = await list(target, signal);
    noteAnswer(target);
    suspects.delete(target.connectionId);
    return await transaction(async (tx) =>
      (await isCurrent(tx, target)) ? storeListing(tx, key, listing) : { added: 0, changed: 0, removed: 0 },
    );
  } catch (error) {
    noteRefusal(target, error);
    const failure = error instanceof DomainError ? error.details.failure : undefined;
    if (failure) {
      suspects.set(target.connectionId, true);
      // Nobody's request may be behind this; the failure gets an id of its own to be found by.
      const reference = randomUUID();
      const { connectionId, orgId } = target;
      log.warn({ requestId: reference, orgId, connectionId, phase: failure.phase, causes: loggableCauses(error) }, "listing failed");
      await transaction(async (tx) => {
        if (await isCurrent(tx, target)) await storeFailure(tx, key, { ...failure, reference });
      });
    }
    throw error;
  } finally {
    changed(target.orgId);
  }
}

async function list(target: UpstreamTarget, signal: AbortSignal): Promise<Listing> {
  // Calls may wait for the same handshake, so it goes on when this listing is given up.
  const session = await untilAborted(sessionFor(target, { isUse: false }), signal).catch((error: unknown) => {
    throw connectFailure(error, blankSighting(), "initialize");
  });
  try {
    return await listTools(session, { signal, pageTimeoutMs: pageMs });
  } catch (error) {
    // A session that cannot list is not worth keeping for new calls; those under way on it may still be answered.
    await retireSession(target, session);
    throw connectFailure(error, session.sighting, "list");
  }
}

/**
 * Whether the credential is still the one the server was asked with: a list must not come back after a disconnect, nor take the place of the one
 * that another account got meanwhile. The row stays locked until the transaction ends, so neither can happen in between.
 */
async function isCurrent(
  tx: Tx,
  { connectionId, holder, orgId, url, staticHeadersRevision, credential }: UpstreamTarget,
): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM "Credential" JOIN "Connection" ON "Connection"."id" = "Credential"."connectionId"
    WHERE "Credential"."id" = ${credential?.id ?? ""} AND "Credential"."revision" = ${credential?.revision ?? 0}
      AND "Credential"."connectionId" = ${connectionId} AND "Credential"."holder" = ${holder} AND "Connection"."orgId" = ${orgId}
      AND "Connection"."url" = ${url} AND "Connection"."staticHeadersRevision" = ${staticHeadersRevision}
    FOR SHARE OF "Credential"`;
  return rows.length > 0;
}

interface StoredTimes {
  listedAt: Date | null;
  lastFailureAt: Date | null;
  ttlMs: number | null;
}

/** From 0 to 1, the same for one listing however often it is asked: many catalogs that were listed together are not listed together for ever. */
function jitter({ connectionId, holder }: UpstreamTarget, listedAt: number): number {
  let hash = listedAt % 65_521;
  for (const letter of connectionId + holder) hash = (hash * 31 + letter.charCodeAt(0)) % 65_521;
  return hash / 65_521;
}

/** Starts a listing in the background when the stored one is old, and hears of changes until then. Returns at once and never throws. */
export function refreshIfStale(target: UpstreamTarget, stored: StoredTimes | null): void {
  const now = Date.now();
  const listedAt = stored?.listedAt?.getTime() ?? 0;
  const failedAt = stored?.lastFailureAt?.getTime() ?? 0;
  // Up to a tenth less than what it is good for, never more.
  const lifetime = Math.max(stored?.ttlMs ?? defaultTtlMs, shortestTtlMs) * (1 - jitter(target, listedAt) / 10);
  wanted.set(identityOf(target), true);
  // What failed last is tried again soon, however long the list from before would be good for.
  if (failedAt > listedAt ? now - failedAt < failureTtlMs : now - listedAt < lifetime) hearOfChanges(target, listedAt);
  // A server that calls leave alone is not listed either, until somebody asks for it.
  else if (!pauseOf(target)) listOld(target, stored);
}

/** What this process lists in the background, or asks whether it may. */
const inBackground = new Set<string>();

function listOld(target: UpstreamTarget, stored: StoredTimes | null): void {
  const id = identityOf(target);
  if (inBackground.has(id) || running.has(id)) return;
  inBackground.add(id);
  listOnce(claimKeyOf(target), stored, () => syncCatalog(target))
    .catch((error: unknown) => logFailure(target, error))
    .finally(() => inBackground.delete(id));
}

function logFailure({ connectionId }: UpstreamTarget, error: unknown): void {
  log.info({ connectionId, causes: loggableCauses(error) }, "background listing failed");
}

/** Sees that a connection in use hears of changes: its session stays open, or is opened where the server is known to announce any or was never asked. */
function hearOfChanges(target: UpstreamTarget, listedAt: number): void {
  const id = identityOf(target);
  if (keepListening(target) !== "closed" || notNow.has(id) || isSuspect(target)) return;
  notNow.set(id, true);
  const place = { orgId: target.orgId, isSuspect: false };
  inTurn(place, (signal) => untilAborted(sessionFor(target, { isUse: false }), signal))
    .then((session) => {
      if (!session.isListening()) notNow.set(id, true, { ttl: deafMs });
      else {
        notNow.delete(id);
        // Nobody heard what was announced before.
        if (Date.now() - listedAt > shortestTtlMs) void syncAnew(target);
      }
    })
    .catch((error: unknown) => log.info({ connectionId: target.connectionId, causes: loggableCauses(error) }, "no stream of changes"));
}

/** Lists the server's tools in the background because they seem to have changed, ever more seldom where that goes on. Returns at once and never throws. */
export function listAnew(target: UpstreamTarget): void {
  follow(identityOf(target), () => syncAnew(target));
}

whenToolsChange(listAnew, (target) => {
  const id = identityOf(target);
  if (!wanted.has(id) || lost.has(id)) return;
  lost.set(id, true);
  void syncAnew(target);
});
