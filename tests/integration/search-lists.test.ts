// Stored lists in memory: kept for what they are whoever asks by what he knew, and shared by all whose accounts have the same tools.
import { expect, test } from "vitest";

import { requireUsable } from "#server/grants/access.ts";
import { searchMemory } from "#server/search/memory.ts";
import { rank } from "#server/search/tool-index.ts";
import { toolsOf } from "#server/search/tool-lists.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember } from "#prisma/factories.ts";
import { echoTool } from "#tests/fakes/mcp-upstream.ts";
import { connectUpstream, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { connectTo, giveKey, targetFor } from "#tests/setup/upstream.ts";

const world = useAgentWorld();
const coffee = { ...echoTool, name: "brew_coffee", title: "Brew coffee", description: "Makes a cup." };

async function relist(id: string, tools: typeof world.upstream.tools, holder?: string): Promise<void> {
  world.upstream.tools = tools;
  await syncCatalog(await targetFor(id, holder));
}

test("a list that is read newer than it is known is not kept for the one before", async () => {
  const { id } = await connectUpstream(world);
  const before = await requireUsable(world.owner.actor, id);
  await relist(id, [coffee]);
  expect([...(await toolsOf(before)).keys()]).toEqual(["brew_coffee"]);
  await relist(id, [echoTool]);
  const now = await requireUsable(world.owner.actor, id);
  expect(now.catalog?.digest).toBe(before.catalog?.digest);
  expect([...(await toolsOf(now)).keys()]).toEqual(["echo"]);
});

test("a tool is never taken for the one that was in its place in the list before", async () => {
  const { id } = await connectUpstream(world);
  const { orgId } = world.owner.actor;
  const first = (connection: Awaited<ReturnType<typeof requireUsable>>) =>
    rank([connection], { orgId, queries: ["echo"], limit: 1, own: false }).then(({ hits }) => hits[0]?.tool.name);
  const before = await requireUsable(world.owner.actor, id);
  expect(await first(before)).toBe("echo");
  await relist(id, [coffee, echoTool]);
  await toolsOf(await requireUsable(world.owner.actor, id));
  expect(await first(before)).toBe("echo");
});

test("an empty list is a list: it is not read again and again", async () => {
  const { id } = await connectUpstream(world);
  await relist(id, []);
  const usable = await requireUsable(world.owner.actor, id);
  expect(await toolsOf(usable)).toBe(await toolsOf(usable));
});

test("members whose accounts have the same tools share them in memory, until one of them has others", async () => {
  world.upstream.tools = [echoTool];
  const id = await connectTo(world.owner, world.upstream.url, { credentialMode: "per_member", apiKey: "key-1" });
  const people = [world.owner];
  for (const key of ["key-2", "key-3"]) {
    const member = await createMember({ id: world.owner.actor.orgId, name: "Acme" });
    await giveKey(id, member.membershipId, key);
    people.push(member);
  }
  for (const { membershipId } of people) await syncCatalog(await targetFor(id, membershipId));
  const clients: Awaited<ReturnType<typeof legacyClient>>[] = [];
  for (const { actor } of people) clients.push(await legacyClient(world, await tokenFor(actor)));
  const before = searchMemory().items;
  const found = async (query: string) => {
    const names: string[][] = [];
    for (const client of clients) names.push((await search(client, query)).matches.map(({ name }) => name));
    return names;
  };
  expect(await found("echo")).toEqual(people.map(() => [`mcp:${id}:echo`]));
  // Beside Gatehouse's own operations, which every organization's index has.
  const shared = { lists: before.lists + 1, tools: before.tools + 1, segments: before.segments + 2, collections: before.collections + 1 };
  expect(searchMemory().items).toMatchObject(shared);

  await relist(id, [echoTool, coffee], people[1]?.membershipId);
  expect(await found("brew coffee")).toEqual([[], [`mcp:${id}:brew_coffee`], []]);
  expect(searchMemory().items).toMatchObject({ lists: before.lists + 2, segments: before.segments + 3 });
  for (const { membershipId } of people) await relist(id, [echoTool, coffee], membershipId);
  expect(await found("brew coffee")).toEqual(people.map(() => [`mcp:${id}:brew_coffee`]));
  expect(searchMemory().items).toMatchObject({ lists: before.lists + 1, segments: before.segments + 2 });
});
