// Search by meaning, with a stand-in that speaks the real protocol: what it finds, what it may cost, and that a bad provider costs a search nothing.
import { afterAll, beforeEach, expect, test, vi } from "vitest";

import { create as createConnection } from "#server/connections/create.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { db } from "#server/db.ts";
import { isPaused } from "#server/search/embeddings/provider.ts";
import { searchMemory } from "#server/search/memory.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember } from "#prisma/factories.ts";
import { echoTool } from "#tests/fakes/mcp-upstream.ts";
import { connectUpstream, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { connectTo, giveKey, targetFor } from "#tests/setup/upstream.ts";

// The settings are read as soon as the product's modules are imported: the stand-in has to be there before.
const fake = await vi.hoisted(async () => {
  const { startEmbeddings } = await import("#tests/fakes/embeddings.ts");
  const started = await startEmbeddings();
  Object.assign(process.env, {
    EMBEDDINGS_URL: started.url,
    EMBEDDINGS_MODEL: "stand-in",
    EMBEDDINGS_KEY: "model-key",
    EMBEDDINGS_DIMENSIONS: "256",
  });
  return started;
});

const world = useAgentWorld();
const agent = async () => legacyClient(world, await tokenFor(world.owner.actor));
type Agent = Awaited<ReturnType<typeof agent>>;

const office = [
  ["list_outstanding_invoices", "Shows invoices of customers."],
  ["book_vehicle", "Reserves one of the vehicles of the fleet."],
  ["find_physician", "Finds somebody for a checkup."],
  ["request_leave", "Asks for days off."],
  ["print_label", "Prints an address label."],
].map(([name = "", description = ""]) => ({ ...echoTool, name, title: name, description }));

/** Milliseconds that the product's clock is ahead: pauses end by it. */
let ahead = 0;
const now = Date.now;

beforeEach(() => {
  // Whatever the test before made the provider do is over.
  ahead += 24 * 3_600_000;
  vi.spyOn(Date, "now").mockImplementation(() => now() + ahead);
  world.upstream.tools = office;
  fake.intercept = null;
  fake.asked.length = 0;
});
afterAll(async () => {
  vi.restoreAllMocks();
  await fake.close();
});

/** Searches until every tool has its vector and the answer goes by meaning. */
async function filled(client: Agent, count = office.length): Promise<void> {
  await vi.waitFor(
    async () => {
      // What a request of the test before began is over as well.
      ahead += 700_000;
      expect((await search(client, "label")).hint).toBeUndefined();
      expect(await db.toolVector.count()).toBe(count);
    },
    { timeout: 25_000, interval: 500 },
  );
  ahead += 60_000;
}

/** The best match, once the stand-in answered in time: on a busy machine it may not at first. */
async function expectFirst(client: Agent, query: string, tool: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { matches, hint = "" } = await search(client, query);
      expect(hint).not.toContain("by words alone");
      expect(String(matches[0]?.name).split(":").at(-1)).toBe(tool);
    },
    { timeout: 10_000 },
  );
}

test("a query in words that no tool uses is found by meaning, and before the vectors are there the answer says that it goes by words", async () => {
  await connectUpstream(world);
  const client = await agent();
  expect(await search(client, "label")).toMatchObject({ matches: [{}], hint: expect.stringContaining("by words alone") });
  await filled(client);
  await expectFirst(client, "motorcar for tomorrow", "book_vehicle");
  expect((await search(client, "motorcar for tomorrow")).unmatchedTerms).toContain("motorcar");
  await expectFirst(client, "which dues do people owe", "list_outstanding_invoices");
  await expectFirst(client, "doctor", "find_physician");
  // Words still count: a name that is said comes first.
  await expectFirst(client, "print label", "print_label");
  expect(fake.headers[0]).toMatchObject({ authorization: "Bearer model-key" });
  expect(fake.bodies[0]).toMatchObject({ model: "stand-in", dimensions: 256, encoding_format: "float" });
  const { items, bytes } = searchMemory();
  expect(items.vectors).toBe(office.length);
  expect(bytes.vectors).toBeGreaterThanOrEqual(256 * office.length);
  expect(items.query_vectors).toBeGreaterThanOrEqual(5);
  expect(bytes.query_vectors).toBe(4 * 256 * items.query_vectors);
});

test("members whose accounts have the same tools share their vectors in memory, and each has them stored", async () => {
  const id = await connectTo(world.owner, world.upstream.url, { credentialMode: "per_member", apiKey: "key-1" });
  const other = await createMember({ id: world.owner.actor.orgId, name: "Acme" });
  await giveKey(id, other.membershipId, "key-2");
  await syncCatalog(await targetFor(id, other.membershipId));
  const before = searchMemory().items.vectors;
  await filled(await agent());
  await filled(await legacyClient(world, await tokenFor(other.actor)), 2 * office.length);
  expect(searchMemory().items.vectors).toBe(before + office.length);
  expect(fake.asked.flat().filter((text) => text.startsWith("Upstream"))).toHaveLength(office.length);
});

