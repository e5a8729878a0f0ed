// A server that calls leave alone is not listed behind people's backs either; a person's own "Refresh now" goes out, and what answers is used again.
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { byId } from "#server/connections/by-id.ts";
import { connect } from "#server/connections/connect.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { list } from "#server/connections/list.ts";
import { refresh } from "#server/connections/refresh.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { metricsText } from "#server/metric.ts";
import { pauseOf } from "#server/upstream/pause.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { refreshIfStale, syncUnlessPaused } from "#server/upstream/sync-catalog.ts";
import type { UpstreamTarget } from "#server/upstream/target.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { call, connectTo, giveKey, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

let owner: Person;
let upstream: FakeUpstream;
let target: UpstreamTarget;

beforeEach(async () => {
  await resetDatabase();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
  upstream = await startUpstream();
  target = await targetFor(await connectTo(owner, upstream.url));
});
afterEach(async () => {
  vi.useRealTimers();
  await closeAllSessions();
  await upstream.close();
});

const never = { listedAt: null, lastFailureAt: null, ttlMs: null };
const stored = () => db.catalog.findFirstOrThrow({ where: { connectionId: target.connectionId } });

function answer(status: number, headers: Record<string, string> = {}): void {
  upstream.intercept = (_req, res) => {
    res.writeHead(status, headers).end();
    return true;
  };
}

async function fail(times: number): Promise<void> {
  answer(503);
  for (let n = 0; n < times; n += 1) await expect(call(target)).rejects.toMatchObject({ isServerFault: true });
  expect(pauseOf(target)).toMatchObject({ why: "failing" });
}

test("nothing is asked of it in the background; pages say that calls pause", async () => {
  await fail(5);
  const asked = upstream.received.length;
  refreshIfStale(target, never);
  await syncUnlessPaused(target);
  expect(upstream.received).toHaveLength(asked);
  const pause = { why: "failing" };
  expect(await byId(owner.actor, { id: target.connectionId })).toMatchObject({ state: { name: "ready" }, pause });
  for (const scope of ["usable", "manageable"] as const) expect(await list(owner.actor, { scope })).toMatchObject([{ pause }]);
});

const quiet = { why: "rate_limited" } as const;

test("a pause is that of a credential: with a new one, another address or none, pages say that calls go out", async () => {
  const id = await connectTo(owner, upstream.url, { name: "Keys", apiKey: "first" });
  const shown = async () => {
    const [{ pause, version }, lists] = [await byId(owner.actor, { id }), await list(owner.actor, { scope: "manageable" })];
    expect(lists.find((connection) => connection.id === id)?.pause).toEqual(pause);
    return { pause, version };
  };
  const pauseCalls = async () => {
    answer(429, { "retry-after": "3600" });
    await expect(call(await targetFor(id))).rejects.toMatchObject({ reason: "rate_limited" });
    upstream.intercept = null;
    expect((await shown()).pause).toMatchObject(quiet);
  };
  const pausing = () => Number(/^gatehouse_paused{why="rate_limited"} (\d+)$/m.exec(metricsText())?.[1]);
  const before = pausing();

  await pauseCalls();
  expect(pausing()).toBe(before + 1);
  await connect(owner.actor, { id, apiKey: "second" });
  expect((await shown()).pause).toBeNull();
  expect(await call(await targetFor(id))).toMatchObject({ content: [{ text: "hello" }] });
  expect(pausing()).toBe(before);

  await pauseCalls();
  // As another process stores one.
  await db.credential.updateMany({ where: { connectionId: id }, data: { revision: { increment: 1 } } });
  expect((await shown()).pause).toBeNull();

  await pauseCalls();
  await update(owner.actor, { id, version: (await shown()).version, staticHeaders: { "x-tenant": "other" } });
  expect((await shown()).pause).toBeNull();

  await pauseCalls();
  await disconnect(owner.actor, { id });
  expect((await shown()).pause).toBeNull();
});

test("where each person has an account of their own, it is told whose calls pause", async () => {
  const id = await connectTo(owner, upstream.url, { name: "Own keys", credentialMode: "per_member", apiKey: "of the owner" });
  const ada = await createMember({ id: owner.actor.orgId, name: "Acme" }, { name: "Ada" });
  await giveKey(id, ada.actor.membershipId, "of Ada");
  answer(429, { "retry-after": "60" });
  await expect(call(await targetFor(id, ada.actor.membershipId))).rejects.toMatchObject({ reason: "rate_limited" });
  const detail = await byId(owner.actor, { id });
  expect(detail.pause).toMatchObject(quiet);
  const pauses = detail.accounts.map(({ membershipId, pause }) => [membershipId, pause?.why]);
  expect(Object.fromEntries(pauses)).toEqual({ [owner.actor.membershipId]: undefined, [ada.actor.membershipId]: "rate_limited" });
  const ofUsable = async ({ actor }: Person) => (await list(actor, { scope: "usable" })).find((connection) => connection.id === id)?.pause;
  expect([await ofUsable(owner), await ofUsable(ada)]).toMatchObject([null, quiet]);
});

test("a person's refresh goes out; a server that gives its tools is called again at once", async () => {
  await fail(5);
  await expect(refresh(owner.actor, { id: target.connectionId })).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
  expect(pauseOf(target)).toMatchObject({ why: "failing" });
  upstream.intercept = null;
  expect(await refresh(owner.actor, { id: target.connectionId })).toEqual({ added: 0, changed: 0, removed: 0 });
  expect(pauseOf(target)).toBeNull();
  expect(await call(target)).toMatchObject({ content: [{ text: "hello" }] });
  expect(await byId(owner.actor, { id: target.connectionId })).toMatchObject({ pause: null });
});

test("its recovery is noticed by itself when the pause is over", async () => {
  await fail(5);
  const { listedAt } = await stored();
  upstream.intercept = null;
  const now = Date.now() + 60_000;
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(now);
  refreshIfStale(target, await stored().then((row) => ({ ...row, ttlMs: 1_000 })));
  await vi.waitFor(async () => expect((await stored()).listedAt).not.toEqual(listedAt));
});

test("how long it wants to be left alone (429) is kept by listings, and learned from them; an answer to a person does not shorten it", async () => {
  await closeAllSessions();
  answer(429, { "retry-after": "60" });
  await expect(refresh(owner.actor, { id: target.connectionId })).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
  expect(pauseOf(target)).toMatchObject({ why: "rate_limited" });
  await expect(call(target)).rejects.toMatchObject({ reason: "rate_limited", retryAfterSeconds: expect.closeTo(60, -1) });
  const asked = upstream.received.length;
  refreshIfStale(target, never);
  await syncUnlessPaused(target);
  expect(upstream.received).toHaveLength(asked);
  upstream.intercept = null;
  await refresh(owner.actor, { id: target.connectionId });
  expect(pauseOf(target)).toMatchObject({ why: "rate_limited" });
});
