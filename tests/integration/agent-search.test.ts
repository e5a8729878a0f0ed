// search_capabilities: what is found, what is said when nothing is, and that stored lists answer whatever their servers do.
import { expect, test } from "vitest";

import { create as createConnection } from "#server/connections/create.ts";
import { remove } from "#server/connections/remove.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { isStorable } from "#server/storable.ts";
import { echoTool, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { call, connectUpstream, everyone, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();
const agent = async () => legacyClient(world, await tokenFor(world.owner.actor));

test("nothing found is an empty list with the unmatched words and a hint, never an error", async () => {
  const client = await agent();
  expect(await search(client, "echo")).toMatchObject({ matches: [], hint: expect.stringContaining("No connection is available") });
  await connectUpstream(world);
  const found = await search(client, "refund zebra");
  expect(found).toMatchObject({ matches: [], unmatchedTerms: ["refund", "zebra"], hint: expect.stringContaining("other words") });
  expect(await search(client, "ecko")).toMatchObject({
    matches: [{}],
    unmatchedTerms: ["ecko"],
    hint: expect.stringContaining('No tool knows "ecko": "echo" was taken instead.'),
  });
  // As the tool writes it, not as the index holds it.
  expect((await search(client, "retuns")).hint).toContain('"returns" was taken instead');
  expect(await search(client, "acho")).toMatchObject({ matches: [], hint: expect.stringContaining('Tools know "echo".') });
  expect((await search(client, "echo", { connection: "Nowhere" })).hint).toContain('"Nowhere"');
  expect(await search(client, "echo zebra")).toMatchObject({ matches: [{}], unmatchedTerms: ["zebra"] });
  const many = await search(client, `${Array.from({ length: 60 }, (_, n) => `z${n}`).join(" ")} echo`);
  expect(many.matches).toHaveLength(1);
  expect(many.unmatchedTerms).toHaveLength(24);
});

test("several phrasings are one search: what any of them finds is there, once", async () => {
  world.upstream.tools = ["create_page", "delete_page", "send_mail"].map((name) => ({ ...echoTool, name, title: name, description: "" }));
  await connectUpstream(world);
  const { matches } = await search(await agent(), ["make page", "new page", "create page"]);
  expect(String(matches[0]?.name)).toContain("create_page");
  expect(new Set(matches.map(({ name }) => name)).size).toBe(matches.length);
  const told = await call(await agent(), "search_capabilities", { query: Array(6).fill("page") });
  expect(told).toMatchObject({ isError: true, structuredContent: { issues: [{ path: "query" }] } });
});

test("wrong input is an error with its issues", async () => {
  const client = await agent();
  for (const given of [{}, { query: "" }, { query: "x".repeat(501) }, { query: "x", limit: 21 }, { query: "x", detail: "all" }]) {
    const told = await call(client, "search_capabilities", given);
    expect(told).toMatchObject({ isError: true, structuredContent: { error: "invalid_capability_arguments", issues: [{}] } });
  }
});

test("limit, connection and detail", async () => {
  const other = await startUpstream([{ ...echoTool, name: "echo_loud" }, echoTool]);
  const { id } = await connectUpstream(world);
  const { url } = other;
  await createConnection(world.owner.actor, { name: "Louder", url, authType: "none", credentialMode: "shared", access: everyone });
  const client = await agent();
  expect((await search(client, "echo", { limit: 20 })).matches).toHaveLength(3);
  expect((await search(client, "echo", { limit: 2 })).matches).toHaveLength(2);
  expect((await search(client, "echo", { connection: "louder" })).matches).toHaveLength(2);
  expect((await search(client, "echo", { connection: id })).matches).toMatchObject([{ connection: "Echo server" }]);
  const [full] = (await search(client, "echo")).matches;
  expect(full).toMatchObject({ inputSchema: { required: ["text"] }, title: "Echo" });
  expect((await search(client, "echo", { detail: "brief" })).matches[0]).not.toHaveProperty("inputSchema");
  await other.close();
});

test("large schemas are left out and that is said; long descriptions are cut", async () => {
  const big = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`field${n}`, { type: "string", description: "y".repeat(80) }]));
  const tool = (name: string, count: number) => ({
    name,
    description: "store ".repeat(500),
    inputSchema: { type: "object" as const, properties: big(count) },
  });
  world.upstream.tools = [tool("too_big", 300), ...Array.from({ length: 8 }, (_, n) => tool(`store_${n}`, 100))];
  await connectUpstream(world);
  const found = await search(await agent(), "store", { limit: 20 });
  expect(found.matches).toHaveLength(9);
  expect(found.hint).toContain("left out");
  const shown = found.matches.filter((match) => "inputSchema" in match);
  expect(shown.map(({ name }) => name).join()).not.toContain("too_big");
  expect(shown.length).toBeGreaterThan(3);
  expect(JSON.stringify(shown.map(({ inputSchema }) => inputSchema)).length).toBeLessThanOrEqual(66_000);
  for (const { description } of found.matches) expect(String(description).length).toBeLessThanOrEqual(600);
});

