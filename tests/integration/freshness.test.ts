// Tools that change while agents search: servers of both generations that announce it, drop their streams, die and come back.
import { afterEach, describe, expect, test, vi } from "vitest";

import { create as createConnection } from "#server/connections/create.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { searchMemory } from "#server/search/memory.ts";
import { warmUp } from "#server/search/warm-up.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { echoTool, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startSessionUpstream } from "#tests/fakes/session-upstream.ts";
import { everyone, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { targetFor } from "#tests/setup/upstream.ts";

const world = useAgentWorld();
const agent = async () => legacyClient(world, await tokenFor(world.owner.actor));
const toolOf = (name: string, description = "") => ({ name, description, inputSchema: { type: "object" as const } });

/**
 * A tenth of a second on a quiet machine, and what a busy one may take: without an announcement it would be minutes. The second that is promised has a
 * test of its own.
 */
const soon = { timeout: 15_000, interval: 20 };

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await closeAllSessions();
  await Promise.all(open.splice(0).map((server) => server.close().catch(() => undefined)));
});

async function connect(name: string, url: string): Promise<string> {
  const { id } = await createConnection(world.owner.actor, { name, url, authType: "none", credentialMode: "shared", access: everyone });
  return id;
}

/** A server that announces changes, of either generation. */
interface Announcing {
  url: string;
  tools: object[];
  announceChange: () => void;
  streams: () => number;
  dropStreams: () => void;
  die: () => Promise<void>;
  revive: () => Promise<void>;
  lists: () => number;
}

const generations: Record<string, () => Promise<Announcing>> = {
  "2025-11-25": async () => {
    const upstream = await startSessionUpstream();
    open.push(upstream);
    const lists = () => upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/list").length;
    return Object.assign(upstream, { dropStreams: upstream.hangUp, lists });
  },
  "2026-07-28": async () => {
    const upstream = await startUpstream([echoTool], { announces: true });
    open.push(upstream);
    const lists = () => upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/list").length;
    const dropStreams = () => {
      for (const res of upstream.subscriptions) res.end();
    };
    return Object.assign(upstream, { streams: () => upstream.subscriptions.size, dropStreams, lists });
  },
};

