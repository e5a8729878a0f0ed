// Keeps stored catalogs fresh: one listing at a time per credential identity, in the background once a catalog is there.
import { randomUUID } from "node:crypto";

import { transaction, type Tx } from "#server/db.ts";
import { DomainError, upstreamFailed } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { log } from "#server/log.ts";
import { counters, gauges, histogram } from "#server/metric.ts";
import { startDeadline, untilAborted } from "#server/outbound/deadline.ts";
import { loggableCauses } from "#server/outbound/loggable.ts";
import { observeWork } from "#server/telemetry/observed-work.ts";

import { blankSighting } from "./connect.ts";
import { connectFailure } from "./connect-failure.ts";
import { listTools, type Listing } from "./list-tools.ts";
import { type ClaimKey, followOnce, listOnce } from "./listing-claim.ts";
import { noteAnswer, noteRefusal, pauseOf } from "./pause.ts";
import { dropSession, sessionFor, whenToolsChange } from "./sessions.ts";
import { type CatalogChange, type CatalogKey, storeFailure, storeListing } from "./store-listing.ts";
import { identityOf, type UpstreamTarget } from "./target.ts";

/** Milliseconds that a list without a lifetime of its own is good for, and that pass after a failure before the next try. */
const defaultTtlMs = 300_000;
const failureTtlMs = 30_000;
/** The agent contract: 8 listings at once, 5 s for each page. */
const maxAtOnce = 8;
const pageMs = 5_000;
/** Of the 8, so that one organization with many slow servers leaves room for the others. */
const maxForOneOrg = 3;
/** Milliseconds between two listings because a server says that its tools changed. */
const changePauseMs = 10_000;
/** A whole listing, its turn included. */
const listingMs = 60_000;

const running = new Map<string, Promise<CatalogChange>>();
/** In the order of their coming. */
const waiting = new Set<{ orgId: string; start: () => void }>();
/** The organizations whose listings run, once for each listing. */
const active: string[] = [];

gauges("gatehouse_catalog_listings", "Listings of tools now: under way, and waiting.", "state", () => ({
  running: active.length,
  waiting: waiting.size,
}));
const listings = {
  name: "tools/list",
  ended: counters("gatehouse_catalog_listings_total", "Listings of third-party servers' tools by outcome.", "outcome", ["ok", "failed"]),
  seconds: histogram("gatehouse_catalog_listing_seconds", "Time that such listings took, their storing included."),
};
const listed = ({ connectionId }: UpstreamTarget) => ({
  attributes: { "mcp.method.name": "tools/list", "gatehouse.connection_id": connectionId },
  outcomeOf: () => "failed" as const,
});

const hasRoom = (orgId: string) => active.length < maxAtOnce && active.filter((other) => other === orgId).length < maxForOneOrg;

/** Waits for a free place and takes it. Throws UPSTREAM_FAILED when the signal aborts before; that is not the server's failure. */
function takePlace(orgId: string, signal: AbortSignal): Promise<void> {
  if (hasRoom(orgId)) {
    active.push(orgId);
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      waiting.delete(turn);
      const seen = "Too many tool lists are being read right now.";
      reject(upstreamFailed({ phase: "list", seen, actor: "operator", advice: "Try again in a moment." }, signal.reason));
    };
    const start = () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    };
    const turn = { orgId, start };
    waiting.add(turn);
    signal.addEventListener("abort", giveUp, { once: true });
  });
}

function leavePlace(orgId: string): void {
  active.splice(active.indexOf(orgId), 1);
  for (const turn of waiting) {
    if (!hasRoom(turn.orgId)) continue;
    waiting.delete(turn);
    // Taken for it at once: who comes before it runs must not find the place free.
    active.push(turn.orgId);
    turn.start();
    return;
  }
}

