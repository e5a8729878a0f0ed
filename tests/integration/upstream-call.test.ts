// Calls to third-party servers of every kind: one request each, the result untouched, and every way to fail told apart.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { inspect } from "node:util";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";

import { db } from "#server/db.ts";
import { metricsText } from "#server/metric.ts";
import { Room } from "#server/outbound/room.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { demandHeader, echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { type Forgetfulness, type SessionUpstream, startSessionUpstream } from "#tests/fakes/session-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { call, connectTo, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

const hello = { content: [{ type: "text", text: "hello" }] };
const open: { close: () => Promise<void> }[] = [];
let owner: Person;

async function modern(tools = [echoTool]): Promise<FakeUpstream> {
  const upstream = await startUpstream(tools);
  open.push(upstream);
  return upstream;
}
async function legacy(...options: Parameters<typeof startSessionUpstream>): Promise<SessionUpstream> {
  const upstream = await startSessionUpstream(...options);
  open.push(upstream);
  return upstream;
}
const methodsOf = (received: readonly { rpcMethod: string | null; method: string }[]) =>
  received.filter(({ method }) => method !== "GET").map(({ rpcMethod, method }) => rpcMethod ?? method);

beforeEach(async () => {
  await resetDatabase();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
});
afterEach(async () => {
  await closeAllSessions();
  await Promise.all(open.splice(0).map(({ close }) => close()));
});

describe("in the steady state", () => {
  test.each([
    ["a modern server", () => modern()],
    ["a server with sessions that answers in JSON", () => legacy()],
    ["a server with sessions that answers in streams", () => legacy({ answersAs: "stream" })],
  ])("a call to %s is one request", async (_what, start) => {
    const upstream = await start();
    const target = await targetFor(await connectTo(owner, upstream.url));
    expect(await call(target)).toMatchObject(hello);
    upstream.received.length = 0;
    const texts = Array.from({ length: 20 }, (_, n) => `text ${n}`);
    const results = await Promise.all(texts.map((text) => call(target, { arguments: { text } })));
    expect(results).toMatchObject(texts.map((text) => ({ content: [{ type: "text", text }] })));
    expect(methodsOf(upstream.received)).toEqual(texts.map(() => "tools/call"));
  });

  test("twenty first calls at once make one session", async () => {
    const upstream = await legacy();
    const target = await targetFor(await connectTo(owner, upstream.url));
    upstream.received.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => call(target)));
    expect(upstream.received.filter(({ rpcMethod }) => rpcMethod === "initialize")).toHaveLength(1);
  });
});

const rich = {
  content: [
    { type: "text", text: "ü \u2028 🔑", annotations: { audience: ["user"], priority: 0.5 } },
    { type: "image", data: "aGk=", mimeType: "image/png" },
    { type: "resource_link", uri: "file:///a", name: "a" },
    { type: "resource", resource: { uri: "file:///b", text: "b" } },
  ],
  structuredContent: { deep: { list: [1, null, "x"] } },
  isError: true,
  _meta: { "example.com/trace": "7" },
};

