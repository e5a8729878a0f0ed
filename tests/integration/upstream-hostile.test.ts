// Tool lists as they should not be: each is bounded, told on its connection, and no other connection notices.
import type { ServerResponse } from "node:http";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { byId } from "#server/connections/by-id.ts";
import { db } from "#server/db.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
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

type Say = (result: object) => void;

/** Answers each tools/list by `answer` instead of the protocol; `cursor` is what the page was asked for. */
function lists(upstream: FakeUpstream, answer: (say: Say, res: ServerResponse, cursor: string | undefined, id: unknown) => void): void {
  upstream.intercept = (_req, res, body) => {
    if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/list") return false;
    const id = "id" in body ? body.id : null;
    const params = "params" in body && typeof body.params === "object" ? body.params : null;
    const cursor = params && "cursor" in params ? String(params.cursor) : undefined;
    const json = { "content-type": "application/json" };
    const say: Say = (result) => {
      const whole = { resultType: "complete", ttlMs: 0, cacheScope: "private", ...result };
      res.writeHead(200, json).end(JSON.stringify({ jsonrpc: "2.0", id, result: whole }));
    };
    answer(say, res, cursor, id);
    return true;
  };
}

const tool = (name: string, more: object = {}) => ({ name, inputSchema: { type: "object" }, ...more });
const many = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => tool(`${prefix}${n}`));

async function connected(name: string) {
  const upstream = await startUpstream([echoTool]);
  open.push(upstream);
  const id = await connectTo(owner, upstream.url, { name });
  return { upstream, id, target: await targetFor(id) };
}

test.each<[string, RegExp, Parameters<typeof lists>[1]]>([
  ["100,000 tools on one page", /more than 2000 tools|larger|too much/i, (say) => say({ tools: many(100_000, "t") })],
  ["100,000 tools on pages", /more than 2000 tools/, (say, _res, at = "0") => say({ tools: many(1_000, `${at}-`), nextCursor: `${at}1` })],
  ["pages in circles", /round in circles/, (say, _res, at) => say({ tools: [], nextCursor: at === "a" ? "b" : "a" })],
  ["pages without end", /more than 20 pages/, (say, _res, at = "0") => say({ tools: [], nextCursor: String(Number(at) + 1) })],
  ["a description of 10 MB", /larger|too much|MB|MiB/i, (say) => say({ tools: [tool("t", { description: "x".repeat(10_485_760) })] })],
  ["invalid JSON", /./, (_say, res) => res.writeHead(200, { "content-type": "application/json" }).end('{"jsonrpc":"2.0","id":')],
  ["no list at all", /./, (say) => say({ tools: "none" })],
])("%s: the failure is told, what was stored stays, and another connection goes on", async (_what, seen, answer) => {
  const [bad, good] = [await connected("Bad"), await connected("Good")];
  lists(bad.upstream, answer);
  const failing = syncCatalog(bad.target).catch((error: unknown) => error);
  expect(await call(good.target)).toMatchObject({ content: [{ text: "hello" }] });
  expect(await failing).toMatchObject({ code: "UPSTREAM_FAILED" });
  expect(await byId(owner.actor, { id: bad.id })).toMatchObject({
    failure: { seen: expect.stringMatching(seen) },
    state: { name: "stale" },
    tools: [{ name: "echo" }],
  });
  expect(await byId(owner.actor, { id: good.id })).toMatchObject({ failure: null, state: { name: "ready" } });
});

test("an answer with a foreign id is no answer, nor is one after the stream was closed", async () => {
  const { upstream, target, id } = await connected("Bad");
  await call(target);
  for (const event of [{ id: "foreign" }, { id: 1_000_000 }]) {
    lists(upstream, (_say, res) => {
      const message = {
        jsonrpc: "2.0",
        ...event,
        result: { resultType: "complete", ttlMs: 0, cacheScope: "private", tools: [tool("wrong")] },
      };
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.end(`event: message\ndata: ${JSON.stringify(message)}\n\n`, () => res.write("data: late\n\n", () => undefined));
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    upstream.received.length = 0;
    const failing = syncCatalog(target).catch((error: unknown) => error);
    await expect.poll(() => upstream.received.map(({ rpcMethod }) => rpcMethod)).toContain("tools/list");
    vi.advanceTimersByTime(5_001);
    expect(await failing).toMatchObject({ code: "UPSTREAM_FAILED" });
    vi.useRealTimers();
    await call(target);
  }
  expect((await byId(owner.actor, { id })).tools.map(({ name }) => name)).toEqual(["echo"]);
});

test("what cannot be used of a list is left out and told, the rest is taken", async () => {
  const { upstream, target, id } = await connected("Mixed");
  let deep: object = { type: "string" };
  for (let level = 0; level < 200; level += 1) deep = { type: "object", properties: { a: deep } };
  const own: unknown = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"number"}}}');
  lists(upstream, (say) =>
    say({
      tools: [
        tool("fine"),
        tool("fine", { description: "another" }),
        tool(""),
        tool("new\nline"),
        tool("n".repeat(300)),
        tool("deep", { inputSchema: deep }),
        tool("large", { inputSchema: { type: "object", description: "x".repeat(600_000) } }),
        tool("mirrored", { inputSchema: { type: "object", properties: { a: { type: "string", "x-mcp-header": "no header" } } } }),
        tool("circular", { inputSchema: { type: "object", properties: { next: { $ref: "#" } }, $defs: { a: { $ref: "#/$defs/a" } } } }),
        tool("__proto__", { inputSchema: own }),
      ],
    }),
  );
  await syncCatalog(target);
  const { tools, leftOut, state } = await byId(owner.actor, { id });
  expect(tools.map(({ name }) => name)).toEqual(["fine", "circular", "__proto__"]);
  expect(state.name).toBe("ready");
  expect(leftOut?.count).toBe(7);
  expect(leftOut?.examples).toContainEqual({ name: "fine", why: "Its name is listed twice." });
  expect(leftOut?.examples).toContainEqual({ name: "deep", why: "Its schema is nested too deeply." });
  expect(leftOut?.examples).toContainEqual({ name: "mirrored", why: "Its x-mcp-header is not valid." });
  expect(leftOut?.examples.every(({ name }) => name.length <= 80)).toBe(true);
  expect(Object.prototype).not.toHaveProperty("type");
  upstream.intercept = null;
  await syncCatalog(target);
  expect((await byId(owner.actor, { id })).leftOut).toBeNull();
});

test("of a server with other tools at every list only the newest are remembered", async () => {
  const { upstream, target, id } = await connected("Changing");
  for (let round = 0; round < 4; round += 1) {
    lists(upstream, (say) => say({ tools: many(300, `${round}-`) }));
    await syncCatalog(target);
  }
  expect(await db.catalogTool.count({ where: { catalog: { connectionId: id }, removedAt: null } })).toBe(300);
  expect(await db.catalogTool.count({ where: { catalog: { connectionId: id } } })).toBeLessThanOrEqual(800);
});