/** Runs `task` when it is its turn, with a signal that ends it in time. */
async function inTurn<Value>(orgId: string, task: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const deadline = startDeadline(listingMs, null);
  try {
    await takePlace(orgId, deadline.signal);
    try {
      return await task(deadline.signal);
    } finally {
      leavePlace(orgId);
    }
  } finally {
    deadline.end();
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
  const id = [target.connectionId, target.holder, target.url, target.credential?.id, target.credential?.revision].join("\0");
  const held = running.get(id);
  if (held) return held;
  const sync = inTurn(target.orgId, (signal) => observeWork(listings, listed(target), () => listAndStore(target, signal))).finally(() =>
    running.delete(id),
  );
  running.set(id, sync);
  return sync;
}

/** The same for what agents do, who ask again and again: while calls to the server pause it is not listed either. */
export async function syncUnlessPaused(target: UpstreamTarget): Promise<void> {
  if (!pauseOf(target)) await syncCatalog(target);
}

async function listAndStore(target: UpstreamTarget, signal: AbortSignal): Promise<CatalogChange> {
  const key = catalogKeyOf(target);
  try {
    const listing = await list(target, signal);
    noteAnswer(target);
    return await transaction(async (tx) =>
      (await isCurrent(tx, target)) ? storeListing(tx, key, listing) : { added: 0, changed: 0, removed: 0 },
    );
  } catch (error) {
    noteRefusal(target, error);
    const failure = error instanceof DomainError ? error.details.failure : undefined;
    if (failure) {
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
  const session = await untilAborted(sessionFor(target), signal).catch((error: unknown) => {
    throw connectFailure(error, blankSighting(), "initialize");
  });
  try {
    return await listTools(session, { signal, pageTimeoutMs: pageMs });
  } catch (error) {
    // A session that cannot list is not worth keeping.
    await dropSession(target, session);
    throw connectFailure(error, session.sighting, "list");
  }
}

/**
 * Whether the credential is still the one the server was asked with: a list must not come back after a disconnect, nor take the place of the one
 * that another account got meanwhile. The row stays locked until the transaction ends, so neither can happen in between.
 */
async function isCurrent(tx: Tx, { connectionId, holder, orgId, credential }: UpstreamTarget): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM "Credential" JOIN "Connection" ON "Connection"."id" = "Credential"."connectionId"
    WHERE "Credential"."id" = ${credential?.id ?? ""} AND "Credential"."revision" = ${credential?.revision ?? 0}
      AND "Credential"."connectionId" = ${connectionId} AND "Credential"."holder" = ${holder} AND "Connection"."orgId" = ${orgId}
    FOR SHARE OF "Credential"`;
  return rows.length > 0;
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
  const listedAt = stored?.listedAt?.getTime() ?? 0;
  const failedAt = stored?.lastFailureAt?.getTime() ?? 0;
  // What failed last is tried again soon, however long the list from before would be good for.
  if (failedAt > listedAt ? now - failedAt < failureTtlMs : now - listedAt < lifetime) return;
  // A server that calls leave alone is not listed either, until somebody asks for it.
  if (pauseOf(target)) return;
  const id = identityOf(target);
  if (inBackground.has(id)) return;
  inBackground.add(id);
  listOnce(claimKeyOf(target), stored, () => syncCatalog(target))
    .catch((error: unknown) => logFailure(target, error))
    .finally(() => inBackground.delete(id));
}

/** What this process lists in the background, or asks whether it may. */
const inBackground = new Set<string>();

const claimKeyOf = (target: UpstreamTarget): ClaimKey => ({ ...catalogKeyOf(target), orgId: target.orgId });

function logFailure({ connectionId }: UpstreamTarget, error: unknown): void {
  log.info({ connectionId, causes: loggableCauses(error) }, "background listing failed");
}

/** Those whose change was followed lately, and whether there was another one since. */
const announced = new Map<string, { again: boolean }>();

/** A change is followed at once, and those after it together: a server that announces one every second must not keep the database busy. */
function followChange(target: UpstreamTarget): void {
  const id = `${target.connectionId}\0${target.holder}`;
  const held = announced.get(id);
  if (held) {
    held.again = true;
    return;
  }
  const state = { again: false };
  announced.set(id, state);
  if (pauseOf(target)) state.again = true;
  else
    followOnce(claimKeyOf(target), new Date(), () => syncCatalog(target))
      .then((isFollowed) => (state.again ||= !isFollowed))
      .catch((error: unknown) => logFailure(target, error));
  setTimeout(() => {
    announced.delete(id);
    if (state.again) followChange(target);
  }, changePauseMs).unref();
}

whenToolsChange(followChange);
