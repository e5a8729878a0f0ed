// Everything an agent can be told instead of a result: each error with its cause made for real, and words it can act on.
import { expect, test, vi } from "vitest";

import { limits } from "#server/agent/limits.ts";
import { insertCalls, rowOf } from "#server/audit/call-rows.ts";
import { flushCalls, recordIntent } from "#server/audit/calls.ts";
import { byId } from "#server/connections/by-id.ts";
import { create as createConnection } from "#server/connections/create.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { demandHeader, echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { ask, call, connectUpstream, everyone, execute, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();
const agent = async () => legacyClient(world, await tokenFor(world.owner.actor));

/** Lets the upstream answer tools/call, and nothing else, by hand. */
function answerCalls(respond: (res: Parameters<NonNullable<FakeUpstream["intercept"]>>[1], id: unknown) => void): void {
  world.upstream.intercept = (_req, res, body) => {
    if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/call") return false;
    respond(res, "id" in body ? body.id : null);
    return true;
  };
}

function answerRpcError(code: number, message: string, data?: unknown): void {
  answerCalls((res, id) => {
    res.writeHead(200, { "content-type": "application/json" });
    res.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, data } }));
  });
}

function answerStatus(status: number, headers: Record<string, string> = {}): void {
  answerCalls((res) => res.writeHead(status, headers).end());
}

/** How many calls the audit trail has of each outcome. */
async function outcomes(): Promise<Record<string, number>> {
  await flushCalls();
  const rows = await db.auditEvent.groupBy({ by: "outcome", where: { action: "capability.executed" }, _count: true });
  return Object.fromEntries(rows.map(({ outcome, _count }) => [outcome, _count]));
}

test("unknown_capability: near names, and the same words for what does not exist and what is not theirs", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  const unknown = { isError: true, structuredContent: { error: "unknown_capability", retryable: false, requestId: expect.any(String) } };
  for (const name of [`mcp:${id}:ecko`, "mcp:abcdefghijkl:echo", "gatehouse:connection.create", "echo", "mcp:", `mcp:${id}:`]) {
    expect(await execute(client, name)).toMatchObject(unknown);
  }
  const near = await execute(client, `mcp:${id}:echo_text`);
  expect(near).toMatchObject({ structuredContent: { near: [`mcp:${id}:echo`] } });
  answerRpcError(-32_602, "Unknown tool: echo");
  expect(await execute(client, `mcp:${id}:echo`, { text: "x" })).toMatchObject(unknown);
});

test("no grant: neither found nor executed, and no word about its existence; another organization sees nothing either", async () => {
  const access = { ...everyone, organization: false };
  const { url } = world.upstream;
  const { id } = await createConnection(world.owner.actor, { name: "Secret", url, authType: "none", credentialMode: "shared", access });
  const stranger = await createMember(await createOrganization(), { role: "owner" });
  for (const { actor } of [world.owner, stranger]) {
    const client = await legacyClient(world, await tokenFor(actor));
    expect((await client.listTools()).tools[0]?.description).not.toContain("Secret");
    expect(await search(client, "echo")).toMatchObject({ matches: [], connections: [] });
    const told = async (connectionId: string) => {
      const { structuredContent } = await execute(client, `mcp:${connectionId}:echo`, { text: "x" });
      return JSON.stringify({ ...structuredContent, requestId: "" }).replaceAll(connectionId, "ID");
    };
    expect(await told(id)).toBe(await told("aaaaaaaaaaaa"));
  }
});

