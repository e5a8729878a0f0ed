// The pool of upstream sessions: nothing of one credential identity is ever used for another, whatever happens in whatever order; and what ends, ends.
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { disconnect } from "#server/connections/disconnect.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { closeAllSessions, forgetSessions, sessionFor } from "#server/upstream/sessions.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { type SessionUpstream, startSessionUpstream } from "#tests/fakes/session-upstream.ts";
import { startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startSseUpstream } from "#tests/fakes/sse-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { call, connectTo, giveKey, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

const open: { close: () => Promise<void> }[] = [];
let owner: Person;

beforeEach(async () => {
  await resetDatabase();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeAllSessions();
  await Promise.all(open.splice(0).map(({ close }) => close()));
});

async function sessionServer(): Promise<SessionUpstream> {
  const upstream = await startSessionUpstream();
  open.push(upstream);
  return upstream;
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

test.each([1, 2, 3, 4])("no session ever carries two credentials, and each call carries its own (seed %i)", async (seed) => {
  const next = random(seed);
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[Math.floor(next() * values.length)];
    if (value === undefined) throw new Error("Nothing to pick from.");
    return value;
  };
  const upstream = await sessionServer();
  const org = { id: owner.actor.orgId, name: "Acme" };
  const people = [owner, await createMember(org), await createMember(org)];
  const ids = [
    await connectTo(owner, upstream.url, { name: "A", apiKey: "key-first", credentialMode: "per_member" }),
    await connectTo(owner, upstream.url, { name: "B", apiKey: "key-first", credentialMode: "per_member" }),
  ];
  const keys = new Map<string, string>();
  const places = ids.flatMap((id) => people.map(({ membershipId }) => ({ id, membershipId, place: `${id} ${membershipId}` })));
  let serial = 0;
  const rekey = async ({ id, membershipId, place }: (typeof places)[number]) => {
    serial += 1;
    const key = `key-${seed}-${serial}`;
    await giveKey(id, membershipId, key);
    keys.set(place, key);
  };
  for (const place of places) await rekey(place);
  upstream.received.length = 0;
  const expected: { text: string; key: string }[] = [];

  for (let step = 0; step < 40; step += 1) {
    const place = pick(places);
    const roll = next();
    if (roll < 0.15) await rekey(place);
    else if (roll < 0.22) forgetSessions({ connectionId: place.id, ...(next() < 0.5 ? { holder: place.membershipId } : {}) });
    else if (roll < 0.28) upstream.sessions.clear();
    else {
      // Several at once, of several identities.
      const batch = [place, ...Array.from({ length: Math.floor(next() * 4) }, () => pick(places))];
      await Promise.all(
        batch.map(async ({ id, membershipId, place: where }, n) => {
          const text = `${step}-${n}`;
          expected.push({ text, key: keys.get(where) ?? "" });
          const result = await call(await targetFor(id, membershipId), { arguments: { text } });
          expect(result.content).toEqual([{ type: "text", text }]);
        }),
      );
    }
  }

  const keysOfSession = new Map<string, Set<string>>();
  const usedFor = new Map<string, string>();
  for (const { session, headers, params } of upstream.received) {
    const key = headers.authorization?.replace("Bearer ", "") ?? "none";
    if (session !== null) keysOfSession.set(session, (keysOfSession.get(session) ?? new Set()).add(key));
    if (typeof params === "object" && params !== null && "arguments" in params) usedFor.set(JSON.stringify(params.arguments), key);
  }
  for (const used of keysOfSession.values()) expect([...used]).toHaveLength(1);
  expect(expected.length).toBeGreaterThan(20);
  for (const { text, key } of expected) expect(usedFor.get(JSON.stringify({ text }))).toBe(key);
});

test("a key is never sent to an address from before an edit, nor an old key after a new one", async () => {
  const [first, second] = [await sessionServer(), await sessionServer()];
  const id = await connectTo(owner, first.url, { apiKey: "key-of-first" });
  const before = await targetFor(id);
  await update(owner.actor, { id, version: 1, url: second.url });
  await db.credential.create({ data: { connectionId: id, holder: "shared", sealed: null } });
  await giveKey(id, owner.membershipId, "key-of-second");
  first.received.length = 0;
  // A call that began before the edit, and one that mixes the old address with the new credential.
  await expect(call(before)).rejects.toMatchObject({ reason: "unauthorized" });
  const after = await targetFor(id, owner.membershipId);
  await expect(call({ ...after, url: first.url })).rejects.toMatchObject({ reason: "unauthorized" });
  expect(first.received).toEqual([]);
});

