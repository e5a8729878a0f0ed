// Every way to answer at /mcp/agent gives the same answers: a corpus of requests, valid, odd and hostile, over HTTP, at the endpoint as it is served,
// and at the endpoint with the SDK alone.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import path from "node:path";

import { expect, test } from "vitest";

import { create as createConnection } from "#server/connections/create.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { createMember } from "#prisma/factories.ts";
import { echoTool, type FakeTool } from "#tests/fakes/mcp-upstream.ts";
import { connectUpstream, everyone, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { type Corpus, executeCases, headerCases, messageCases, modernCases, plainCases, rawCases } from "#tests/setup/agent-corpus.ts";
import { askBy, type DoorAnswer, type DoorRequest, type Way, ways } from "#tests/setup/both-ways.ts";
import { signInAgent } from "#tests/setup/signed-in-agent.ts";

const world = useAgentWorld();

interface Difference {
  what: string;
  answers: Record<Way, DoorAnswer>;
}

type Asked = DoorRequest | Record<Way, DoorRequest>;
const askedOn = (way: Way, asked: Asked): DoorRequest => ("served" in asked ? asked[way] : asked);

/** The cases that were not answered alike, with their answers. `alike` brings answers into a form in which they may be compared. */
async function differences(
  cases: Record<string, Asked>,
  token: string | null,
  alike = (answer: DoorAnswer) => answer,
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [what, asked] of Object.entries(cases)) {
    const by = async (way: Way) => alike(await askBy(way, world.origin, token, askedOn(way, asked)));
    const answers = { "over HTTP": await by("over HTTP"), served: await by("served"), "by the SDK": await by("by the SDK") };
    if (ways.some((way) => JSON.stringify(sorted(answers[way])) !== JSON.stringify(sorted(answers["by the SDK"]))))
      found.push({ what, answers });
  }
  return found;
}

/** The order of members says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}

/** Readable on the one line that a failed expectation shows. */
const shown = (found: readonly Difference[]) =>
  found.map(({ what, answers }) => `${what}: ${ways.map((way) => `${way} ${JSON.stringify(answers[way]).slice(0, 600)}`).join(" | ")}`);

async function echo(): Promise<string> {
  return `mcp:${(await connectUpstream(world)).id}:echo`;
}

test.each([
  ["headers", headerCases],
  ["messages", messageCases],
  ["bodies", rawCases],
])("%s", { timeout: 120_000 }, async (_what, cases) => {
  await connectUpstream(world);
  const corpus = cases();
  expect(Object.keys(corpus).length).toBeGreaterThan(30);
  expect(shown(await differences(corpus, await tokenFor(world.owner.actor)))).toEqual([]);
});

test("the generation of 2026-07-28", { timeout: 120_000 }, async () => {
  const corpus = modernCases(await echo());
  expect(shown(await differences(corpus, await tokenFor(world.owner.actor)))).toEqual([]);
});

const signedIn = async (scopes: string[]) => (await signInAgent(world.owner.actor, world.origin, scopes)).token;

test("callers of every kind", async () => {
  const name = await echo();
  const { actor } = world.owner;
  const other = await createMember({ id: actor.orgId, name: "Acme" });
  const admin = await createToken(actor, { name: "machine", scopes: ["admin"], expiresInDays: 1 });
  const callers = {
    nobody: null,
    "a wrong token": "gth_x",
    "the machine interface": admin.token,
    "a reader": await tokenFor(actor, ["mcp:read"]),
    "a writer": await tokenFor(actor, ["mcp:write"]),
    "another member": await tokenFor(other.actor),
    "a signed-in agent": await signedIn(["mcp:read", "mcp:write"]),
  };
  for (const [who, token] of Object.entries(callers)) expect([who, shown(await differences(plainCases(name), token))]).toEqual([who, []]);
  const challenges: Corpus = Object.fromEntries(
    ["", "Bearer", "Bearer ", "Basic eDp5", "bearer x", "Bearer a b", "Bearer  x"].map((value) => [
      value,
      { headers: { authorization: value } },
    ]),
  );
  expect(shown(await differences(challenges, null))).toEqual([]);
});