test("insufficient_mcp_scope comes before anything leaves", async () => {
  const { id } = await connectUpstream(world);
  world.upstream.received.length = 0;
  const reader = await legacyClient(world, await tokenFor(world.owner.actor, ["mcp:read"]));
  expect((await search(reader, "echo")).matches).toHaveLength(1);
  expect(await execute(reader, `mcp:${id}:*`)).toMatchObject({ structuredContent: { connection: { id, state: "ready" }, tools: 1 } });
  const refused = { isError: true, structuredContent: { error: "insufficient_mcp_scope", requiredScope: "mcp:write" } };
  expect(await execute(reader, `mcp:${id}:echo`, { text: "x" })).toMatchObject(refused);
  expect(await execute(reader, "mcp:aaaaaaaaaaaa:echo", { text: "x" })).toMatchObject(refused);
  // A search sees that a connection in use hears of changes; nothing else may have been asked.
  expect(world.upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call")).toEqual([]);
  const writer = await legacyClient(world, await tokenFor(world.owner.actor, ["mcp:write"]));
  const needsRead = { structuredContent: { error: "insufficient_mcp_scope", requiredScope: "mcp:read" } };
  expect(await call(writer, "search_capabilities", { query: "echo" })).toMatchObject(needsRead);
});

test("connection_not_connected names the admin, needs_connection the member, each with the page to go to", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  await disconnect(world.owner.actor, { id });
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject({
    structuredContent: {
      error: "connection_not_connected",
      connection: { id, actor: "organization_admin", action: { url: `${world.origin}/admin/connections/${id}` } },
    },
  });
  await db.connection.update({ where: { id }, data: { credentialMode: "per_member" } });
  changed(world.owner.actor.orgId);
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject({
    structuredContent: {
      error: "needs_connection",
      connection: { id, actor: "member", action: { url: `${world.origin}/connections?connect=${id}` } },
    },
  });
  expect(await execute(client, `mcp:${id}:*`)).toMatchObject({ structuredContent: { connection: { id, state: "needs_connection" } } });
});

test("reconnect_required: only an explicit invalid_token ends the credential, a bare 401 does not", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  const refused = { structuredContent: { error: "reconnect_required", connection: { id, actor: "organization_admin" } } };
  answerStatus(401);
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(refused);
  expect((await search(client, "echo")).matches).toHaveLength(1);
  answerStatus(403, { "www-authenticate": 'Bearer error="insufficient_scope"' });
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(refused);
  expect((await search(client, "echo")).matches).toHaveLength(1);
  answerStatus(401, { "www-authenticate": 'Bearer error="invalid_token"' });
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(refused);
  const rows = [{ id, state: "reconnect_required", action: { url: `${world.origin}/admin/connections/${id}` } }];
  expect(await search(client, "echo")).toMatchObject({ matches: [], connections: rows });
  world.upstream.received.length = 0;
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(refused);
  expect(world.upstream.received).toEqual([]);
});

test("connection_failed: a server that is gone, answers nonsense, or breaks off; retryable, and what may have run is called so", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  const failed = (words: string) => ({
    isError: true,
    structuredContent: { error: "connection_failed", retryable: true, message: expect.stringContaining(words) },
  });
  const inDoubt = failed("It may still have done the work: check before you try again.");
  answerStatus(502);
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(inDoubt);
  answerCalls((res) => res.writeHead(200, { "content-type": "text/event-stream" }).end());
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(inDoubt);
  answerCalls((res) => res.destroy());
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(inDoubt);
  answerStatus(404);
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(failed("could not be reached"));
  await world.upstream.close();
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(failed("could not be reached"));
});

test("capability_timeout after two minutes, and the upstream is told", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  await execute(client, `mcp:${id}:echo`, { text: "opens the session" });
  const begun = new Promise<void>((resolve) => answerCalls(() => resolve()));
  const told = execute(client, `mcp:${id}:echo`, { text: "never answered" });
  const timeouts = vi.spyOn(globalThis, "setTimeout");
  await begun;
  const [end] = timeouts.mock.calls.filter(([, ms]) => ms === 120_000).map(([run]) => run);
  timeouts.mockRestore();
  end?.();
  expect(await told).toMatchObject({ structuredContent: { error: "capability_timeout", retryable: true } });
});

test("rate_limited says how long to wait, and the server is left alone until then", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  answerStatus(429);
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject({ structuredContent: { error: "rate_limited", retryAfterSeconds: 30 } });
  answerStatus(429, { "retry-after": "7" });
  const told = { structuredContent: { error: "rate_limited", retryable: true, retryAfterSeconds: 7 } };
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(told);
  world.upstream.received.length = 0;
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject(told);
  expect(world.upstream.received).toEqual([]);
  expect(await outcomes()).toEqual({ failed: 2, denied: 1 });
  const { matches, connections } = await search(client, "echo");
  expect(matches).toHaveLength(1);
  expect(connections).toMatchObject([
    { id, state: "unreachable", message: expect.stringContaining("too many requests"), actor: "provider" },
  ]);
});

