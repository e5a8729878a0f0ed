// Sessions to third-party servers, one per connection and credential identity, kept open between calls.
// A key carries credential id and revision, so that a session can never outlive or cross the credential it was made with.
import { LRUCache } from "lru-cache";

import { db, sharedPool } from "#server/db.ts";
import { whenChanged } from "#server/freshness.ts";
import { log } from "#server/log.ts";
import { counters, gauge, histogram } from "#server/metric.ts";
import { loggableCauses } from "#server/outbound/loggable.ts";
import { observeWork } from "#server/telemetry/observed-work.ts";

import { authorizationOf } from "./authorization.ts";
import type { ChangeListener } from "./change-stream.ts";
import { blankSighting, callBudgetMs, connect, type OpenSession, transportNames, type TransportVerdict } from "./connect.ts";
import { connectFailure } from "./connect-failure.ts";
import { type Identity, identityOf, type UpstreamTarget } from "./target.ts";

const maxSessions = 500;
const idleMs = 5 * 60_000;
const handshakeMs = 15_000;
const goodbyeMs = 1_000;
/** A stored transport is negotiated anew after a day: servers are upgraded. */
const transportMs = 24 * 3_600_000;

/** Those that no longer hear of changes, or cannot list: new calls get another one, and calls under way may still be answered on these. */
const deaf = new WeakSet<Promise<OpenSession>>();

/**
 * Sessions that get no new calls, with their keys: the pool had no room for them, another one has their place, or they are deaf. They are closed when
 * the longest call that may be under way on them is over. While more are in use than the pool holds, each one that is opened pushes another out, so
 * that these gather as fast as calls come: there are as many as the pool holds at most, twice `maxSessions` open in all, and then the oldest is closed
 * at once.
 */
const leaving = new LRUCache<Promise<OpenSession>, string>({
  max: maxSessions,
  ttl: callBudgetMs,
  ttlAutopurge: true,
  dispose: (_key, session) => void closeQuietly(session),
});

const pool = new LRUCache<string, Promise<OpenSession>>({
  max: maxSessions,
  ttl: idleMs,
  updateAgeOnGet: true,
  ttlAutopurge: true,
  dispose: (session, key, reason) => {
    if (reason === "set" || reason === "evict" || deaf.has(session)) leaving.set(session, key);
    else void closeQuietly(session);
  },
});
gauge("gatehouse_upstream_sessions", "Sessions to third-party servers that are kept open, or opening.", () => pool.size);
gauge("gatehouse_upstream_sessions_limit", "How many are kept at most.", () => maxSessions);
const handshakes = {
  name: "connect",
  ended: counters("gatehouse_upstream_handshakes_total", "Handshakes with third-party servers by outcome.", "outcome", ["ok", "failed"]),
  seconds: histogram("gatehouse_upstream_handshake_seconds", "Time that handshakes with third-party servers took."),
};
/** Sessions opened only to hear of changes leave the other half of the pool to calls. */
const maxForListening = maxSessions / 2;
/** Those that are open by now. */
const opened = new WeakMap<Promise<OpenSession>, OpenSession>();
/** When the transport of an open session is asked for next, in milliseconds of the clock. */
const nextNegotiation = new WeakMap<OpenSession, number>();
/** After a negotiation that failed, or while one runs. */
const negotiationPauseMs = 3_600_000;

async function closeQuietly(session: Promise<OpenSession>): Promise<void> {
  // A session that never opened, or cannot say goodbye to a dead server, is gone all the same.
  await session.then(({ close }) => close()).catch(() => undefined);
}

/** The stored transport, unless it is old. */
async function knownTransport({ connectionId, holder }: UpstreamTarget): Promise<TransportVerdict | null> {
  const row = await db.catalog.findUnique({
    where: { connectionId_holder: { connectionId, holder } },
    select: { transport: true, transportAt: true },
  });
  const transport = transportNames.find((name) => name === row?.transport);
  if (!transport || !row?.transportAt || Date.now() - row.transportAt.getTime() > transportMs) return null;
  return { transport, at: row.transportAt };
}

