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

test("of changes without end the newest are kept", async () => {
  for (let round = 0; round < 3; round += 1) await list(Array.from({ length: 90 }, (_, n) => tool(`tool_${round}_${n}`)));
  expect(await db.toolChange.count()).toBe(200);
  const newest = await db.toolChange.findMany({ orderBy: { at: "desc" }, take: 90, select: { tool: true } });
  expect(newest.every(({ tool: name }) => name.startsWith("tool_2_") || name.startsWith("tool_1_"))).toBe(true);
});