test("equal texts are paid for once in an organization, what changed once more, and what is gone is dropped", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  await filled(client);
  const asked = () => fake.asked.flat().filter((text) => text.startsWith("Echo server"));
  expect(asked()).toHaveLength(office.length);
  world.upstream.tools = [...office.slice(1).reverse(), { ...echoTool, name: "new_tool", title: "new_tool" }];
  await syncCatalog(await targetFor(id));
  // A search that comes while the list before is still being filled leaves it to the next one.
  await vi.waitFor(
    async () => {
      await search(client, "label");
      expect(asked()).toHaveLength(office.length + 1);
    },
    { timeout: 10_000 },
  );
  await vi.waitFor(async () => expect(await db.toolVector.count()).toBe(office.length), { timeout: 10_000 });
  await disconnect(world.owner.actor, { id });
  expect(await db.toolVector.count()).toBe(0);
});

test("a search narrowed to a single tool goes by meaning too, and one of Gatehouse's own operations asks nobody", async () => {
  world.upstream.tools = office.filter(({ name }) => name === "print_label");
  await connectUpstream(world);
  const client = await agent();
  await filled(client, 1);
  expect((await search(client, "label", { connection: "Echo server" })).hint).toBeUndefined();
  fake.asked.length = 0;
  const own = await search(client, "something never asked before", { connection: "Gatehouse" });
  expect(own.hint ?? "").not.toContain("by words alone");
  expect(fake.asked).toEqual([]);
});

test("only tools of the caller are compared", async () => {
  await connectUpstream(world);
  await filled(await agent());
  const outsider = await createMember({ id: world.owner.actor.orgId, name: "Acme" });
  await createConnection(world.owner.actor, {
    name: "Private",
    url: world.upstream.url,
    authType: "none",
    credentialMode: "shared",
    access: { organization: false, membershipIds: [outsider.membershipId], teamIds: [] },
  });
  await db.accessGrant.deleteMany({ where: { grantee: "organization" } });
  const other = await legacyClient(world, await tokenFor(outsider.actor));
  await filled(other, 2 * office.length);
  for (const { connection } of (await search(other, "motorcar", { limit: 20 })).matches) expect(connection).toBe("Private");
});

test.each([
  ["is dead", (res) => void res.destroy()],
  ["refuses", (res) => void res.writeHead(500).end("no")],
  ["is limited", (res) => void res.writeHead(429, { "retry-after": "1800" }).end()],
  ["answers no JSON", (res) => void res.writeHead(200).end("<html>")],
  ["answers something else", (res) => void res.writeHead(200).end('{"data":[{"index":0,"embedding":["x"]}]}')],
  ["answers other dimensions", (res) => void res.writeHead(200).end('{"data":[{"index":0,"embedding":[1,2,3]}]}')],
  ["answers numbers that are none", (res) => void res.writeHead(200).end('{"data":[{"index":0,"embedding":[1e999]}]}')],
  ["redirects", (res) => void res.writeHead(302, { location: "http://169.254.169.254/" }).end()],
] satisfies [string, (res: Parameters<NonNullable<typeof fake.intercept>>[0]) => void][])(
  "a provider that %s is left alone for a while, and the answer goes by words",
  async (what, answer) => {
    await connectUpstream(world);
    const client = await agent();
    await filled(client);
    fake.intercept = (res) => {
      answer(res);
      return true;
    };
    fake.asked.length = 0;
    expect(await search(client, "print a label, quickly")).toMatchObject({
      matches: [{}],
      hint: expect.stringContaining("by words alone"),
    });
    await vi.waitFor(() => expect(isPaused()).toBe(true), { timeout: 10_000 });
    for (const query of ["label one", "label two", "label three"]) await search(client, query);
    expect(fake.asked).toHaveLength(1);
    // What is in memory is still compared.
    expect((await search(client, "label")).hint).toBeUndefined();
    ahead += 900_000;
    await search(client, "label four");
    if (what === "is limited") expect(fake.asked).toHaveLength(1);
    else await vi.waitFor(() => expect(fake.asked).toHaveLength(2), { timeout: 10_000 });
  },
);

test("a provider that is slow delays a search by its budget, three times; then nothing is waited for", async () => {
  await connectUpstream(world);
  const client = await agent();
  await filled(client);
  const held: (() => void)[] = [];
  fake.intercept = (res) => {
    held.push(() => res.destroy());
    return true;
  };
  fake.asked.length = 0;
  for (const query of ["label a1", "label b1", "label c1", "label d1", "label e1"])
    expect(await search(client, query)).toMatchObject({ matches: [{}], hint: expect.stringContaining("by words alone") });
  expect(fake.asked.length).toBeGreaterThan(0);
  expect(fake.asked.length).toBeLessThanOrEqual(3);
  for (const release of held) release();
});

test("a text that the provider refuses is left out, and the others have their vectors", async () => {
  fake.intercept = (res, texts) => {
    if (!texts.some((text) => text.includes("checkup"))) return false;
    res.writeHead(400).end('{"error":{"message":"too long"}}');
    return true;
  };
  await connectUpstream(world);
  const client = await agent();
  await filled(client, office.length - 1);
  expect(isPaused()).toBe(false);
  await expectFirst(client, "motorcar", "book_vehicle");
});