let toolsChanged: (target: UpstreamTarget) => void = () => undefined;
let sessionLost: (target: UpstreamTarget) => void = () => undefined;

/** Sets who is told: the catalog, which stands above the sessions. `onLost`: a session that heard of changes ended by itself. */
export function whenToolsChange(onChange: (target: UpstreamTarget) => void, onLost: (target: UpstreamTarget) => void): void {
  toolsChanged = onChange;
  sessionLost = onLost;
}

/**
 * `listening`: the session is open, hears of changes, and stays open for another while. `deaf`: it is open, or about to be, and does not hear.
 * `closed`: there is none; `full`: nor is there room for one that only listens.
 */
export function keepListening(target: UpstreamTarget): "listening" | "deaf" | "closed" | "full" {
  const key = identityOf(target);
  const held = pool.peek(key);
  if (!held) return pool.size < maxForListening ? "closed" : "full";
  if (!opened.get(held)?.isListening()) return "deaf";
  // Looking it up makes it young again.
  void pool.get(key);
  return "listening";
}

function open(target: UpstreamTarget, stored: Promise<TransportVerdict | null>, listener: ChangeListener): Promise<OpenSession> {
  const told = { attributes: { "gatehouse.connection_id": target.connectionId }, outcomeOf: () => "failed" as const };
  return observeWork(handshakes, told, () => shakeHands(target, stored, listener));
}

async function shakeHands(
  target: UpstreamTarget,
  stored: Promise<TransportVerdict | null>,
  listener: ChangeListener,
): Promise<OpenSession> {
  const sighting = blankSighting();
  try {
    const [authorization, known] = await Promise.all([authorizationOf(target), stored]);
    return await connect({ url: target.url, authorization, known, timeoutMs: handshakeMs, ...listener }, sighting);
  } catch (error) {
    throw connectFailure(error, sighting, "initialize");
  }
}

/** Opens a session that leaves the pool when it ends by itself. */
function openPooled(
  target: UpstreamTarget,
  stored: Promise<TransportVerdict | null>,
): { session: Promise<OpenSession>; forget: () => void } {
  const key = identityOf(target);
  const forget = () => {
    if (pool.peek(key) === session) pool.delete(key);
  };
  const isPooled = () => pool.peek(key) === session;
  // One that was closed has nothing to say: to list because of it would open another.
  const onToolsChanged = () => {
    if (isPooled()) toolsChanged(target);
  };
  const onGone = () => {
    const isLost = isPooled() && (opened.get(session)?.isListening() ?? false);
    deaf.add(session);
    forget();
    if (isLost) sessionLost(target);
  };
  const session = open(target, stored, { onToolsChanged, onGone });
  session.then((ready) => opened.set(session, ready)).catch(() => undefined);
  return { session, forget };
}

/** The session of this target for somebody's call, where one is open by now: the way of nearly every call, which has nothing to wait for. */
export function sessionAtHand(target: UpstreamTarget): OpenSession | null {
  const held = pool.get(identityOf(target));
  const session = held && opened.get(held);
  if (!session) return null;
  void negotiateDaily(target, held, session);
  return session;
}

/**
 * The open session of this target; opens one when there is none. Throws UPSTREAM_FAILED. `isUse`: somebody's call, after which the session stays
 * open for a while; a listing is none, or a server that announces changes without end would keep its own session.
 */
export function sessionFor(target: UpstreamTarget, { isUse = true } = {}): Promise<OpenSession> {
  const key = identityOf(target);
  const held = pool.get(key, { updateAgeOnGet: isUse });
  if (held) {
    held.then((session) => negotiateDaily(target, held, session)).catch(() => undefined);
    return held;
  }
  const { session, forget } = openPooled(target, knownTransport(target));
  pool.set(key, session);
  session.catch(forget);
  return session;
}

/**
 * Asks once a day, beside the calls, whether a server speaks a better transport by now than the one this session was opened with. When it does,
 * the new session takes the place of this one, and the catalog learns of it. Never throws.
 */