describe("the plain way", () => {
  test.each([
    ["modern", async () => (await modern([{ ...echoTool, run: () => JSON.parse(JSON.stringify(rich)) }])).url],
    [
      "legacy",
      async () => {
        const upstream = await legacy();
        upstream.onCall = ({ id }, _res, write) => {
          write({ id, result: rich });
          return true;
        };
        return upstream.url;
      },
    ],
  ])("gives what the SDK's client gives (%s)", async (_era, start) => {
    const url = await start();
    const client = new Client({ name: "peer", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    const bySdk = await client.callTool({ name: "echo", arguments: { text: "x" } });
    await client.close();
    const result = await call(await targetFor(await connectTo(owner, url)));
    expect(result).toEqual(bySdk);
    expect(result).toMatchObject(rich);
  });

  test("keeps what the SDK would not: content of a kind that it does not know", async () => {
    const upstream = await legacy();
    const result = { content: [{ type: "hologram", data: "x" }], surprise: 1 };
    upstream.onCall = ({ id }, res) => {
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
      return true;
    };
    expect(await call(await targetFor(await connectTo(owner, upstream.url)))).toEqual(result);
  });

  test("names a tool in a header also when its name is no header value", async () => {
    const upstream = await modern([{ ...echoTool, name: "écho outil" }]);
    const target = await targetFor(await connectTo(owner, upstream.url));
    expect(await call(target, { name: "écho outil" })).toMatchObject(hello);
  });

  test("answers a ping in the middle of a call, and says no to the rest", async () => {
    const upstream = await legacy();
    let waiting: (() => void) | null = null;
    upstream.onCall = ({ id }, _res, write) => {
      write({ id: "p", method: "ping" });
      write({ id: "s", method: "sampling/createMessage", params: {} });
      waiting = () => write({ id, result: hello });
      return true;
    };
    const result = call(await targetFor(await connectTo(owner, upstream.url)));
    const replies = () =>
      upstream.received.filter(({ rpcMethod, method }) => rpcMethod === null && method === "POST").map(({ body }) => body);
    await expect.poll(replies).toHaveLength(2);
    expect(replies()).toEqual(
      expect.arrayContaining([
        { jsonrpc: "2.0", id: "p", result: {} },
        expect.objectContaining({ id: "s", error: expect.objectContaining({ code: -32_601 }) }),
      ]),
    );
    (waiting ?? (() => undefined))();
    expect(await result).toMatchObject(hello);
  });

  test.each([
    ["singly", 1],
    ["in lists", 500],
  ])("answers twenty requests of a server in a call and no more, sent %s", async (_what, together) => {
    const upstream = await legacy();
    upstream.onCall = ({ id }, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      for (let sent = 0; sent < 1_000; sent += together) {
        const pings = Array.from({ length: together }, (_, n) => ({ jsonrpc: "2.0", id: `p${sent + n}`, method: "ping" }));
        res.write(`data: ${JSON.stringify(together === 1 ? pings[0] : pings)}\n\n`);
      }
      res.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: hello })}\n\n`);
      return true;
    };
    const target = await targetFor(await connectTo(owner, upstream.url));
    expect(await call(target)).toMatchObject(hello);
    const replies = () => upstream.received.filter(({ rpcMethod, method }) => rpcMethod === null && method === "POST").length;
    await expect.poll(replies).toBe(20);
    // One more call behind them on the same connections: whatever was still under way has come by then.
    upstream.onCall = null;
    expect(await call(target)).toMatchObject(hello);
    expect(replies()).toBe(20);
  });

  test("takes no event of more than a thousand messages", async () => {
    const upstream = await legacy();
    upstream.onCall = (_request, res) => {
      const pings = Array.from({ length: 1_001 }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" }));
      res.writeHead(200, { "content-type": "text/event-stream" }).end(`data: ${JSON.stringify(pings)}\n\n`);
      return true;
    };
    await expect(call(await targetFor(await connectTo(owner, upstream.url)))).rejects.toMatchObject({ reason: "protocol_error" });
    expect(upstream.received.filter(({ rpcMethod, method }) => rpcMethod === null && method === "POST")).toEqual([]);
  });

  test("leaves room for others while it reads a stream of lines that are none", async () => {
    const upstream = await legacy();
    upstream.onCall = ({ id }, res, write) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).write("x\n".repeat(131_072));
      write({ id, result: hello });
      res.end();
      return true;
    };
    const target = await targetFor(await connectTo(owner, upstream.url));
    let turns = 0;
    const others = setInterval(() => (turns += 1), 1);
    expect(await call(target)).toMatchObject(hello);
    clearInterval(others);
    // It comes in a handful of pieces; read in one go each, the others would have had as many turns.
    expect(turns).toBeGreaterThan(100);
  });

  test("counts what it keeps of an event that is not whole, and nothing once it is", async () => {
    const upstream = await legacy();
    let end: () => void = () => undefined;
    const large = { content: [{ type: "text", text: "x".repeat(1_000_000) }] };
    upstream.onCall = ({ id }, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: large })}`);
      end = () => void res.end("\n\n");
      return true;
    };
    const calling = call(await targetFor(await connectTo(owner, upstream.url)));
    const kept = () => Number(/gatehouse_unfinished_answers_bytes (\d+)/.exec(metricsText())?.[1]);
    await expect.poll(kept).toBeGreaterThan(900_000);
    end();
    expect(await calling).toMatchObject(large);
    expect(kept()).toBe(0);
  });

  test.each([
    ["lines that end as old systems end them", "data:a\r".repeat(50_000), 50_000 * 64],
    ["comments, which are no data but come with some", `data: a\n${": comment\n".repeat(50_000)}`, 500_000],
  ])("counts %s", async (_what, sent, atLeast) => {
    const upstream = await legacy();
    upstream.onCall = (_request, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).write(sent);
      return true;
    };
    const given = new AbortController();
    const calling = call(await targetFor(await connectTo(owner, upstream.url)), {}, { signal: given.signal }).catch(
      (error: unknown) => error,
    );
    const kept = () => Number(/gatehouse_unfinished_answers_bytes (\d+)/.exec(metricsText())?.[1]);
    await expect.poll(kept).toBeGreaterThan(atLeast - 100_000);
    given.abort();
    expect(await calling).toMatchObject({ reason: "cancelled", mayHaveRun: true });
    expect(kept()).toBe(0);
  });

  test("is given up where it has to make room for others, and is not made again", async () => {
    const upstream = await legacy();
    let calls = 0;
    upstream.onCall = (_request, res) => {
      calls += 1;
      res.writeHead(200, { "content-type": "text/event-stream" }).write(`data: ${"x".repeat(1_000_000)}`);
      return true;
    };
    const target = await targetFor(await connectTo(owner, upstream.url));
    const calling = call(target, { isRepeatable: true }).catch((error: unknown) => error);
    const kept = () => Number(/gatehouse_unfinished_answers_bytes (\d+)/.exec(metricsText())?.[1]);
    await expect.poll(kept).toBeGreaterThan(900_000);
    const other = new Room("127.0.0.1", () => undefined);
    other.keep(64 * 1_048_576);
    expect(await calling).toMatchObject({ reason: "no_room" });
    other.free();
    expect(calls).toBe(1);
    expect(kept()).toBe(0);
  });

  test("passes progress on", async () => {
    const upstream = await legacy();
    upstream.onCall = ({ id, params }, res, write) => {
      expect(params).toMatchObject({ _meta: { progressToken: id } });
      write({ method: "notifications/progress", params: { progressToken: id, progress: 1, total: 2, message: "half" } });
      write({ method: "notifications/progress", params: { progressToken: "another's", progress: 9 } });
      write({ id, result: hello });
      res.end();
      return true;
    };
    const seen: object[] = [];
    await call(await targetFor(await connectTo(owner, upstream.url)), {}, { onProgress: (update) => seen.push(update) });
    expect(seen).toEqual([{ progress: 1, total: 2, message: "half" }]);
  });

  test("goes on with a stream that the server ended early, after the pause it named, and gives up one that stays silent", async () => {
    const upstream = await legacy();
    let callId: unknown;
    let ended = 0;
    upstream.onCall = ({ id }, res) => {
      callId = id;
      ended = performance.now();
      res.writeHead(200, { "content-type": "text/event-stream" }).end("id: e-1\nretry: 250\ndata: \n\n");
      return true;
    };
    upstream.onResume = ({ headers }, res, write) => {
      expect(headers["last-event-id"]).toBe("e-1");
      expect(performance.now() - ended).toBeGreaterThanOrEqual(245);
      write({ id: callId, result: hello });
      res.end();
    };
    const target = await targetFor(await connectTo(owner, upstream.url));
    expect(await call(target)).toMatchObject(hello);
    let asked = 0;
    upstream.onResume = (_request, res) => {
      asked += 1;
      res.writeHead(200, { "content-type": "text/event-stream" }).end("retry: 100\n\n");
    };
    await expect(call(target)).rejects.toMatchObject({ reason: "unreachable" });
    expect(asked).toBe(5);
  });

  test("does not go on with a stream from an event whose id is longer than any server needs", async () => {
    const upstream = await legacy();
    let asked = 0;
    upstream.onCall = (_request, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).end(`id: ${"x".repeat(2_000)}\nretry: 100\ndata: \n\n`);
      return true;
    };
    upstream.onResume = (_request, res) => {
      asked += 1;
      res.writeHead(200, { "content-type": "text/event-stream" }).end();
    };
    const calling = call(await targetFor(await connectTo(owner, upstream.url)));
    await expect(calling).rejects.toMatchObject({ reason: "unreachable", mayHaveRun: true });
    expect(asked).toBe(0);
  });

  test("mirrors arguments in headers from the first call on, as the stored schema says", async () => {
    const region = { type: "string", "x-mcp-header": "Region" };
    const inputSchema = { type: "object" as const, properties: { region } };
    const upstream = await modern([{ ...echoTool, inputSchema }]);
    const target = await targetFor(await connectTo(owner, upstream.url));
    expect(await call(target, { arguments: { text: "hello", region: "eu-west" }, tool: { inputSchema } })).toMatchObject(hello);
    expect(upstream.received.at(-1)?.headers["mcp-param-region"]).toBe("eu-west");
  });

  test("mirrors arguments in headers where a server wants that, after it was told so once", async () => {
    const region = { type: "string", "x-mcp-header": "Region" };
    const inputSchema = { type: "object" as const, properties: { region } };
    const upstream = await modern([{ ...echoTool, inputSchema }]);
    upstream.intercept = (req, res, body) => {
      const isCall = typeof body === "object" && body !== null && "method" in body && body.method === "tools/call";
      if (!isCall || req.headers["mcp-param-region"] === "eu-west") return false;
      const error = { code: -32_020, message: "Header mismatch: Mcp-Param-Region" };
      res.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
      return true;
    };
    const target = await targetFor(await connectTo(owner, upstream.url));
    const input = { arguments: { text: "hello", region: "eu-west" } };
    expect(await call(target, input)).toMatchObject(hello);
    upstream.received.length = 0;
    expect(await call(target, input)).toMatchObject(hello);
    expect(methodsOf(upstream.received)).toEqual(["tools/call"]);
  });
});