test("connection_failed at once, with when to try again, from a server that failed five times in a row", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  answerStatus(502);
  for (let n = 0; n < 5; n += 1) expect(await execute(client, `mcp:${id}:echo`)).toMatchObject({ isError: true });
  world.upstream.received.length = 0;
  const told = { error: "connection_failed", retryable: true, retryAfterSeconds: 10, message: expect.stringContaining("5 times in a row") };
  expect(await execute(client, `mcp:${id}:echo`)).toMatchObject({ isError: true, structuredContent: told });
  expect(await outcomes()).toEqual({ failed: 5, denied: 1 });
  expect(world.upstream.received).toEqual([]);
  const row = { id, state: "unreachable", message: expect.stringContaining("Calls to it pause"), actor: "provider" };
  expect((await search(client, "echo")).connections).toMatchObject([row]);
  expect(await execute(client, `mcp:${id}:*`)).toMatchObject({ structuredContent: { connection: row } });
  expect(await byId(world.owner.actor, { id })).toMatchObject({ pause: { why: "failing", until: expect.any(Date) } });
  // A list that could not be read anew meanwhile is as old as before.
  const listedAt = new Date(Date.now() - 2 * 86_400_000);
  await db.catalog.updateMany({ data: { listedAt, lastSuccessAt: listedAt, lastFailureAt: new Date() } });
  changed(world.owner.actor.orgId);
  const message = expect.stringMatching(/Calls to it pause.* these are its tools as of 2 days ago/);
  expect((await search(client, "echo")).connections).toMatchObject([{ ...row, message }]);
});

test("invalid_capability_arguments carries what the stored schema says; valid by the schema or not, the call goes out", async () => {
  const inputSchema = { type: "object" as const, properties: { id: { type: "integer" } }, required: ["id"] };
  world.upstream.tools = [echoTool, { name: "strict", inputSchema, run: () => ({ content: [{ type: "text", text: "took it" }] }) }];
  const { id } = await connectUpstream(world);
  const client = await agent();
  expect(await execute(client, `mcp:${id}:strict`, { id: "seven" })).toMatchObject({ content: [{ text: "took it" }] });
  answerRpcError(-32_602, "id is missing\u001b[31m");
  expect(await execute(client, `mcp:${id}:strict`)).toMatchObject({
    structuredContent: {
      error: "invalid_capability_arguments",
      issues: [{ path: "id", message: "is required" }],
      upstream: { code: -32_602, message: "id is missing [31m" },
    },
  });
  expect(await call(client, "execute_capability", { arguments: {} })).toMatchObject({
    structuredContent: { error: "invalid_capability_arguments", issues: [{ path: "name" }] },
  });
});

test("provider_error carries what the upstream said", async () => {
  const { id } = await connectUpstream(world);
  answerRpcError(-32_000, "quota of project exceeded", { limit: 5 });
  expect(await execute(await agent(), `mcp:${id}:echo`)).toMatchObject({
    structuredContent: { error: "provider_error", upstream: { code: -32_000, message: "quota of project exceeded", data: { limit: 5 } } },
  });
});

test("a large result is cut and says so; one over the hard limit is result_too_large", async () => {
  const block = (size: number) => ({ content: [{ type: "text" as const, text: "x".repeat(size) }] });
  world.upstream.tools = [
    { name: "large", run: () => block(300_000) },
    { name: "huge", run: () => block(10_485_760) },
  ];
  const { id } = await connectUpstream(world);
  const client = await agent();
  const cut = await execute(client, `mcp:${id}:large`);
  expect(JSON.stringify(cut).length).toBeLessThan(262_144);
  expect(cut.content[0]).toMatchObject({ text: expect.stringContaining("Cut by Gatehouse") });
  expect(await execute(client, `mcp:${id}:huge`)).toMatchObject({ structuredContent: { error: "result_too_large", retryable: false } });
});

test("a fault of ours is a reference, never its cause", async () => {
  const { id } = await connectUpstream(world);
  const client = await agent();
  changed(world.owner.actor.orgId);
  vi.spyOn(db.connection, "findMany").mockRejectedValueOnce(new Error("password=hunter2 host=10.0.0.1"));
  const told = JSON.stringify(await execute(client, `mcp:${id}:echo`, { text: "x" }));
  vi.restoreAllMocks();
  expect(told).toContain("Reference: ");
  expect(told).not.toMatch(/hunter2|10\.0\.0\.1/);
});