test("disconnecting ends the session, here and at the server", async () => {
  const upstream = await sessionServer();
  const id = await connectTo(owner, upstream.url, { apiKey: "key-to-end" });
  const target = await targetFor(id);
  await call(target);
  await disconnect(owner.actor, { id });
  await expect.poll(() => upstream.sessions.size).toBe(0);
  upstream.received.length = 0;
  await expect(call(target)).rejects.toMatchObject({ reason: "unauthorized" });
  expect(upstream.received).toEqual([]);
});

test("a listing that fails leaves a call under way on its session alone, and the next call gets another session", async () => {
  const upstream = await startSseUpstream();
  open.push(upstream);
  const target = await targetFor(await connectTo(owner, upstream.url));
  await call(target);
  const before = upstream.opened;
  let answer = (): void => undefined;
  upstream.hold = new Promise((resolve) => (answer = resolve));
  const calling = call(target, { arguments: { text: "late" } });
  await expect.poll(() => upstream.calls.length).toBe(2);
  upstream.refuses = 500;
  await expect(syncCatalog(target)).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
  upstream.refuses = null;
  upstream.hold = Promise.resolve();
  expect(await call(target)).toMatchObject({ content: [{ text: "hello" }] });
  expect(upstream.opened).toBe(before + 1);
  answer();
  expect(await calling).toMatchObject({ content: [{ text: "late" }] });
});

/** Stands the clock of sessions still, and returns how it goes on. */
function stopClock(): (minutes: number) => void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let ahead = 0;
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + ahead);
  return (minutes) => {
    ahead += minutes * 60_000;
    vi.advanceTimersByTime(minutes * 60_000);
  };
}

test("a session nobody uses for five minutes is closed, and one in use is not", async () => {
  const upstream = await sessionServer();
  const target = await targetFor(await connectTo(owner, upstream.url));
  await expect.poll(() => upstream.sessions.size).toBe(0);
  const pass = stopClock();
  await call(target);
  pass(4);
  await call(target);
  pass(4);
  await call(target);
  expect(upstream.received.filter(({ rpcMethod }) => rpcMethod === "initialize")).toHaveLength(2);
  expect(upstream.sessions.size).toBe(1);
  pass(5.1);
  vi.useRealTimers();
  await expect.poll(() => upstream.sessions.size).toBe(0);
});

/** Hundreds of sessions at once take their time on a busy machine. */
const crowded = { timeout: 120_000 };

/** A call that its server has and does not answer yet, on a stream that ends with its session. */
async function callUnderWay() {
  const upstream = await startSseUpstream();
  open.push(upstream);
  const id = await connectTo(owner, upstream.url);
  await expect.poll(upstream.streams).toBe(0);
  const target = await targetFor(id);
  let answer = () => {};
  upstream.hold = new Promise((resolve) => (answer = resolve));
  const result = call(target, { arguments: { text: "long" } }).catch((error: unknown) => error);
  await expect.poll(() => upstream.calls.length).toBe(1);
  const pass = stopClock();
  /** So many others at once, none of which has a key to be opened with. */
  const crowd = (count: number) =>
    Promise.allSettled(Array.from({ length: count }, (_, n) => sessionFor({ ...target, authType: "api_key", holder: `nobody-${n}` })));
  return { upstream, id, pass, result, answer, crowd };
}

test(
  "a session for which there is no room any more answers the calls under way, and is closed when the longest would be over",
  crowded,
  async () => {
    const { upstream, pass, result, answer, crowd } = await callUnderWay();
    await crowd(500);
    pass(1.9);
    answer();
    expect(await result).toMatchObject({ content: [{ text: "long" }] });
    pass(0.2);
    vi.useRealTimers();
    await expect.poll(upstream.streams).toBe(0);
  },
);

test("of sessions for which there is no room no more than the pool holds stay open", crowded, async () => {
  const { upstream, result, crowd } = await callUnderWay();
  await crowd(1_000);
  expect(await result).toBeInstanceOf(Error);
  vi.useRealTimers();
  await expect.poll(upstream.streams).toBe(0);
});

test("disconnecting ends also a session for which there was no room", crowded, async () => {
  const { upstream, id, result, crowd } = await callUnderWay();
  await crowd(500);
  expect(upstream.streams()).toBe(1);
  await disconnect(owner.actor, { id });
  expect(await result).toBeInstanceOf(Error);
  vi.useRealTimers();
  await expect.poll(upstream.streams).toBe(0);
});