describe("a server without sessions", () => {
  test.each([
    [404, "No such page"],
    [400, "This session is booked"],
  ])("that answers %s with an error of its tool is not called again", async (status, message) => {
    const upstream = await modern([echoTool]);
    upstream.intercept = (_req, res, body) => {
      if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/call" || !("id" in body)) return false;
      const error = { code: -32_000, message };
      res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id: body.id, error }));
      return true;
    };
    const target = await targetFor(await connectTo(owner, upstream.url));
    await expect(call(target)).rejects.toMatchObject({ reason: "protocol_error" });
    expect(upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call")).toHaveLength(1);
  });
});

describe("a session", () => {
  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])("in the revision %s works", async (protocolVersion) => {
    const upstream = await legacy({ protocolVersion });
    const target = await targetFor(await connectTo(owner, upstream.url));
    expect(await call(target)).toMatchObject(hello);
    expect(upstream.received.at(-1)?.headers["mcp-protocol-version"]).toBe(protocolVersion);
    expect(await db.catalog.findFirst()).toMatchObject({ transport: "legacy", protocolVersion });
  });

  test.each<Forgetfulness>(["404", "400"])("that the server forgot (it says %s) is opened anew, once for everybody", async (forgets) => {
    const upstream = await legacy({ forgets });
    const target = await targetFor(await connectTo(owner, upstream.url));
    await call(target);
    upstream.sessions.clear();
    upstream.received.length = 0;
    expect(await Promise.all([call(target), call(target), call(target)])).toMatchObject([hello, hello, hello]);
    expect(upstream.received.filter(({ rpcMethod }) => rpcMethod === "initialize")).toHaveLength(1);
  });

  test("that is forgotten again at once is not opened for ever", async () => {
    const upstream = await legacy();
    const target = await targetFor(await connectTo(owner, upstream.url));
    upstream.onCall = (_request, res) => {
      res.writeHead(404).end();
      return true;
    };
    await expect(call(target)).rejects.toMatchObject({ reason: "unreachable" });
    expect(upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call")).toHaveLength(2);
  });

  test("says goodbye when it is closed", async () => {
    const upstream = await legacy();
    await call(await targetFor(await connectTo(owner, upstream.url)));
    await closeAllSessions();
    await expect.poll(() => upstream.sessions.size).toBe(0);
  });

  test("is negotiated anew when the server changed its generation, either way", async () => {
    const [old, recent] = [await legacy(), await modern()];
    const target = await targetFor(await connectTo(owner, old.url));
    await call(target);
    // The same address, another server behind it.
    const moved = { ...target, url: recent.url };
    await db.connection.updateMany({ data: { url: recent.url } });
    expect(await call(moved)).toMatchObject(hello);
    await closeAllSessions();
    await db.catalog.updateMany({ data: { transport: "sse", transportAt: new Date() } });
    expect(await call(moved)).toMatchObject(hello);
  });
});

