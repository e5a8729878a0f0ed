// What lists change in a connection's tools is recorded, told to admins until they reviewed it, and bounded.
import { beforeEach, expect, test } from "vitest";

import { byId } from "#server/connections/by-id.ts";
import { reviewTools } from "#server/connections/tool-changes.ts";
import { db } from "#server/db.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { connectTo, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

let owner: Person;
let upstream: FakeUpstream;
let id: string;

beforeEach(async () => {
  await resetDatabase();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
  upstream = await startUpstream();
  id = await connectTo(owner, upstream.url);
  return () => upstream.close();
});

async function list(tools: FakeUpstream["tools"]) {
  upstream.tools = tools;
  await syncCatalog(await targetFor(id));
  return (await byId(owner.actor, { id })).toolChanges;
}

const tool = (name: string, description = "") => ({ ...echoTool, name, description });

test("the first list is no news; new, changed and removed tools are, each counted by what became of it", async () => {
  expect((await byId(owner.actor, { id })).toolChanges).toBeNull();
  const first = await list([{ ...echoTool, description: "Says it <b>twice</b>." }, tool("shout"), tool("brief")]);
  expect(first).toMatchObject({ added: 2, changed: 1, removed: 0, earlier: [] });
  expect(first?.recent.find(({ kind }) => kind === "changed")).toMatchObject({
    tool: "echo",
    diff: { description: { before: "Returns the text it is given.", after: "Says it <b>twice</b>." } },
  });
  // "brief" came and went, "shout" is new and changed since, and "echo" is gone.
  const second = await list([tool("shout", "Loudly.")]);
  expect(second).toMatchObject({ added: 1, changed: 0, removed: 1 });
  expect(second?.recent).toHaveLength(6);
});

test("a review ends what was shown, not what came after; it leaves an audit row", async () => {
  const shown = await list([echoTool, tool("shout")]);
  await list([echoTool, tool("shout"), tool("whisper")]);
  await reviewTools(owner.actor, { id, asOf: shown?.asOf ?? new Date() });
  const after = (await byId(owner.actor, { id })).toolChanges;
  expect(after).toMatchObject({ added: 1, recent: [{ tool: "whisper" }], earlier: [{ tool: "shout" }], reviewedBy: owner.actor.name });
  expect(await db.auditEvent.count({ where: { action: "connection.tools_reviewed", targetId: id } })).toBe(1);
  const other = await createMember(await createOrganization("Other"), { role: "owner" });
  await expect(reviewTools(other.actor, { id, asOf: new Date() })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a review covers nothing that is yet to come, and never goes back", async () => {
  const first = await list([echoTool, tool("shout")]);
  const second = await list([echoTool, tool("shout"), tool("whisper")]);
  expect(second?.asOf.getTime()).toBeGreaterThan(first?.asOf.getTime() ?? Infinity);
  await reviewTools(owner.actor, { id, asOf: new Date("2999-01-01") });
  expect((await byId(owner.actor, { id })).toolChanges).toMatchObject({ recent: [], since: second?.asOf });
  // A page that was opened before that is sent after it.
  await reviewTools(owner.actor, { id, asOf: first?.asOf ?? new Date() });
  expect((await byId(owner.actor, { id })).toolChanges).toMatchObject({ recent: [], since: second?.asOf });
  expect(await db.auditEvent.count({ where: { action: "connection.tools_reviewed", targetId: id } })).toBe(1);
  // Another listing is later than what was reviewed, also where the clock of its process is behind.
  const ahead = new Date(Date.now() + 60_000);
  await db.toolChange.updateMany({ data: { at: ahead } });
  await db.catalog.updateMany({ where: { connectionId: id }, data: { reviewedAt: ahead } });
  expect((await list([echoTool, tool("shout")]))?.recent).toMatchObject([{ tool: "whisper", kind: "removed" }]);
});

test("what nobody reviewed does not become history by itself", async () => {
  await list([echoTool, tool("shout")]);
  await db.connection.update({ where: { id }, data: { createdAt: new Date("2020-01-01") } });
  await db.toolChange.updateMany({ data: { at: new Date("2020-02-01") } });
  expect((await byId(owner.actor, { id })).toolChanges).toMatchObject({
    added: 1,
    recent: [{ tool: "shout" }],
    earlier: [],
    reviewedBy: null,
  });
});

test("of changes without end those of tools that were there are kept before new ones, and how many were left out is told", async () => {
  const many = (round: number, count: number) => Array.from({ length: count }, (_, n) => tool(`tool_${round}_${n}`));
  const first = await list([{ ...echoTool, description: "Does as it likes." }, ...many(0, 300)]);
  expect(first).toMatchObject({ added: 199, changed: 1, leftOut: 101 });
  // Those that went are told as well; the changed one stays.
  const second = await list([{ ...echoTool, description: "Does as it likes." }, ...many(1, 50)]);
  expect(second).toMatchObject({ changed: 1, leftOut: 101 + 350 });
  expect(second?.recent).toHaveLength(200);
  expect(await db.toolChange.count()).toBe(201);
  await reviewTools(owner.actor, { id, asOf: second?.asOf ?? new Date() });
  expect(await list([echoTool, ...many(1, 50)])).toMatchObject({ added: 0, changed: 1, removed: 0, leftOut: 0 });
  expect(await db.toolChange.count()).toBe(200);
});

test("where members have accounts of their own, it is told that only the own one is compared", async () => {
  await db.connection.update({ where: { id }, data: { credentialMode: "per_member" } });
  expect((await byId(owner.actor, { id })).toolChanges).toMatchObject({ isOwnAccount: true, recent: [], leftOut: 0 });
});