test("what is cut is never cut within a character: a strict reader of JSON takes the whole answer", async () => {
  const faces = (letters: string, count: number) => letters + "😀".repeat(count);
  world.upstream.tools = ["face", "faces"].map((name, at) => ({
    name,
    description: faces("a".repeat(at), 400),
    inputSchema: { type: "object", properties: Object.fromEntries([0, 1, 2, 3].map((n) => [faces(String(n), 60), { type: "string" }])) },
  }));
  await connectUpstream(world);
  const found = await search(await agent(), "face");
  expect(found.matches).toMatchObject(
    Array(2).fill({ signature: expect.stringMatching(/\.\.\.$/), description: expect.stringMatching(/\.\.\.$/) }),
  );
  expect(isStorable(found)).toBe(true);
});

test("a stored list answers while its server is silent, and is refreshed in the background; the answer says how old it is", async () => {
  await connectUpstream(world);
  const client = await agent();
  const { listedAt } = await db.catalog.findFirstOrThrow();
  expect((await search(client, "echo")).asOf).toBe(listedAt?.toISOString());
  await db.catalog.updateMany({ data: { listedAt: new Date(0), lastSuccessAt: new Date(0) } });
  changed(world.owner.actor.orgId);
  world.upstream.intercept = () => true; // never answers
  world.upstream.received.length = 0;
  expect(await search(client, "echo")).toMatchObject({ matches: [{}], complete: true, asOf: new Date(0).toISOString() });
  await expect.poll(() => world.upstream.received.length).toBeGreaterThan(0);
});

test("a server that was never listed gets two seconds, and nobody else waits for it in vain", async () => {
  await connectUpstream(world);
  const silent = await startUpstream();
  const { url } = silent;
  await createConnection(world.owner.actor, { name: "Silent", url, authType: "none", credentialMode: "shared", access: everyone });
  await db.catalog.deleteMany({ where: { connection: { name: "Silent" } } });
  changed(world.owner.actor.orgId);
  const client = await agent();
  silent.intercept = () => true;
  const began = performance.now();
  expect(await search(client, "echo")).toMatchObject({ matches: [{ connection: "Echo server" }], complete: false });
  expect(performance.now() - began).toBeLessThan(6_000);
  await silent.close();
});

test("a first listing that is quick enough is in the answer", async () => {
  await connectUpstream(world);
  await db.catalog.deleteMany();
  changed(world.owner.actor.orgId);
  expect(await search(await agent(), "echo")).toMatchObject({ matches: [{ connection: "Echo server" }], complete: true });
});

test("a removed connection is gone from the next answer, a renamed one is found by its new name", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  expect((await search(client, "echo")).matches).toHaveLength(1);
  await db.connection.update({ where: { id }, data: { name: "Parrot" } });
  changed(world.owner.actor.orgId);
  expect((await search(client, "parrot")).matches).toMatchObject([{ connection: "Parrot" }]);
  await remove(world.owner.actor, { id });
  expect(await search(client, "parrot echo")).toMatchObject({ matches: [], connections: [] });
});