describe("a failed call", () => {
  const answers = (status: number, headers: Record<string, string> = {}, body = "") => {
    const intercept: NonNullable<FakeUpstream["intercept"]> = (_req, res, given) => {
      if (typeof given !== "object" || given === null || !("method" in given) || given.method !== "tools/call") return false;
      res.writeHead(status, headers).end(body.replace('"ID"', "id" in given ? JSON.stringify(given.id) : "null"));
      return true;
    };
    return intercept;
  };
  const json = { "content-type": "application/json" };
  const rpc = (error: object) => JSON.stringify({ jsonrpc: "2.0", id: "ID", error });

  test.each([
    ["401", answers(401), { reason: "unauthorized", explicit: false }],
    [
      "401 with invalid_token",
      answers(401, { "www-authenticate": 'Bearer error="invalid_token"' }),
      { reason: "unauthorized", explicit: true },
    ],
    [
      "403 with insufficient_scope",
      answers(403, { "www-authenticate": 'Bearer error="insufficient_scope"' }),
      { reason: "insufficient_scope" },
    ],
    ["403", answers(403), { reason: "protocol_error", upstream: { code: 403 } }],
    ["429 with seconds", answers(429, { "retry-after": "17" }), { reason: "rate_limited", retryAfterSeconds: 17 }],
    [
      "503 that says when to come back",
      answers(503, { "retry-after": "40" }),
      { reason: "unreachable", isServerFault: true, retryAfterSeconds: 40 },
    ],
    ["503 alone", answers(503), { reason: "unreachable", retryAfterSeconds: undefined }],
    ["429 with nonsense", answers(429, { "retry-after": "soon" }), { reason: "rate_limited", retryAfterSeconds: undefined }],
    ["500", answers(500), { reason: "unreachable" }],
    ["502 as a web page", answers(502, { "content-type": "text/html" }, "<h1>Bad gateway</h1>"), { reason: "unreachable" }],
    ["a web page", answers(200, { "content-type": "text/html" }, "<h1>Hello</h1>"), { reason: "unreachable" }],
    ["broken JSON", answers(200, json, '{"jsonrpc":'), { reason: "unreachable" }],
    ["broken JSON of an error", answers(400, json, '{"jsonrpc":'), { reason: "unreachable" }],
    ["an answer to another question", answers(200, json, '{"jsonrpc":"2.0","id":"other","result":{}}'), { reason: "unreachable" }],
    ["an answer without anything", answers(200, json, '{"jsonrpc":"2.0","id":"ID"}'), { reason: "protocol_error" }],
    ["a block that is none", answers(200, json, '{"jsonrpc":"2.0","id":"ID","result":{"content":[null]}}'), { reason: "protocol_error" }],
    [
      "a text that is none",
      answers(200, json, '{"jsonrpc":"2.0","id":"ID","result":{"content":[{"type":"text","text":7}]}}'),
      { reason: "protocol_error" },
    ],
    ["a stream that ends early", answers(200, { "content-type": "text/event-stream" }, ": hi\n\n"), { reason: "unreachable" }],
    ["an unknown tool", answers(200, json, rpc({ code: -32_602, message: "Unknown tool: echo" })), { reason: "unknown_tool" }],
    ["wrong arguments", answers(400, json, rpc({ code: -32_602, message: "text is required" })), { reason: "invalid_params" }],
    [
      "an error with data",
      answers(200, json, rpc({ code: -32_042, message: "Sign in", data: { url: "https://x.example" } })),
      { reason: "protocol_error", upstream: { code: -32_042, message: "Sign in", data: { url: "https://x.example" } } },
    ],
    [
      "a result 20,000 levels deep",
      answers(200, json, `{"jsonrpc":"2.0","id":"ID","result":{"content":[],"_meta":{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}}}`),
      { reason: "protocol_error" },
    ],
    [
      "an error 20,000 levels deep",
      answers(200, json, `{"jsonrpc":"2.0","id":"ID","error":{"code":7,"message":"no","data":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`),
      { reason: "protocol_error", upstream: { code: 7, message: "no" } },
    ],
    ["more than is taken", answers(200, json, `"${"x".repeat(5 * 1_048_576)}"`), { reason: "result_too_large" }],
    [
      "more in a stream than is taken",
      answers(200, { "content-type": "text/event-stream" }, `data: ${"x".repeat(17 * 1_048_576)}`),
      { reason: "result_too_large" },
    ],
  ])("with %s is told as what it is", async (_what, intercept, expected) => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url));
    upstream.intercept = intercept;
    await expect(call(target)).rejects.toMatchObject(expected);
  });

  test("with a date to wait for gives the seconds until then", async () => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url));
    upstream.intercept = answers(429, { "retry-after": new Date(Date.now() + 60_000).toUTCString() });
    const { retryAfterSeconds } = await call(target).then(
      () => ({ retryAfterSeconds: 0 }),
      (error: unknown) => (error instanceof Error && "retryAfterSeconds" in error ? error : { retryAfterSeconds: -1 }),
    );
    expect(retryAfterSeconds).toBeGreaterThan(55);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  test("says little and cleanly, however much and whatever the server says", async () => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url));
    const message = `line one\r\n{"level":"fatal"}\u001b[31m\u202e\ud800${"x".repeat(2_000)}`;
    upstream.intercept = answers(200, json, rpc({ code: -1, message, data: { big: "y".repeat(100_000) } }));
    const error: unknown = await call(target).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: "protocol_error", upstream: { code: -1 } });
    expect(error).not.toHaveProperty("upstream.data");
    const said = error instanceof Error ? error.message : "";
    expect(said.length).toBeLessThanOrEqual(500);
    expect(said).toMatch(/^line one \{"level":"fatal"\} \[31m \ufffdxxx/);
  });

  test("to a server that is gone is unreachable", async () => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url));
    await call(target);
    await upstream.close();
    await expect(call(target)).rejects.toMatchObject({ reason: "unreachable" });
  });

  test("with a 401 in passing keeps the credential; invalid_token ends it, with its audit row, and only the one that was refused", async () => {
    const upstream = await modern();
    upstream.intercept = demandHeader("authorization", "Bearer right-key");
    const target = await targetFor(await connectTo(owner, upstream.url, { apiKey: "right-key" }));
    await call(target);
    upstream.intercept = demandHeader("authorization", "Bearer other-key");
    await expect(call(target)).rejects.toMatchObject({ reason: "unauthorized" });
    expect(await db.credential.findFirst()).toMatchObject({ status: "active" });
    upstream.intercept = demandHeader("authorization", "Bearer other-key", 'Bearer error="invalid_token"');
    // A new key came between: what the old one met says nothing about it.
    await db.credential.updateMany({ data: { revision: { increment: 1 } } });
    await expect(call(target)).rejects.toMatchObject({ reason: "unauthorized", explicit: true });
    expect(await db.credential.findFirst()).toMatchObject({ status: "active" });
    await expect(call(await targetFor(target.connectionId))).rejects.toMatchObject({ reason: "unauthorized", explicit: true });
    expect(await db.credential.findFirst()).toMatchObject({ status: "rejected" });
    expect(await db.auditEvent.count({ where: { action: "connection.rejected", targetId: target.connectionId } })).toBe(1);
  });
});

