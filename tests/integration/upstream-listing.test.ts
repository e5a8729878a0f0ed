// Listings in the background: what is stored stays whole when two overlap, and no organization or slow server takes the time of the others.
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";

import { db, transaction } from "#server/db.ts";
import type { Listing } from "#server/upstream/list-tools.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { storeListing } from "#server/upstream/store-listing.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { connectTo } from "#tests/setup/upstream.ts";

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
  const facts = { transport: "modern", protocolVersion: "2026-07-28", serverName: null, serverVersion: null } as const;
  const tools = [{ ...nothing, name, inputSchema: { type: "object" }, digest: `sha256:${name}` }];
  return { ...facts, instructions: null, ttlMs: null, tools, digest: `sha256:${name}` };
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
