// What searches and the tools run after them teach: found next time, for whoever may, never past a tool that was named, and forgotten with its connection.
import { afterEach, expect, test, vi } from "vitest";

import { disconnect } from "#server/connections/disconnect.ts";
import { remove } from "#server/connections/remove.ts";
import { db } from "#server/db.ts";
import { learnedBy } from "#server/search/learned.ts";
import { flushLearning } from "#server/search/learning.ts";
import { searchMemory } from "#server/search/memory.ts";
import { replace } from "#server/grants/replace.ts";
import { createMember, type Person } from "#prisma/factories.ts";
import { echoTool } from "#tests/fakes/mcp-upstream.ts";
import { connectUpstream, execute, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();
const colleague = () => createMember({ id: world.owner.actor.orgId, name: "Acme" });
const agentOf = async (person: Person) => legacyClient(world, await tokenFor(person.actor));
type Agent = Awaited<ReturnType<typeof agentOf>>;

const ledger = ["open_debts", "close_books", "send_reminder"].map((name) => ({ ...echoTool, name, title: name, description: "" }));

afterEach(flushLearning);

/** Searches, runs the tool, and has it written and read. */
async function teach(client: Agent, query: string, capability: string, times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await search(client, query);
    expect((await execute(client, capability, { text: "x" })).isError).not.toBe(true);
  }
  await flushLearning();
  const { orgId } = world.owner.actor;
  const rows = await db.searchAssociation.count({ where: { orgId } });
  await vi.waitFor(() => expect(learnedBy(orgId)?.size ?? 0).toBe(rows));
}

const first = async (client: Agent, query: string) => String((await search(client, query)).matches[0]?.name ?? "nothing");

test("words that no tool has find the tool that was run after them, for the member at once, for all from two members on", async () => {
  world.upstream.tools = ledger;
  const { id } = await connectUpstream(world);
  const [ada, bob, eve] = [await agentOf(world.owner), await agentOf(await colleague()), await agentOf(await colleague())];
  const debts = `mcp:${id}:open_debts`;
  // Nothing is found, then the same is asked in other words.
  expect(await first(ada, "arrears overview")).toBe("nothing");
  await search(ada, "arrears overview");
  await teach(ada, "debts", debts);
  expect(await first(ada, "arrears overview")).toBe(debts);
  expect(await first(ada, "arrears please")).toBe(debts);
  expect(await first(bob, "arrears overview")).toBe("nothing");

  await search(bob, "arrears overview");
  await teach(bob, "debts", debts);
  expect(await first(eve, "arrears overview")).toBe(debts);
  const rows = await db.searchAssociation.findMany({ where: { term: { not: { startsWith: "=" } } }, select: { term: true, weight: true } });
  expect(rows.map(({ term }) => term).sort()).toEqual(["arrear", "arrear", "overview", "overview"]);
  expect(JSON.stringify(await db.searchAssociation.findMany())).not.toMatch(/arrears/);
  const { items, bytes } = searchMemory();
  expect(items.associations).toBe(await db.searchAssociation.count());
  expect(bytes.associations).toBeGreaterThan(100 * items.associations);
});

test("a runaway agent moves nobody's answers but its own, and counts three times at the most", async () => {
  world.upstream.tools = ledger;
  const { id } = await connectUpstream(world);
  const [ada, bob] = [await agentOf(world.owner), await agentOf(await colleague())];
  for (let time = 0; time < 3; time += 1)
    for (const query of ["debts reminder", "reminder debts"]) await teach(ada, query, `mcp:${id}:open_debts`);
  const rows = await db.searchAssociation.findMany();
  expect(rows.length).toBeGreaterThan(0);
  for (const { weight } of rows) expect(weight).toBeLessThanOrEqual(3);
  const untouched = await search(bob, "debts reminder");
  await db.searchAssociation.deleteMany();
  expect((await search(bob, "debts reminder")).matches).toEqual(untouched.matches);
});

test("the same search made again after each run teaches once", async () => {
  world.upstream.tools = ledger;
  const { id } = await connectUpstream(world);
  await teach(await agentOf(world.owner), "debts reminder", `mcp:${id}:open_debts`, 3);
  const rows = await db.searchAssociation.findMany({ select: { weight: true } });
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every(({ weight }) => weight === 1)).toBe(true);
});

test("a tool that is named comes first, whatever was learned", async () => {
  world.upstream.tools = ledger;
  const { id } = await connectUpstream(world);
  const [ada, bob] = [await agentOf(world.owner), await agentOf(await colleague())];
  for (const client of [ada, bob]) await teach(client, "send reminder close books", `mcp:${id}:close_books`, 3);
  for (const client of [ada, bob]) {
    await search(client, "send reminder");
    await teach(client, "close books", `mcp:${id}:close_books`, 3);
  }
  expect(await first(ada, "send reminder")).toBe(`mcp:${id}:send_reminder`);
});

test("what was learned brings nobody a tool that they may not use, and goes with its connection", async () => {
  world.upstream.tools = ledger;
  const { id } = await connectUpstream(world);
  const outsider = await colleague();
  const [ada, bob, eve] = [await agentOf(world.owner), await agentOf(await colleague()), await agentOf(outsider)];
  for (const client of [ada, bob]) {
    await search(client, "arrears overview");
    await teach(client, "debts", `mcp:${id}:open_debts`);
  }
  expect(await first(eve, "arrears overview")).toBe(`mcp:${id}:open_debts`);
  const { version } = await db.connection.findUniqueOrThrow({ where: { id } });
  const access = { organization: false, membershipIds: [world.owner.membershipId], teamIds: [] };
  await replace(world.owner.actor, { connectionId: id, version, access });
  expect((await search(eve, "arrears overview")).matches).toEqual([]);
  expect(await first(ada, "arrears overview")).toBe(`mcp:${id}:open_debts`);
  await disconnect(world.owner.actor, { id });
  expect(await db.searchAssociation.count()).toBe(0);
  await remove(world.owner.actor, { id });
});

test("calls that fail, and calls that no search led to, teach nothing", async () => {
  world.upstream.tools = [...ledger, { ...echoTool, name: "broken", run: () => ({ content: [], isError: true }) }];
  const { id } = await connectUpstream(world);
  const client = await agentOf(world.owner);
  await search(client, "broken thing");
  await execute(client, `mcp:${id}:broken`);
  await execute(client, `mcp:${id}:open_debts`, { text: "x" });
  await flushLearning();
  expect(await db.searchAssociation.count()).toBe(0);
});