test("tokens, names and states of connections", async () => {
  const { url } = world.upstream;
  const { actor } = world.owner;
  const name = await echo();
  const id = name.split(":")[1] ?? "";
  const own = { url, authType: "api_key", access: everyone } as const;
  const waiting = await createConnection(actor, { ...own, name: "Own keys", credentialMode: "per_member" });
  const admin = await createMember({ id: actor.orgId, name: "Acme" }, { role: "admin" });
  const theirs = { ...own, name: "Keys of others", credentialMode: "per_member", apiKey: "key-of-the-admin" } as const;
  const missing = await createConnection(admin.actor, theirs);
  const off = await createConnection(actor, { ...own, authType: "none", credentialMode: "shared", name: "Off" });
  const { version } = await db.connection.findUniqueOrThrow({ where: { id: off.id } });
  await update(actor, { id: off.id, version, enabled: false });
  const names = {
    ready: name,
    "to be connected again": `mcp:${waiting.id}:echo`,
    "not connected": `mcp:${missing.id}:echo`,
    "its state": `mcp:${waiting.id}:*`,
    "switched off": `mcp:${off.id}:echo`,
    "state of a ready one": `mcp:${id}:*`,
    "no such tool": `mcp:${id}:nothing`,
    "no such connection": "mcp:nothing00000:echo",
    "no name": "",
    "an odd name": "mcp:::",
    "a long name": `mcp:${id}:${"x".repeat(500)}`,
    "a name of a prototype": `mcp:${id}:__proto__`,
    "one of ours": "gatehouse:connection.list",
    "none of ours": "gatehouse:connection.nothing",
  };
  const token = await tokenFor(actor);
  expect(shown(await differences(executeCases(names), token))).toEqual([]);
  expect(
    shown(await differences(executeCases({ "wrong arguments": name, ours: "gatehouse:grant.mine" }, { text: 7, extra: {} }), token)),
  ).toEqual([]);
});

test("a signed-in agent that lacks a scope is told the same; the challenge can come only where nothing was sent before", async () => {
  const name = await echo();
  for (const [scope, what] of [
    ["mcp:read", "execute"],
    ["mcp:write", "search"],
  ] as const) {
    const token = await signedIn([scope]);
    const { [what]: lacking = {}, ...rest } = plainCases(name);
    expect(shown(await differences(rest, token))).toEqual([]);
    // The SDK begins a stream, with its status, before the tool runs.
    expect(shown(await differences({ lacking }, token, ({ messages }) => ({ status: 0, headers: {}, messages })))).toEqual([]);
    for (const way of ["over HTTP", "served"] as const) {
      const { status, headers } = await askBy(way, world.origin, token, lacking);
      expect([status, headers["www-authenticate"]]).toEqual([403, expect.stringContaining("insufficient_scope")]);
    }
  }
});

const blocks: FakeTool[] = [
  ["text", { content: [{ type: "text", text: "ü \u2028 🔑 \u0000 </script>" }] }],
  ["annotated", { content: [{ type: "text", text: "x", annotations: { audience: ["user"], priority: 0.5 }, _meta: { a: 1 } }] }],
  ["image", { content: [{ type: "image", data: "aGk=", mimeType: "image/png" }] }],
  ["audio", { content: [{ type: "audio", data: "aGk=", mimeType: "audio/wav" }] }],
  ["link", { content: [{ type: "resource_link", uri: "file:///a", name: "a", title: "A", size: 3 }] }],
  ["resource", { content: [{ type: "resource", resource: { uri: "file:///b", text: "b", mimeType: "text/plain" } }] }],
  ["blob", { content: [{ type: "resource", resource: { uri: "file:///c", blob: "aGk=" } }] }],
  ["structured", { content: [{ type: "text", text: "{}" }], structuredContent: { deep: { list: [1, null, "x"] } } }],
  ["failed", { content: [{ type: "text", text: "no" }], isError: true }],
  ["meta", { content: [], _meta: { "example.com/trace": "7" } }],
  ["nothing", { content: [] }],
  ["much", { content: [{ type: "text", text: "line\n".repeat(100_000) }] }],
].map(([name, result]) => ({ name: String(name), run: () => JSON.parse(JSON.stringify(result)) }));

