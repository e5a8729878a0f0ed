// Agents that leave, read slowly or bring bad tokens: what they wanted ends all the way, and nothing of it stays in memory.
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { flushCalls } from "#server/audit/calls.ts";
import { db } from "#server/db.ts";
import { paced } from "#server/agent/progress.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { echoTool } from "#tests/fakes/mcp-upstream.ts";
import { type SessionUpstream, startSessionUpstream } from "#tests/fakes/session-upstream.ts";
import { ask, connectUpstream, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { startHost } from "#tests/setup/host.ts";
import { connectTo } from "#tests/setup/upstream.ts";

vi.setConfig({ testTimeout: 60_000 });

const world = useAgentWorld();
let token: string;
let legacy: SessionUpstream;

beforeEach(async () => {
  token = await tokenFor(world.owner.actor);
  legacy = await startSessionUpstream();
});
afterEach(async () => {
  await closeAllSessions();
  await legacy.close();
});

/** What comes over a connection on which several requests are sent at once, until it ends. */
async function sendAtOnce(origin: string, requests: readonly string[]): Promise<string> {
  const { hostname, port, host } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const said = text(socket);
  const common = `POST /mcp/agent HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\naccept: application/json, text/event-stream\r\ncontent-type: application/json\r\n`;
  socket.write(requests.map((body) => `${common}content-length: ${body.length}\r\n\r\n${body}`).join(""));
  return said;
}

test("requests sent on a connection before the answer to the one before do nothing, and end it", async () => {
  const { origin, close } = await startHost();
  const name = `mcp:${(await connectUpstream(world)).id}:echo`;
  const call = (n: number) =>
    JSON.stringify({
      jsonrpc: "2.0",
      id: n,
      method: "tools/call",
      params: { name: "execute_capability", arguments: { name, arguments: { text: `call ${n}` } } },
    });
  world.upstream.received.length = 0;
  const said = await sendAtOnce(origin, [call(1), call(2), call(3)]);
  expect(said).toContain("call 1");
  expect(said.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 503"]);
  expect(world.upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call")).toHaveLength(1);
  await close();
});

const soon = (condition: () => void | Promise<void>) => vi.waitFor(condition, { timeout: 20_000 });

interface Waiting {
  arrived: () => number;
  gone: () => number;
}

/** The modern server's calls hang, and tell when nobody waits for them any more. */
function hangModern(): Waiting {
  let [arrived, gone] = [0, 0];
  world.upstream.tools = [
    {
      ...echoTool,
      run: (_given, signal) => {
        arrived += 1;
        signal.addEventListener("abort", () => (gone += 1));
        return new Promise(() => undefined);
      },
    },
  ];
  return { arrived: () => arrived, gone: () => gone };
}

/** The legacy server's calls hang, in silence or in a stream that has begun. */
function hangLegacy(streams: boolean): Waiting {
  let [arrived, gone] = [0, 0];
  legacy.onCall = (_request, res) => {
    arrived += 1;
    res.on("close", () => (gone += 1));
    if (streams) res.writeHead(200, { "content-type": "text/event-stream" }).write(": begun\n\n");
    return true;
  };
  return { arrived: () => arrived, gone: () => gone };
}

const single = (name: string, more: object = {}) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "execute_capability", arguments: { name, arguments: { text: "x" } }, ...more },
});

/** Sends a request on a socket of its own; the returned function closes it. */
function begin(body: object): () => void {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
  const req = httpRequest(`${world.origin}/mcp/agent`, { method: "POST", headers, agent: false });
  req.on("error", () => undefined);
  req.end(JSON.stringify(body));
  return () => void req.destroy();
}

const withProgress = { _meta: { progressToken: "p" } };

