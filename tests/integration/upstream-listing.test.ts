// Listings in the background: what is stored stays whole when two overlap, and no organization or slow server takes the time of the others.
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";

import { db, transaction } from "#server/db.ts";
import type { Listing } from "#server/upstream/list-tools.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { storeListing } from "#server/upstream/store-listing.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { echoTool, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { call, connectTo, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

const open: { close: () => Promise<void> }[] = [];
let owner: Person;

beforeEach(async () => {
  await resetDatabase();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
});
afterEach(async () => {
  vi.useRealTimers();
  await closeAllSessions();
  await Promise.all(open.splice(0).map(({ close }) => close()));
});

function listingOf(name: string): Listing {
  const nothing = { title: null, description: "", outputSchema: null, annotations: null };
  const facts = {
    transport: "modern",
    transportAt: new Date(),
    protocolVersion: "2026-07-28",
    serverName: null,
    serverVersion: null,
  } as const;
  const tools = [{ ...nothing, name, inputSchema: { type: "object" }, digest: `sha256:${name}` }];
  return { ...facts, instructions: null, ttlMs: null, leftOut: { count: 0, examples: [] }, tools, digest: `sha256:${name}` };
}

// On PGlite transactions take turns anyway; a server lets them overlap.
test("a listing that is stored while another is, is compared with what that one leaves", async () => {
  const upstream = await startUpstream();
  open.push(upstream);
  const connectionId = await connectTo(owner, upstream.url);
  const key = { connectionId, holder: "shared", membershipId: null };
  await transaction((tx) => storeListing(tx, key, listingOf("before")));
  const waiting = () =>
    db.$queryRaw<unknown[]>`SELECT 1 FROM pg_stat_activity WHERE "wait_event_type" = 'Lock' AND "datname" = current_database()`;
  const { second } = await transaction(async (tx) => {
    await storeListing(tx, key, listingOf("other"));
    const second = transaction((own) => storeListing(own, key, listingOf("before")));
    if (inject("database").kind !== "pglite") await expect.poll(waiting).toHaveLength(1);
    return { second };
  });
  expect(await second).toEqual({ added: 1, changed: 0, removed: 1 });
  const there = await db.catalogTool.findMany({ where: { catalog: { connectionId }, removedAt: null }, select: { name: true } });
  expect(there).toEqual([{ name: "before" }]);
});

/** A server that answers tools/list only when it is told to: page after page without end, each when `next` is called. */
async function slowUpstream() {
  const upstream = await startUpstream([echoTool]);
  open.push(upstream);
  const asked: (() => void)[] = [];
  const hold = () => {
    upstream.intercept = (_req, res, body) => {
      if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/list") return false;
      const id = "id" in body ? body.id : null;
      const result = { resultType: "complete", ttlMs: 0, cacheScope: "private", tools: [], nextCursor: String(asked.length) };
      asked.push(() => res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result })));
      return true;
    };
  };
  return { upstream, asked, hold };
}

test("one organization has three listings at once, and the next one's turn comes in order", async () => {
  const { upstream, asked, hold } = await slowUpstream();
  const other = await createMember(await createOrganization("Other"), { role: "owner" });
  const own: Awaited<ReturnType<typeof targetFor>>[] = [];
  for (const name of ["A", "B", "C", "D"]) own.push(await targetFor(await connectTo(owner, upstream.url, { name })));
  const others = await targetFor(await connectTo(other, upstream.url));
  for (const target of [...own, others]) await call(target);
  hold();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const syncs = own.map((target) => syncCatalog(target).catch((error: unknown) => error));
  await expect.poll(() => asked.length).toBe(3);
  const ofOther = syncCatalog(others).catch((error: unknown) => error);
  // The fourth does not stand in its way, though it came before.
  await expect.poll(() => asked.length).toBe(4);

  // A minute passes at once: those that run end with their page, and the fourth has waited for nothing.
  vi.advanceTimersByTime(60_000);
  const [first, , , fourth] = await Promise.all([...syncs, ofOther]);
  expect(first).toMatchObject({ details: { failure: { phase: "list", actor: "provider" } } });
  expect(fourth).toMatchObject({ details: { failure: { phase: "list", actor: "operator" } } });
  expect(asked).toHaveLength(4);
  const failed = await db.catalog.findMany({ where: { lastFailureAt: { not: null } }, select: { connectionId: true } });
  expect(failed.map(({ connectionId }) => connectionId)).not.toContain(own[3]?.connectionId);
  expect(failed).toHaveLength(4);

  // And its place is there for the next.
  upstream.intercept = null;
  vi.useRealTimers();
  for (const target of own) expect(await syncCatalog(target)).toMatchObject({ removed: 0 });
});

test("a listing of many slow pages ends after a minute", async () => {
  const { upstream, asked, hold } = await slowUpstream();
  const target = await targetFor(await connectTo(owner, upstream.url));
  await call(target);
  hold();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let outcome: unknown = null;
  const sync = syncCatalog(target).catch((error: unknown) => (outcome = error));
  for (let page = 1; page <= 15; page += 1) {
    await expect.poll(() => asked.length).toBe(page);
    expect(outcome).toBeNull();
    vi.advanceTimersByTime(4_000);
    asked.at(-1)?.();
  }
  await sync;
  expect(outcome).toMatchObject({
    code: "UPSTREAM_FAILED",
    details: { failure: { phase: "list", seen: expect.stringContaining("in time") } },
  });
});