/** Results that no SDK would let a server send. */
const odd: Record<string, object> = {
  unknown_block: { content: [{ type: "hologram", data: "x" }], surprise: 1 },
  no_content: { structuredContent: { a: 1 } },
  list_as_structured: { content: [], structuredContent: [1, 2] },
  text_as_content: { content: "hi" },
  number_as_text: { content: [{ type: "text", text: 7 }] },
  null_block: { content: [null] },
  odd_error: { content: [], isError: "yes" },
  odd_meta: { content: [], _meta: 7 },
  nothing_at_all: {},
};

/** Answers tools/call by the tool's name; everything else is the protocol's. */
function answersTo(answer: (tool: string, id: unknown, res: ServerResponse) => boolean): NonNullable<typeof world.upstream.intercept> {
  return (_req, res, body) => {
    if (typeof body !== "object" || body === null || !("params" in body) || !("id" in body)) return false;
    const { params, id } = body;
    if (!("method" in body) || body.method !== "tools/call" || typeof params !== "object" || params === null || !("name" in params))
      return false;
    return answer(String(params.name), id, res);
  };
}

test("results of every kind", { timeout: 120_000 }, async () => {
  world.upstream.tools = blocks;
  const { id } = await connectUpstream(world);
  const names = Object.fromEntries(blocks.map(({ name }) => [name, `mcp:${id}:${name}`]));
  expect(shown(await differences(executeCases(names), await tokenFor(world.owner.actor)))).toEqual([]);
});

test("results that the SDK does not let pass reach the agent untouched, or are refused by the SDK", { timeout: 120_000 }, async () => {
  world.upstream.tools = Object.keys(odd).map((name) => ({ name }));
  world.upstream.intercept = answersTo((tool, id, res) => {
    const result = odd[tool];
    if (result) res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    return result !== undefined;
  });
  const { id } = await connectUpstream(world);
  const names = Object.fromEntries(Object.keys(odd).map((name) => [name, `mcp:${id}:${name}`]));
  const found = await differences(executeCases(names), await tokenFor(world.owner.actor));
  for (const { what, answers } of found) {
    const [tool = ""] = what.split(",");
    const { "by the SDK": sdk, ...ours } = answers;
    // Results of several calls are put together by us.
    const { _meta: meta, ...rest } = { _meta: undefined, ...odd[tool] };
    // The envelope of 2026-07-28 adds to a result, and to its `_meta`.
    const whole = what.includes("2026-07-28") ? expect.objectContaining(rest) : { ...rest, ...(meta === undefined ? {} : { _meta: meta }) };
    const untouched = what.endsWith("as one of several") ? expect.objectContaining({ content: expect.any(Array) }) : whole;
    for (const answer of Object.values(ours))
      expect([what, answer]).toEqual([what, { status: 200, headers: {}, messages: [expect.objectContaining({ result: untouched })] }]);
    const said = JSON.stringify(sdk.messages);
    const filledUp = JSON.stringify(sorted([{ jsonrpc: "2.0", id: 1, result: { content: [], ...odd[tool] } }]));
    const isFilledUp = what.includes("2026-07-28") ? said.includes('"content":[]') : JSON.stringify(sorted(sdk.messages)) === filledUp;
    expect([what, said.includes("Invalid tools/call result") || isFilledUp]).toEqual([what, true]);
  }
});

const faults: Record<string, (id: unknown, res: ServerResponse) => unknown> = {
  "an error": (id, res) => rpcError(res, 200, id, { code: -32_000, message: "no", data: { a: 1 } }),
  "wrong arguments": (id, res) => rpcError(res, 400, id, { code: -32_602, message: "text is required" }),
  "an unknown tool": (id, res) => rpcError(res, 200, id, { code: -32_602, message: "Unknown tool: echo" }),
  "401": (_id, res) => res.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end(),
  "403": (_id, res) => res.writeHead(403).end(),
  "429": (_id, res) => res.writeHead(429, { "retry-after": "30" }).end(),
  "500": (_id, res) => res.writeHead(500).end("no"),
  "a web page": (_id, res) => res.writeHead(200, { "content-type": "text/html" }).end("<p>"),
  "broken JSON": (_id, res) => res.writeHead(200, { "content-type": "application/json" }).end("{"),
  "an answer to another": (_id, res) => rpcError(res, 200, "other", { code: 1, message: "x" }),
  "a reset": (_id, res) => res.socket?.resetAndDestroy(),
};