test("over HTTP+SSE: calls share one stream, unknown fields stay, and a stream that ended is opened anew", async () => {
  const upstream = await startSseUpstream();
  open.push(upstream);
  const target = await targetFor(await connectTo(owner, upstream.url));
  expect(await db.catalog.findFirst()).toMatchObject({ transport: "sse" });
  upstream.opened = 0;
  const texts = ["a", "b", "c"];
  const results = await Promise.all(texts.map((text) => call(target, { arguments: { text } })));
  expect(results).toEqual(texts.map((text) => ({ content: [{ type: "text", text }], surprise: 1 })));
  expect(upstream.opened).toBe(1);

  upstream.forget();
  expect(await call(target, { arguments: { text: "d" } })).toMatchObject({ content: [{ text: "d" }] });
  expect(upstream.opened).toBe(2);

  upstream.hangUp();
  // Until the end of the stream has arrived here a call may still fail; after it none does.
  await expect.poll(() => call(target, { arguments: { text: "e" } }).catch(() => null)).toMatchObject({ content: [{ text: "e" }] });
  expect(upstream.opened).toBe(3);
  expect(upstream.calls.filter(({ given }) => given.text === "d")).toHaveLength(1);
});

test("over HTTP+SSE: a server that names how long to wait is left alone for as long", async () => {
  const upstream = await startSseUpstream();
  open.push(upstream);
  const target = await targetFor(await connectTo(owner, upstream.url));
  expect(await call(target, { arguments: { text: "a" } })).toMatchObject({ content: [{ text: "a" }] });
  upstream.retryAfter = "7";
  await expect(call(target)).rejects.toMatchObject({ reason: "rate_limited", retryAfterSeconds: 7 });
  upstream.retryAfter = null;
  await expect(call(target)).rejects.toMatchObject({ reason: "rate_limited" });
  expect(upstream.calls).toHaveLength(1);
});

/** A server of the 2025 generation behind an address where a modern one takes over when `isOld` ends. */
async function movingServer() {
  const [old, modern] = [await sessionServer(), await startUpstream()];
  open.push(modern);
  const moving = { modern, old, isOld: true };
  modern.intercept = (req, res, body) => {
    if (!moving.isOld) return false;
    const session = req.headers["mcp-session-id"];
    const headers = { "content-type": "application/json", ...(typeof session === "string" ? { "mcp-session-id": session } : {}) };
    const init = { method: req.method, headers, ...(req.method === "POST" ? { body: JSON.stringify(body) } : {}) };
    // It has no stream of its own.
    if (req.method === "GET") res.writeHead(405).end();
    else
      fetch(old.url, init).then(
        async (answer) => res.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text()),
        () => res.destroy(),
      );
    return true;
  };
  return moving;
}

test("a server of the older generation is asked once a day, beside its calls, and used as what it became", async () => {
  const moving = await movingServer();
  const target = await targetFor(await connectTo(owner, moving.modern.url));
  const verdict = () => db.catalog.findFirstOrThrow({ select: { transport: true, transportAt: true } });
  const first = await verdict();
  expect(first.transport).toBe("legacy");
  await call(target);
  // A listing is no negotiation.
  await syncCatalog(target);
  expect(await verdict()).toEqual(first);

  const initialized = () => moving.old.received.filter(({ rpcMethod }) => rpcMethod === "initialize").length;
  const before = initialized();
  const begun = Date.now();
  const after = (days: number) => vi.useFakeTimers({ toFake: ["Date"], now: begun + days * 24 * 3_600_000 });
  after(1.01);
  await Promise.all([call(target), call(target), call(target)]);
  await expect.poll(initialized).toBe(before + 1);
  const listed = async () => {
    await syncCatalog(target);
    return (await verdict()).transportAt?.getTime();
  };
  await expect.poll(listed).toBeGreaterThan(first.transportAt?.getTime() ?? 0);
  expect((await verdict()).transport).toBe("legacy");

  moving.isOld = false;
  after(2.03);
  await call(target).catch(() => undefined);
  await expect.poll(async () => (await verdict()).transport).toBe("modern");
  moving.modern.received.length = 0;
  await call(target);
  expect(moving.modern.received.map(({ rpcMethod }) => rpcMethod)).toEqual(["tools/call"]);
});