describe("giving up", () => {
  test("with a 401 that comes as an unending stream leaves no connection behind", async () => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url));
    let isGone = false;
    upstream.intercept = (_req, res) => {
      res.on("close", () => (isGone = true));
      res.writeHead(401, { "content-type": "text/event-stream" }).write(": begun\n\n");
      return true;
    };
    const began = performance.now();
    await expect(call(target)).rejects.toMatchObject({ reason: "unauthorized" });
    // Not by the deadline of a handshake: the head of the refusal said everything.
    expect(performance.now() - began).toBeLessThan(10_000);
    await expect.poll(() => isGone).toBe(true);
  });

  test("tells a legacy server which request nobody waits for", async () => {
    const upstream = await legacy();
    upstream.onCall = () => true;
    const target = await targetFor(await connectTo(owner, upstream.url));
    const caller = new AbortController();
    const result = call(target, {}, { signal: caller.signal });
    result.catch(() => undefined);
    await expect.poll(() => upstream.received.some(({ rpcMethod }) => rpcMethod === "tools/call")).toBe(true);
    caller.abort();
    await expect(result).rejects.toMatchObject({ reason: "cancelled" });
    const { id } = upstream.received.find(({ rpcMethod }) => rpcMethod === "tools/call") ?? {};
    await expect
      .poll(() => upstream.received.find(({ rpcMethod }) => rpcMethod === "notifications/cancelled")?.params)
      .toMatchObject({ requestId: id });
  });

  test("ends the request to a modern server", async () => {
    let ended = false;
    const run = (_given: unknown, signal: AbortSignal) =>
      new Promise<never>(() => {
        signal.addEventListener("abort", () => (ended = true));
      });
    const upstream = await modern([{ ...echoTool, run }]);
    const target = await targetFor(await connectTo(owner, upstream.url));
    const caller = new AbortController();
    const result = call(target, {}, { signal: caller.signal });
    result.catch(() => undefined);
    await expect.poll(() => upstream.received.some(({ rpcMethod }) => rpcMethod === "tools/call")).toBe(true);
    caller.abort(new DOMException("over", "TimeoutError"));
    await expect(result).rejects.toMatchObject({ reason: "timeout" });
    await expect.poll(() => ended).toBe(true);
  });

  test("does not wait for a handshake that takes long", async () => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url));
    const reached = new Promise<void>((resolve) => {
      upstream.intercept = () => {
        resolve();
        return true;
      };
    });
    const caller = new AbortController();
    const result = call(target, {}, { signal: caller.signal });
    result.catch(() => undefined);
    await reached;
    caller.abort();
    await expect(result).rejects.toMatchObject({ reason: "cancelled" });
  });
});