async function negotiateDaily(target: UpstreamTarget, held: Promise<OpenSession>, session: OpenSession): Promise<void> {
  const due = nextNegotiation.get(session) ?? session.transportAt.getTime() + transportMs;
  if (session.transport === "modern" || Date.now() < due) return;
  nextNegotiation.set(session, Date.now() + negotiationPauseMs);
  const key = identityOf(target);
  const { session: fresh } = openPooled(target, Promise.resolve(null));
  try {
    const { transport, transportAt, close } = await fresh;
    const isCurrent = pool.peek(key) === held;
    if (transport !== session.transport && isCurrent) {
      pool.set(key, fresh);
      toolsChanged(target);
      return;
    }
    // The next listing stores the date.
    session.transportAt = transportAt;
    nextNegotiation.delete(session);
    await close();
  } catch (error) {
    log.info({ connectionId: target.connectionId, causes: loggableCauses(error) }, "daily negotiation failed");
  }
}

/** Closes this session of the target; one that was opened in its place meanwhile stays. */
export async function dropSession(target: UpstreamTarget, session: OpenSession): Promise<void> {
  const key = identityOf(target);
  const held = pool.peek(key);
  if (held && (await held.catch(() => null)) === session && pool.peek(key) === held) pool.delete(key);
}

/** The same once the calls that may be under way on it are over: it gets no new ones. */
export async function retireSession(target: UpstreamTarget, session: OpenSession): Promise<void> {
  const held = pool.peek(identityOf(target));
  if (held && opened.get(held) === session) deaf.add(held);
  await dropSession(target, session);
}

/** Closes the sessions of a connection, of a credential identity, or of one at the other. Call it after their credential changed. */
export function forgetSessions({ connectionId, holder }: { connectionId?: string; holder?: string }): void {
  forgetThose((key) => {
    const [ofConnection, ofHolder] = key.split("\0");
    return (connectionId ?? ofConnection) === ofConnection && (holder ?? ofHolder) === ofHolder;
  });
}

function forgetThose(isOver: (key: string) => boolean): void {
  for (const key of pool.keys()) if (isOver(key)) pool.delete(key);
  for (const [session, key] of leaving.entries()) if (isOver(key)) leaving.delete(session);
}

/**
 * Closes the sessions that another process' change left behind: their credential was removed or replaced, or their connection switched off or moved.
 * No call would use them, but they would hear of changes with the old key, and ask for the tools with it.
 */
async function forgetEnded(): Promise<void> {
  const looked = new Set([...pool.keys(), ...leaving.values()]);
  const ids = [...looked].map((key) => key.split("\0")[2] ?? "");
  // Of all organizations at once: they are this process' own keys, and nothing of the rows goes anywhere. One text, however many they are: it stays prepared.
  const rows = await db.$queryRaw<Place[]>`
    SELECT "Credential"."id", "revision", "connectionId", "holder", "url", "staticHeadersRevision"
    FROM "Credential" JOIN "Connection" ON "Connection"."id" = "connectionId"
    WHERE "Credential"."id" = ANY(${ids}) AND "disabledAt" IS NULL`;
  const current = new Set(rows.map(({ id, revision, ...place }) => identityOf({ ...place, credential: { id, revision } })));
  forgetThose((key) => looked.has(key) && !current.has(key));
}

interface Place extends Omit<Identity, "credential"> {
  id: string;
  revision: number;
}

const reviewMs = 1_000;
let review: NodeJS.Timeout | undefined;

whenChanged(() => {
  // An embedded database is this process' alone, which closes what it ends itself.
  if (!sharedPool || review || pool.size + leaving.size === 0) return;
  review = setTimeout(() => {
    review = undefined;
    forgetEnded().catch((error: unknown) => log.info({ err: error }, "sessions were not looked through"));
  }, reviewMs).unref();
});

/** Closes everything, at the end of the process. Waits a second at most: a server that is silent in its handshake must not hold up the stop. */
export async function closeAllSessions(): Promise<void> {
  const open = [...pool.values(), ...leaving.keys()];
  pool.clear();
  leaving.clear();
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, goodbyeMs);
  });
  await Promise.race([Promise.all(open.map(closeQuietly)), enough]);
  clearTimeout(timer);
}