describe.each(Object.entries(generations))("a server of %s", (_generation, start) => {
  /** Connected, searched once, and heard since. */
  async function heard() {
    const upstream = await start();
    const id = await connect("Changing", upstream.url);
    // What the connect opened is gone; the next stream is that of a connection in use.
    await expect.poll(upstream.streams, soon).toBe(0);
    const client = await agent();
    const find = async (query: string) => (await search(client, query, { connection: "Changing" })).matches.map(({ name }) => name);
    expect(await find("echo")).toEqual([`mcp:${id}:echo`]);
    await expect.poll(upstream.streams, soon).toBe(1);
    return { upstream, id, client, find };
  }

  test("a new, a changed and a removed tool are known as soon as they are announced", async () => {
    const { upstream, id, find } = await heard();
    upstream.tools = [...upstream.tools, toolOf("brew_coffee", "Makes a cup.")];
    upstream.announceChange();
    await expect.poll(() => find("brew coffee"), soon).toEqual([`mcp:${id}:brew_coffee`]);

    upstream.tools = [toolOf("brew_coffee", "Pours an espresso.")];
    upstream.announceChange();
    await expect.poll(() => find("espresso"), soon).toEqual([`mcp:${id}:brew_coffee`]);
    expect(await find("returns the text")).toEqual([]);
  });

  test("an announced tool is found within a second", async () => {
    const { upstream, id, find } = await heard();
    const waits: number[] = [];
    for (const name of ["brew_coffee", "make_tea", "pour_milk"]) {
      upstream.tools = [...upstream.tools, toolOf(name)];
      const announced = performance.now();
      upstream.announceChange();
      await expect.poll(() => find(name), soon).toEqual([`mcp:${id}:${name}`]);
      waits.push(performance.now() - announced);
    }
    // The best of them: one announcement right after another waits half a second for its turn, and a busy machine takes its time.
    expect(Math.min(...waits)).toBeLessThan(1_000);
  });

  test("a dropped stream is opened again, and what was announced meanwhile is found", async () => {
    const { upstream, id, find } = await heard();
    upstream.dropStreams();
    await expect.poll(upstream.streams, { ...soon, interval: 5 }).toBe(0);
    upstream.tools = [toolOf("brew_coffee")];
    await expect.poll(() => find("brew coffee"), soon).toEqual([`mcp:${id}:brew_coffee`]);
    expect(upstream.streams()).toBe(1);
  });

  test("a dead server keeps its tools and is named with their age; it comes back by itself", async () => {
    const { upstream, id, client, find } = await heard();
    await upstream.die();
    const states = async () => (await search(client, "echo")).connections;
    // Nobody has to ask: the stream ended and could not be opened again.
    await expect
      .poll(states, { timeout: 30_000, interval: 200 })
      .toMatchObject([{ id, state: "stale", message: expect.stringMatching(/tools as of (a moment|\d+ seconds|1 minute) ago/) }]);
    expect(await find("echo")).toEqual([`mcp:${id}:echo`]);

    await upstream.revive();
    upstream.tools = [toolOf("brew_coffee")];
    // The pause after a failure passes at once.
    await db.catalog.updateMany({
      data: {
        lastFailureAt: new Date(Date.now() - 31_000),
        lastSuccessAt: new Date(Date.now() - 60_000),
        listedAt: new Date(Date.now() - 60_000),
      },
    });
    changed(world.owner.actor.orgId);
    await expect.poll(() => find("brew coffee"), soon).toEqual([`mcp:${id}:brew_coffee`]);
    expect(await states()).toEqual([]);
    await expect.poll(upstream.streams, soon).toBe(1);
    upstream.tools = [toolOf("make_tea")];
    upstream.announceChange();
    await expect.poll(() => find("make tea"), soon).toEqual([`mcp:${id}:make_tea`]);
  }, 60_000);

  test("announcements without end are followed ever more slowly", async () => {
    const { upstream } = await heard();
    const before = upstream.lists();
    const until = Date.now() + 3_000;
    await expect.poll(() => (upstream.announceChange(), Date.now() > until), { timeout: 5_000, interval: 20 }).toBe(true);
    // At 0, 0.5 and 1.5 seconds.
    expect(upstream.lists() - before).toBeLessThanOrEqual(4);
    expect(upstream.lists() - before).toBeGreaterThanOrEqual(2);
  });
});

const listsOf = (upstream: { received: { rpcMethod: string | null }[] }) =>
  upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/list").length;

/** As if everything stored had been listed so many seconds ago. */
async function age(seconds: number): Promise<void> {
  const at = new Date(Date.now() - seconds * 1_000);
  await db.catalog.updateMany({ data: { listedAt: at, lastSuccessAt: at } });
  changed(world.owner.actor.orgId);
}

test("a list that its server calls good for no time at all is asked for twice a minute at most", async () => {
  const { upstream } = world;
  await connect("Eager", upstream.url);
  expect(await db.catalog.findFirst()).toMatchObject({ ttlMs: 0 });
  const client = await agent();
  upstream.received.length = 0;
  await age(25);
  expect((await search(client, "echo")).matches).toHaveLength(1);
  await age(40);
  expect((await search(client, "echo")).matches).toHaveLength(1);
  await expect.poll(() => listsOf(upstream), soon).toBe(1);
});