const anyMessage = z.looseObject({
  id: z.number().optional(),
  method: z.string(),
  params: z.looseObject({ _meta: z.looseObject({ progressToken: z.unknown() }).optional() }).optional(),
});

describe("a key", () => {
  const key = 'sk-live-"quoted"-0123456789';
  const headers = { headerName: "X-API-Key", headerPrefix: "Key" };

  test("that a server repeats is taken out of results, errors and lists", async () => {
    const upstream = await modern([{ ...echoTool, description: `Your key is ${key}.` }, { name: "dump" }, { name: "fail" }]);
    const keyed = demandHeader("x-api-key", `Key ${key}`);
    upstream.intercept = (req, res, body) => {
      if (keyed(req, res, body)) return true;
      const params = typeof body === "object" && body !== null && "params" in body ? JSON.stringify(body.params) : "";
      const text = JSON.stringify({ sent: req.headers });
      if (params.includes('"fail"')) {
        const error = { code: -1, message: `Refused ${String(req.headers["x-api-key"])}`, data: { headers: req.headers } };
        res.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
        return true;
      }
      if (!params.includes('"dump"')) return false;
      const id = typeof body === "object" && body !== null && "id" in body ? body.id : null;
      const result = { resultType: "complete", content: [{ type: "text", text }] };
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
      return true;
    };
    const target = await targetFor(await connectTo(owner, upstream.url, { apiKey: key, ...headers }));
    const dumped = JSON.stringify(await call(target, { name: "dump" }));
    const error: unknown = await call(target, { name: "fail" }).catch((thrown: unknown) => thrown);
    const failed = JSON.stringify([error, String(error)]);
    const stored = JSON.stringify(await db.catalogTool.findMany());
    for (const text of [dumped, failed, stored]) {
      expect(text).toContain("[redacted]");
      expect(text).not.toContain("0123456789");
    }
  });

  test.each([
    ["as JSON", "application/json", (message: string) => message],
    ["as a stream", "text/event-stream", (message: string) => `data: ${message}\n\n`],
  ])("that a server spells by numbers is taken out of its answer %s", async (_how, type, framed) => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url, { apiKey: "sk/live-0123456789" }));
    upstream.intercept = (_req, res, body) => {
      if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/call") return false;
      const id = "id" in body ? Number(body.id) : 0;
      const text = '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"text","text":"sk\\/live-\\u0030123456789"}]}}';
      res.writeHead(200, { "content-type": type }).end(framed(text.replace("ID", String(id))));
      return true;
    };
    expect(await call(target)).toMatchObject({ content: [{ text: "[redacted]" }] });
  });

  test("that is hidden in a text too long to be taken apart takes the answer with it, which is not asked for again", async () => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url, { apiKey: "sk/live-0123456789" }));
    let calls = 0;
    upstream.intercept = (_req, res, body) => {
      if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/call") return false;
      calls += 1;
      const id = "id" in body ? Number(body.id) : 0;
      const text = `${"x".repeat(140_000)} sk\\/live-0123456789`;
      res
        .writeHead(200, { "content-type": "application/json" })
        .end(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${text}"}]}}`);
      return true;
    };
    const error: unknown = await call(target, { isRepeatable: true }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: "protocol_error", message: expect.stringContaining("hides the stored credential") });
    expect(calls).toBe(1);
  });

  test("that a tool hides in a schema too long to be taken apart takes that tool out of the list, and no other", async () => {
    const hidden = { type: "object", description: `${"x".repeat(140_000)} {"a":"sk\\/live-0123456789"}` } as const;
    const upstream = await modern([echoTool, { name: "hiding", inputSchema: hidden }]);
    const id = await connectTo(owner, upstream.url, { apiKey: "sk/live-0123456789" });
    expect((await db.catalogTool.findMany({ where: { catalog: { connectionId: id } } })).map(({ name }) => name)).toEqual(["echo"]);
  });

  test("that a server repeats in a JSON-RPC error of its handshake or of its list is neither told nor stored", async () => {
    const upstream = await modern();
    const target = await targetFor(await connectTo(owner, upstream.url, { apiKey: key, ...headers }));
    for (const methods of [["server/discover", "initialize"], ["tools/list"]]) {
      upstream.intercept = (req, res, body) => {
        if (typeof body !== "object" || body === null || !("method" in body) || !methods.includes(String(body.method))) return false;
        const error = { code: -32_603, message: `Refused ${String(req.headers["x-api-key"])}`, data: { sent: req.headers } };
        const id = "id" in body ? body.id : null;
        res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
        return true;
      };
      const failed: unknown = await syncCatalog(target).catch((thrown: unknown) => thrown);
      const said = inspect(failed, { depth: 10 });
      expect(said).toContain("[redacted]");
      const { failure } = await db.catalog.findFirstOrThrow();
      for (const text of [said, JSON.stringify(failure)]) expect(text).not.toContain("0123456789");
      await closeAllSessions();
    }
  });

  test("that a server repeats over HTTP+SSE is taken out of errors and progress", async () => {
    const streams = new Set<ServerResponse>();
    const send = (message: object) => {
      for (const stream of streams) stream.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
    };
    const serverInfo = { name: "sse", version: "1" };
    let fail = () => {};
    let answerOddly: (result: object) => void = () => {};
    const answer = async (req: IncomingMessage, res: ServerResponse) => {
      if (req.method === "GET") {
        streams.add(res);
        res.writeHead(200, { "content-type": "text/event-stream" }).write("event: endpoint\ndata: /messages\n\n");
        return;
      }
      if (req.url !== "/messages") return void res.writeHead(405).end();
      const { id, method, params } = anyMessage.parse(await json(req));
      const sent = String(req.headers["x-api-key"]);
      res.writeHead(202).end();
      if (method === "initialize") send({ id, result: { protocolVersion: "2025-03-26", capabilities: { tools: {} }, serverInfo } });
      if (method === "tools/list") send({ id, result: { tools: [{ name: "echo", inputSchema: { type: "object" } }] } });
      if (method !== "tools/call") return;
      const { progressToken } = params?._meta ?? {};
      send({ method: "notifications/progress", params: { progressToken, progress: 1, message: `sent ${sent}` } });
      fail = () => send({ id, error: { code: -1, message: `Refused ${sent}`, data: { sent } } });
      answerOddly = (result) => send({ id, result });
    };
    const server = createServer((req, res) => void answer(req, res));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    open.push({ close });
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/sse`;
    const target = await targetFor(await connectTo(owner, url, { apiKey: key, ...headers }));
    const seen: object[] = [];
    const failed = call(target, {}, { onProgress: (update) => seen.push(update) }).catch((thrown: unknown) => thrown);
    await expect.poll(() => seen).toEqual([{ progress: 1, message: "sent [redacted]" }]);
    fail();
    const error = await failed;
    expect(error).toMatchObject({ reason: "protocol_error", upstream: { message: "Refused [redacted]", data: { sent: "[redacted]" } } });
    expect(inspect(error, { depth: 10 })).not.toContain("0123456789");

    // And what it says is looked at like any other answer.
    const odd = call(target, {}, { onProgress: (update) => seen.push(update) }).catch((thrown: unknown) => thrown);
    await expect.poll(() => seen).toHaveLength(2);
    answerOddly({ content: [null] });
    expect(await odd).toMatchObject({ reason: "protocol_error", message: "The server's answer holds a content block that is none." });

    const hiding = call(target, {}, { onProgress: (update) => seen.push(update) }).catch((thrown: unknown) => thrown);
    await expect.poll(() => seen).toHaveLength(3);
    answerOddly({ content: [{ type: "text", text: `${"x".repeat(140_000)} {"a":${JSON.stringify(key).replace("live", "l\\u0069ve")}}` }] });
    expect(await hiding).toMatchObject({ reason: "protocol_error", message: expect.stringContaining("hides the stored credential") });
  });
});
