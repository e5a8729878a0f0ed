// A server that calls leave alone is not listed behind people's backs either; a person's own "Refresh now" goes out, and what answers is used again.
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { byId } from "#server/connections/by-id.ts";
import { list } from "#server/connections/list.ts";
import { refresh } from "#server/connections/refresh.ts";
import { db } from "#server/db.ts";
import { pauseOf } from "#server/upstream/pause.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { refreshIfStale, syncUnlessPaused } from "#server/upstream/sync-catalog.ts";
import type { UpstreamTarget } from "#server/upstream/target.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { call, connectTo, targetFor } from "#tests/setup/upstream.ts";

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