test.each([
  ["no lifetime of its own", null, 300],
  ["a lifetime of a minute", 60_000, 60],
])("a list with %s is asked for anew when that is over (else five minutes), and not long before", async (_what, ttlMs, seconds) => {
  const { upstream } = world;
  await connect("Calm", upstream.url);
  await db.catalog.updateMany({ data: { ttlMs, listingBegan: null } });
  const client = await agent();
  upstream.received.length = 0;
  await age(seconds * 0.85);
  expect((await search(client, "echo")).matches).toHaveLength(1);
  // Whether to list is settled by the time a search answers, and the claim is the first thing a listing does.
  expect(await db.catalog.findFirst()).toMatchObject({ listingBegan: null });
  await age(seconds + 0.1);
  expect((await search(client, "echo")).matches).toHaveLength(1);
  await expect.poll(() => listsOf(upstream), soon).toBe(1);
});

test("many servers that are due at once are listed three at a time and once each, however many search", async () => {
  const { upstream } = world;
  for (let n = 0; n < 12; n += 1) await connect(`Server ${n}`, upstream.url);
  let [now, most] = [0, 0];
  upstream.intercept = (_req, res, body) => {
    if (!JSON.stringify(body)?.includes('"tools/list"')) return false;
    most = Math.max(most, (now += 1));
    res.on("close", () => (now -= 1));
    return false;
  };
  upstream.received.length = 0;
  const client = await agent();
  await age(3_600);
  const found = await Promise.all(Array.from({ length: 10 }, () => search(client, "echo", { limit: 20 })));
  for (const { matches, complete } of found) expect([matches.length, complete]).toEqual([12, true]);
  await expect.poll(() => listsOf(upstream), { timeout: 20_000 }).toBe(12);
  expect(most).toBeLessThanOrEqual(3);
  const fresh = () => db.catalog.count({ where: { listedAt: { gt: new Date(Date.now() - 60_000) } } });
  await expect.poll(fresh, soon).toBe(12);
  expect(listsOf(upstream)).toBe(12);
});

test("servers that failed last and are silent now leave room for one that answers", async () => {
  const { upstream } = world;
  const silent = await startUpstream();
  open.push(silent);
  const bad: string[] = [];
  for (let n = 0; n < 3; n += 1) bad.push(await connect(`Silent ${n}`, silent.url));
  const good = await connect("Good", upstream.url);
  silent.intercept = (_req, res) => {
    res.writeHead(500).end();
    return true;
  };
  for (const id of bad) await expect(syncCatalog(await targetFor(id))).rejects.toThrow();
  silent.intercept = () => true;
  let ended = 0;
  const waiting = [];
  for (const id of bad) waiting.push(syncCatalog(await targetFor(id)).catch(() => (ended += 1)));
  await syncCatalog(await targetFor(good));
  expect(ended).toBe(0);
  // Ends those that wait.
  await silent.close();
  await Promise.all(waiting);
});

test("a changed list is indexed before anybody searches again, and the memory it takes is told", async () => {
  const { upstream } = world;
  const id = await connect("Growing", upstream.url);
  await search(await agent(), "echo");
  const { items: before, total } = searchMemory();
  expect(total).toBeGreaterThan(0);
  upstream.tools = Array.from({ length: 100 }, (_, n) => toolOf(`tool_${n}`, `Word${n} other${n}`));
  await syncCatalog(await targetFor(id));
  await expect.poll(() => searchMemory().items.terms, soon).toBeGreaterThan(before.terms + 150);
  expect(searchMemory().items).toMatchObject({ segments: before.segments, lists: before.lists, tools: before.tools + 99 });
});

test("after a start the lists of those whose agents asked lately are read", async () => {
  const { upstream } = world;
  upstream.tools = Array.from({ length: 50 }, (_, n) => toolOf(`tool_${n}`));
  await syncCatalog(await targetFor(await connect("Known", upstream.url)));
  const token = await tokenFor(world.owner.actor);
  const before = searchMemory().items;
  await warmUp(() => false);
  expect(searchMemory().items.tools).toBe(before.tools);
  await db.agentToken.updateMany({ where: { tokenHash: { not: token } }, data: { lastUsedAt: new Date() } });
  await warmUp(() => false);
  expect(searchMemory().items.tools).toBe(before.tools + 50);
});