function rpcError(res: ServerResponse, status: number, id: unknown, error: object): void {
  res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
}

test.each(Object.entries(faults))("a server that answers with %s", async (_what, fail) => {
  // What a failure leaves behind (a pause, a rejected credential) stays with its connection: each way has its own.
  const ids: string[] = [];
  for (const way of ways) ids.push((await connectUpstream(world, `Server ${way}`)).id);
  world.upstream.intercept = answersTo((_tool, id, res) => (fail(id, res), true));
  const perWay = ways.map((way, turn) => [way, executeCases({ echo: `mcp:${ids[turn]}:echo` })] as const);
  const cases: Record<string, Record<Way, DoorRequest>> = {};
  for (const what of Object.keys(perWay[0]?.[1] ?? {})) {
    const of = (way: Way) => perWay.find(([name]) => name === way)?.[1][what] ?? {};
    cases[what] = { "over HTTP": of("over HTTP"), served: of("served"), "by the SDK": of("by the SDK") };
  }
  const alike = (answer: DoorAnswer): DoorAnswer => {
    const text = JSON.stringify(answer).replaceAll(/Server (over HTTP|served|by the SDK)/g, "<server>");
    const ended = ids.reduce((so, id) => so.replaceAll(id, "<connection>"), text);
    return JSON.parse(ended.replaceAll(/\b\d+ seconds?/g, "<seconds>").replaceAll(/(econds[\\"]*:)\d+/g, "$1 0"));
  };
  expect(shown(await differences(cases, await tokenFor(world.owner.actor), alike))).toEqual([]);
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address ? address.port : 0;
}

/** The protocol's own showcase server over streamable HTTP. */
async function startEverything(): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  const bin = path.resolve(import.meta.dirname, "../../node_modules/.bin/mcp-server-everything");
  const child = spawn(bin, ["streamableHttp"], { stdio: "ignore", env: { ...process.env, PORT: String(port) } });
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) }).then(
      () => true,
      () => false,
    );
  await expect.poll(answers, { timeout: 25_000, interval: 100 }).toBe(true);
  return { url: `http://127.0.0.1:${port}/mcp`, child };
}

test("what the protocol's showcase server gives", { timeout: 120_000 }, async () => {
  const { url, child } = await startEverything();
  try {
    const connection = { name: "Everything", url, authType: "none", credentialMode: "shared", access: everyone } as const;
    const { id } = await createConnection(world.owner.actor, connection);
    const token = await tokenFor(world.owner.actor);
    const given: Record<string, Record<string, unknown>> = {
      echo: { message: "hi" },
      "get-sum": { a: 1, b: 2 },
      "get-tiny-image": {},
      "get-annotated-message": { messageType: "error", includeImage: true },
      "get-structured-content": { location: "Chicago" },
      "get-resource-links": { count: 3 },
      "get-resource-reference": { resourceType: "Text", resourceId: 1 },
      "trigger-long-running-operation": { duration: 0.2, steps: 2 },
      nothing: {},
    };
    for (const [tool, value] of Object.entries(given))
      expect(shown(await differences(executeCases({ [tool]: `mcp:${id}:${tool}` }, value), token))).toEqual([]);
    expect(shown(await differences(executeCases({ "a sum of words": `mcp:${id}:get-sum` }, { a: "x" }), token))).toEqual([]);
  } finally {
    child.kill();
    await once(child, "exit");
  }
});

test("a request that leaves in the middle leaves no answer behind on any way", async () => {
  world.upstream.tools = [{ ...echoTool, run: (_given, signal) => new Promise((_, reject) => signal.addEventListener("abort", reject)) }];
  const name = await echo();
  const token = await tokenFor(world.owner.actor);
  const { execute } = plainCases(name);
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", authorization: `Bearer ${token}` };
  const gone = new AbortController();
  const asked = fetch(`${world.origin}/mcp/agent`, { method: "POST", headers, body: execute?.body ?? null, signal: gone.signal });
  asked.catch(() => undefined);
  await expect.poll(() => world.upstream.received.some(({ rpcMethod }) => rpcMethod === "tools/call")).toBe(true);
  gone.abort();
  await expect(asked).rejects.toThrow();
  await expect.poll(() => db.auditEvent.findFirst({ where: { action: "capability.executed" } })).toMatchObject({ outcome: "failed" });
});