test("a name that no database can keep is refused, and a row that is refused spoils no other call of its batch", async () => {
  const client = await agent();
  for (const name of ["x\u0000", "half \ud800"]) {
    const refused = { isError: true, structuredContent: { error: "invalid_capability_arguments", issues: [{ path: "name" }] } };
    expect(await execute(client, name)).toMatchObject(refused);
  }
  const intent = (capability: string) => ({
    capability,
    connectionId: null,
    connectionName: null,
    argumentsDigest: "sha256:0",
    argumentsBytes: 2,
  });
  const batch = await Promise.allSettled(["good", "bad\u0000", "fine"].map((name) => recordIntent(world.owner.actor, intent(name))));
  expect(batch.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await db.auditEvent.count({ where: { targetName: { in: ["good", "fine"] } } })).toBe(2);
});

test("a row that is stored again, because the answer to the statement was lost, gets how its call ended and nothing else", async () => {
  const given = { capability: "twice", connectionId: null, connectionName: null, argumentsDigest: "sha256:0", argumentsBytes: 2 };
  const row = rowOf(world.owner.actor, given);
  const known = () => db.auditEvent.findUniqueOrThrow({ where: { id: row.id } });
  await insertCalls([row]);
  await insertCalls([{ ...row, outcome: "ok", durationMs: 7 }]);
  expect(await known()).toMatchObject({ outcome: "ok", durationMs: 7, targetName: "twice" });
  for (const again of [row, { ...row, outcome: "failed", durationMs: 9 }]) await insertCalls([again]);
  expect(await known()).toMatchObject({ outcome: "ok", durationMs: 7 });
});

test("our own brake: 429 with Retry-After, per token", async () => {
  const [token, other] = [await tokenFor(world.owner.actor), await tokenFor(world.owner.actor)];
  const { id } = await db.agentToken.findFirstOrThrow({ where: { hint: token.slice(-4) } });
  await limits.token.limiter.block(id, 30);
  const refused = await ask(world, token, { jsonrpc: "2.0", id: 1, method: "tools/list" });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
  const data = { retryable: true, retryAfterSeconds: 30, requestId: expect.any(String) };
  expect(await refused.json()).toEqual({ jsonrpc: "2.0", id: null, error: { code: -32_000, message: expect.any(String), data } });
  expect((await ask(world, other, { jsonrpc: "2.0", id: 1, method: "tools/list" })).status).toBe(200);
});

test("tools/list while the database is away says so and not more, whichever way it is answered", async () => {
  const token = await tokenFor(world.owner.actor);
  const list = async (params: object) => {
    changed(world.owner.actor.orgId);
    const text = await (await ask(world, token, { jsonrpc: "2.0", id: 1, method: "tools/list", params })).text();
    return /^data: (.*)$/m.exec(text)?.[1] ?? text;
  };
  await list({});
  const away = Object.assign(new Error("Can't reach database server at 10.0.0.1"), { code: "P1001" });
  const asked = vi.spyOn(db.connection, "findMany").mockRejectedValue(away);
  // Its progress is the SDK's.
  for (const params of [{}, { _meta: { progressToken: 1 } }]) {
    const data = { retryable: true, retryAfterSeconds: 1, requestId: expect.any(String) };
    const error = { code: -32_000, message: expect.stringContaining("try again in a moment"), data };
    const told = await list(params);
    expect(JSON.parse(told)).toEqual({ jsonrpc: "2.0", id: 1, error });
    expect(told).not.toContain("10.0.0.1");
  }
  asked.mockRestore();
});

test("an upstream that wants a key we do not have is never told our own token", async () => {
  world.upstream.intercept = demandHeader("authorization", "Bearer theirs");
  const other = await startUpstream();
  const { url } = other;
  const { id } = await createConnection(world.owner.actor, {
    name: "Open",
    url,
    authType: "none",
    credentialMode: "shared",
    access: everyone,
  });
  await execute(await agent(), `mcp:${id}:echo`, { text: "x" });
  expect(other.received.length).toBeGreaterThan(0);
  expect(other.received.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  await other.close();
});