describe("an agent that closes its connection ends its call at the server", () => {
  test.each([
    ["modern, plain", "modern", {}],
    ["modern, streamed to the agent", "modern", withProgress],
    ["legacy, plain", "json", {}],
    ["legacy, streamed by the server", "stream", {}],
    ["legacy, streamed both ways", "stream", withProgress],
  ])("%s", async (_what, server, more) => {
    const waiting = server === "modern" ? hangModern() : hangLegacy(server === "stream");
    const id = server === "modern" ? (await connectUpstream(world)).id : await connectTo(world.owner, legacy.url);
    const leave = begin(single(`mcp:${id}:echo`, more));
    await soon(() => expect(waiting.arrived()).toBe(1));
    leave();
    await soon(() => expect(waiting.gone()).toBe(1));
    // 2025-11-25 has a message for it, 2026-07-28 the end of the request alone.
    const told = () => legacy.received.some(({ rpcMethod }) => rpcMethod === "notifications/cancelled");
    if (server !== "modern") await soon(() => expect(told()).toBe(true));
  });

  test("while it waits for its turn: it never leaves", async () => {
    const waiting = hangLegacy(false);
    const id = await connectTo(world.owner, legacy.url);
    const all = Array.from({ length: 75 }, () => begin(single(`mcp:${id}:echo`)));
    await soon(() => expect(waiting.arrived()).toBe(75));
    const leaveQueued = begin(single(`mcp:${id}:echo`));
    await soon(async () => expect(await db.auditEvent.count({ where: { action: "capability.executed" } })).toBe(76));
    leaveQueued();
    await soon(async () => {
      await flushCalls();
      expect(await db.auditEvent.count({ where: { action: "capability.executed", outcome: "failed" } })).toBe(1);
    });
    all.forEach((leave) => leave());
    await soon(() => expect(waiting.gone()).toBe(75));
    expect(waiting.arrived()).toBe(75);
  });

  test("while the session is being opened: nothing is called", async () => {
    const { id } = await connectUpstream(world);
    await closeAllSessions();
    const held: (() => void)[] = [];
    const waiting = hangModern();
    world.upstream.intercept = (_req, res, body) => {
      if (!JSON.stringify(body).includes("server/discover")) return false;
      held.push(() => res.writeHead(503).end());
      return true;
    };
    const leave = begin(single(`mcp:${id}:echo`));
    await soon(() => expect(held.length).toBe(1));
    leave();
    await soon(async () => {
      await flushCalls();
      expect(await db.auditEvent.count({ where: { action: "capability.executed", outcome: "failed" } })).toBe(1);
    });
    held.forEach((release) => release());
    expect(waiting.arrived()).toBe(0);
  });

  test("while the list of tools is read for a name that is in none: the call is over at once", async () => {
    const { id } = await connectUpstream(world);
    await db.catalog.updateMany({ data: { listedAt: new Date(Date.now() - 60_000) } });
    let asked = 0;
    world.upstream.intercept = (_req, _res, body) => {
      if (!JSON.stringify(body).includes("tools/list")) return false;
      asked += 1;
      return true;
    };
    const leave = begin(single(`mcp:${id}:unheard_of`));
    await soon(() => expect(asked).toBe(1));
    const left = performance.now();
    leave();
    await soon(async () => {
      await flushCalls();
      expect(await db.auditEvent.findMany({ where: { action: "capability.executed" } })).toMatchObject([
        { outcome: "failed", errorCode: "connection_failed" },
      ]);
    });
    // A page of the list may take five seconds.
    expect(performance.now() - left).toBeLessThan(3_000);
  });

  test("in a batch: what runs ends, what has not begun never does", async () => {
    const waiting = hangModern();
    const { id } = await connectUpstream(world);
    const calls = Array.from({ length: 20 }, () => ({ name: `mcp:${id}:echo`, arguments: { text: "x" } }));
    const leave = begin({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "execute_capability", arguments: { calls } } });
    await soon(() => expect(waiting.arrived()).toBe(8));
    leave();
    await soon(() => expect(waiting.gone()).toBe(8));
    await soon(async () => {
      await flushCalls();
      expect(await db.auditEvent.count({ where: { action: "capability.executed", outcome: "started" } })).toBe(0);
    });
    expect(waiting.arrived()).toBe(8);
    expect(await db.auditEvent.count({ where: { action: "capability.executed" } })).toBe(8);
  });
});

describe("progress", () => {
  test("of a server that reports 100,000 times: the agent gets what it can use, and the result", async () => {
    legacy.onCall = ({ id, params }, res) => {
      const token = JSON.parse(JSON.stringify(params))._meta?.progressToken;
      res.writeHead(200, { "content-type": "text/event-stream" });
      const event = (progress: number) =>
        `data: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: token, progress } })}\n\n`;
      for (let progress = 1; progress <= 100_000; progress += 1) res.write(event(progress));
      res.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "done" }] } })}\n\n`);
      return true;
    };
    const id = await connectTo(world.owner, legacy.url);
    const said = await (await ask(world, token, single(`mcp:${id}:echo`, withProgress))).text();
    expect(said).toContain("done");
    expect(said.split("notifications/progress").length - 1).toBeLessThan(200);
  }, 30_000);

  test("passes at once in small numbers, later the newest alone", () => {
    vi.useFakeTimers();
    const sent: number[] = [];
    const report = paced(({ progress }) => sent.push(progress), new AbortController().signal);
    for (let progress = 1; progress <= 1_000; progress += 1) report({ progress });
    expect(sent).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual([...Array.from({ length: 20 }, (_, n) => n + 1), 1_000]);
    vi.useRealTimers();
  });
});
