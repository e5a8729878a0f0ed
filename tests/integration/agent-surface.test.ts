// The agent's side of the product against a real database and a real upstream: what an agent sees, runs and is told.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { handleAgentRequest } from "#server/agent/endpoint.ts";
import type { Actor } from "#server/auth/actor.ts";
import { flushCalls } from "#server/audit/calls.ts";
import { create as createConnection } from "#server/connections/create.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { revoke } from "#server/tokens/revoke.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { demandHeader, echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();

const origin = "http://gatehouse.test";
const everyone = { organization: true, membershipIds: [], teamIds: [] };
let upstream: FakeUpstream;
let owner: Person;

beforeEach(async () => {
  await resetDatabase();
  upstream = await startUpstream();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
});
afterEach(async () => {
  await closeAllSessions();
  await upstream.close();
});
afterAll(flushCalls);

function ask(token: string | null, body: unknown, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers({ "content-type": "application/json", accept: "application/json, text/event-stream", ...init.headers });
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  const request = new Request(`${origin}/mcp/agent`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
    headers,
  });
  return handleAgentRequest(request, { origin, requestId: "request-1", signal: new AbortController().signal });
}

async function tokenFor(actor: Actor, scopes: ("mcp:read" | "mcp:write")[] = ["mcp:read", "mcp:write"]): Promise<string> {
  return (await createToken(actor, { name: "agent", scopes, expiresInDays: 1 })).token;
}

const viaEndpoint = (token: string) => (url: string | URL | Request, init?: RequestInit) => {
  const request = new Request(url, init);
  request.headers.set("authorization", `Bearer ${token}`);
  return handleAgentRequest(request, { origin, requestId: "request-1", signal: request.signal });
};

async function legacyClient(token: string): Promise<Client> {
  const client = new Client({ name: "peer", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${origin}/mcp/agent`), { fetch: viaEndpoint(token) }));
  return client;
}

const foundOutline = z.object({
  matches: z.array(z.looseObject({ name: z.string(), schemaDigest: z.string(), signature: z.string() })),
  connections: z.array(z.looseObject({ id: z.string(), state: z.string() })),
  unmatchedTerms: z.array(z.string()).optional(),
  hint: z.string().optional(),
  complete: z.boolean(),
});
type Found = z.output<typeof foundOutline>;

async function call(client: Client, name: string, given: Record<string, unknown>) {
  return client.request({ method: "tools/call", params: { name, arguments: given } }, CallToolResultSchema);
}

async function search(client: Client, query: string, more: Record<string, unknown> = {}): Promise<Found> {
  const result = await call(client, "search_capabilities", { query, ...more });
  const [block] = result.content;
  // The text and the structured content are the same object.
  expect(block?.type === "text" && JSON.parse(block.text)).toEqual(result.structuredContent);
  return foundOutline.parse(result.structuredContent);
}

function connectEcho(name = "Echo server", actor = owner.actor) {
  return createConnection(actor, { name, url: upstream.url, authType: "none", credentialMode: "shared", access: everyone });
}

test("a legacy client sees two tools, finds one of the upstream's and runs it", async () => {
  const { id } = await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(["search_capabilities", "execute_capability"]);
  expect(tools[0]?.description).toContain("Echo server (1)");
  const found = await search(client, "echo text");
  expect(found).toMatchObject({
    complete: true,
    connections: [],
    matches: [{ name: `mcp:${id}:echo`, signature: "echo(text: string)", available: true, access: "write" }],
  });
  expect(found.matches[0]?.schemaDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
  const result = await call(client, "execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "hello" } });
  expect(result.content).toEqual([{ type: "text", text: "hello" }]);
  expect(result).not.toHaveProperty("resultType");
  await client.close();
});

test("a modern client does the same", async () => {
  const { id } = await connectEcho();
  const client = new ModernClient({ name: "peer", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new ModernTransport(new URL(`${origin}/mcp/agent`), { fetch: viaEndpoint(await tokenFor(owner.actor)) }));
  expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
  expect((await client.listTools()).tools).toHaveLength(2);
  const result = await client.callTool({ name: "execute_capability", arguments: { name: `mcp:${id}:echo`, arguments: { text: "hello" } } });
  expect(result.content).toEqual([{ type: "text", text: "hello" }]);
  await client.close();
});

test("every content type, structured content, isError and _meta pass through unchanged", async () => {
  const everything = {
    content: [
      { type: "text", text: "a" },
      { type: "image", data: "aGk=", mimeType: "image/png" },
      { type: "audio", data: "aGk=", mimeType: "audio/wav" },
      { type: "resource_link", uri: "file:///a", name: "a" },
      { type: "resource", resource: { uri: "file:///b", text: "b" } },
    ] as const,
    structuredContent: { a: 1 },
    isError: true,
    _meta: { "example.com/x": 1 },
  };
  upstream.tools = [{ name: "all", run: () => ({ ...everything, content: [...everything.content] }) }];
  const { id } = await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  const result = await call(client, "execute_capability", { name: `mcp:${id}:all` });
  expect(result).toMatchObject(everything);
  await client.close();
});

test("in the steady state one execute is exactly one upstream request, without a handshake or a listing", async () => {
  const { id } = await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  const run = () => call(client, "execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "x" } });
  await run();
  upstream.received.length = 0;
  for (let count = 0; count < 5; count += 1) await run();
  expect(upstream.received.map(({ rpcMethod }) => rpcMethod)).toEqual(Array(5).fill("tools/call"));
  await client.close();
});

test("a body (object or JSON text) is taken for arguments", async () => {
  const { id } = await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  const name = `mcp:${id}:echo`;
  expect((await call(client, "execute_capability", { name, body: { text: "object" } })).content).toEqual([
    { type: "text", text: "object" },
  ]);
  expect((await call(client, "execute_capability", { name, body: '{"text":"json"}' })).content).toEqual([{ type: "text", text: "json" }]);
  expect(await call(client, "execute_capability", { name, body: "{" })).toMatchObject({
    isError: true,
    structuredContent: { error: "invalid_capability_arguments", issues: [{ path: "body" }] },
  });
  await client.close();
});

test("nothing found is an empty list with the unmatched words and a hint", async () => {
  await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  const found = await search(client, "refund zebra");
  expect(found).toMatchObject({ matches: [], unmatchedTerms: ["refund", "zebra"] });
  expect(found.hint).toContain("other words");
  expect((await search(client, "ecko")).hint).toContain("echo");
  await client.close();
});

test("errors an agent can act on", async () => {
  upstream.tools = [
    echoTool,
    { name: "strict", inputSchema: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] } },
    {
      name: "slow",
      run: (_given, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("gone")))),
    },
    { name: "huge", run: () => ({ content: [{ type: "text", text: "x".repeat(300_000) }] }) },
  ];
  const { id } = await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  const run = (name: string, given: Record<string, unknown> = {}) => call(client, "execute_capability", { name, arguments: given });

  expect(await run(`mcp:${id}:ecko`)).toMatchObject({
    isError: true,
    structuredContent: { error: "unknown_capability", retryable: false, requestId: "request-1" },
  });
  expect(await run("mcp:abcdefghijkl:echo")).toMatchObject({ structuredContent: { error: "unknown_capability" } });
  expect(await run("gatehouse:connection.list")).toMatchObject({ structuredContent: { error: "unknown_capability" } });
  expect(await run(`mcp:${id}:*`)).toMatchObject({ structuredContent: { connection: { id, state: "ready" }, tools: 4 } });

  const cut = await run(`mcp:${id}:huge`);
  expect(JSON.stringify(cut).length).toBeLessThan(262_144);
  expect(cut.content.at(-1)).toMatchObject({ text: expect.stringContaining("Cut by Gatehouse") });

  upstream.intercept = (_req, res, body) => {
    if (typeof body !== "object" || body === null || !("id" in body)) return false;
    res.writeHead(200, { "content-type": "application/json" });
    res.end(JSON.stringify({ jsonrpc: "2.0", id: body.id, error: { code: -32_602, message: "id is missing\u001b[31m" } }));
    return true;
  };
  expect(await run(`mcp:${id}:strict`)).toMatchObject({
    structuredContent: {
      error: "invalid_capability_arguments",
      issues: [{ path: "id", message: "is required" }],
      upstream: { code: -32_602, message: "id is missing [31m" },
    },
  });
  upstream.intercept = (_req, res) => {
    res.writeHead(429, { "retry-after": "7" }).end();
    return true;
  };
  expect(await run(`mcp:${id}:echo`)).toMatchObject({
    structuredContent: { error: "rate_limited", retryable: true, retryAfterSeconds: 7 },
  });
  upstream.intercept = (_req, res) => {
    res.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
    return true;
  };
  expect(await run(`mcp:${id}:echo`)).toMatchObject({
    structuredContent: { error: "reconnect_required", connection: { id, actor: "organization_admin" } },
  });
  // The server said invalid_token on a person's own call: that is remembered, and search says who must act.
  expect(await search(client, "echo")).toMatchObject({
    matches: [],
    connections: [{ id, state: "reconnect_required", action: { url: `${origin}/admin/connections/${id}` } }],
  });
  await client.close();
});

test("a server that is gone is connection_failed, and is named in search instead of being silently missing", async () => {
  const { id } = await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  await upstream.close();
  expect(await call(client, "execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "x" } })).toMatchObject({
    structuredContent: { error: "connection_failed", retryable: true },
  });
  upstream = await startUpstream();
  await client.close();
});

test("scopes are enforced before anything leaves", async () => {
  const { id } = await connectEcho();
  upstream.received.length = 0;
  const reader = await legacyClient(await tokenFor(owner.actor, ["mcp:read"]));
  expect((await search(reader, "echo")).matches).toHaveLength(1);
  expect(await call(reader, "execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "x" } })).toMatchObject({
    isError: true,
    structuredContent: { error: "insufficient_mcp_scope", requiredScope: "mcp:write" },
  });
  expect(upstream.received).toEqual([]);
  const writer = await legacyClient(await tokenFor(owner.actor, ["mcp:write"]));
  expect(await call(writer, "search_capabilities", { query: "echo" })).toMatchObject({
    structuredContent: { error: "insufficient_mcp_scope", requiredScope: "mcp:read" },
  });
  await reader.close();
  await writer.close();
});

test("no grant: neither found nor executed, and no word about its existence; another organization sees nothing either", async () => {
  const { id } = await createConnection(owner.actor, {
    name: "Secret",
    url: upstream.url,
    authType: "none",
    credentialMode: "shared",
    access: { ...everyone, organization: false },
  });
  const stranger = await createMember(await createOrganization(), { role: "owner" });
  for (const { actor } of [owner, stranger]) {
    const client = await legacyClient(await tokenFor(actor));
    expect((await client.listTools()).tools[0]?.description).not.toContain("Secret");
    expect(await search(client, "echo")).toMatchObject({ matches: [], connections: [] });
    const refused = await call(client, "execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "x" } });
    const invented = await call(client, "execute_capability", { name: "mcp:aaaaaaaaaaaa:echo", arguments: { text: "x" } });
    expect(JSON.stringify(refused).replaceAll(id, "ID")).toBe(JSON.stringify(invented).replaceAll("aaaaaaaaaaaa", "ID"));
    await client.close();
  }
});

test("disconnecting hides the tools and says who must act", async () => {
  const { id } = await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  await disconnect(owner.actor, { id });
  expect(await search(client, "echo")).toMatchObject({
    matches: [],
    connections: [{ id, state: "needs_connection", actor: "organization_admin" }],
  });
  expect(await call(client, "execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "x" } })).toMatchObject({
    structuredContent: { error: "connection_not_connected", connection: { id } },
  });
  await client.close();
});

test("missing, malformed, unknown, expired and revoked tokens get 401 with the challenge, on GET too", async () => {
  const created = await createToken(owner.actor, { name: "agent", scopes: ["mcp:read"], expiresInDays: 1 });
  const admin = await createToken(owner.actor, { name: "machine", scopes: ["admin"], expiresInDays: 1 });
  const initialize = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  expect((await ask(created.token, initialize)).status).toBe(200);
  await revoke(owner.actor, { id: created.id });
  const expired = await createToken(owner.actor, { name: "old", scopes: ["mcp:read"], expiresInDays: 1 });
  await db.agentToken.update({ where: { id: expired.id }, data: { expiresAt: new Date(Date.now() - 1_000) } });
  for (const token of [
    null,
    "x",
    "gth_" + "a".repeat(43) + "_aaaaaa",
    created.token,
    expired.token,
    admin.token,
    `${created.token.slice(0, -1)}x`,
  ]) {
    const requests: RequestInit[] = [{}, { method: "GET", body: null }];
    for (const init of requests) {
      const response = await ask(token, initialize, init);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain(
        `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp/agent"`,
      );
      expect(response.headers.get("www-authenticate")).toContain('scope="mcp:read mcp:write"');
    }
  }
});

test("a removed member's token stops at once", async () => {
  const member = await createMember({ id: owner.actor.orgId, name: "Acme" });
  const token = await tokenFor(member.actor);
  expect((await ask(token, { jsonrpc: "2.0", id: 1, method: "tools/list" })).status).toBe(200);
  await db.membership.delete({ where: { id: member.membershipId } });
  changed(owner.actor.orgId);
  expect((await ask(token, { jsonrpc: "2.0", id: 1, method: "tools/list" })).status).toBe(401);
});

test("bad requests: method, content type, size, JSON, JSON-RPC", async () => {
  const token = await tokenFor(owner.actor);
  for (const method of ["GET", "DELETE"]) expect((await ask(token, null, { method, body: null })).status).toBe(405);
  expect((await ask(token, "{}", { headers: { "content-type": "text/plain" } })).status).toBe(415);
  expect((await ask(token, `"${"x".repeat(1_100_000)}"`)).status).toBe(413);
  const malformed = await ask(token, "{");
  expect(malformed.status).toBe(400);
  expect(await malformed.json()).toMatchObject({ error: { code: -32_700 } });
  for (const body of [42, [], {}, { jsonrpc: "1.0", id: 1, method: "x" }, { jsonrpc: "2.0", id: 1 }]) {
    const response = await ask(token, body);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  }
});

test("each execute leaves an audit row: ok, failed, denied; arguments only as digest and size", async () => {
  const { id } = await connectEcho();
  const client = await legacyClient(await tokenFor(owner.actor));
  await call(client, "execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "very secret words" } });
  await call(client, "execute_capability", { name: "mcp:nothing00000:echo" });
  await flushCalls();
  const rows = await db.auditEvent.findMany({ where: { action: "capability.executed" }, orderBy: { at: "asc" } });
  expect(rows).toMatchObject([
    {
      outcome: "ok",
      targetName: `mcp:${id}:echo`,
      targetId: id,
      via: "agent_token",
      requestId: "request-1",
      membershipId: owner.membershipId,
      durationMs: expect.any(Number),
    },
    { outcome: "denied", errorCode: "unknown_capability" },
  ]);
  expect(rows[0]?.details).toMatchObject({ argumentsDigest: expect.stringMatching(/^sha256:/), argumentsBytes: 28 });
  expect(JSON.stringify(rows)).not.toContain("very secret words");
  await client.close();
});

test("cancelling the agent's request cancels the upstream call", async () => {
  let cancelled: (value: boolean) => void = () => undefined;
  const seen = new Promise<boolean>((resolve) => {
    cancelled = resolve;
  });
  let begun: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  upstream.tools = [
    {
      name: "wait",
      run: (_given, signal) => {
        begun();
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            cancelled(true);
            reject(new Error("cancelled"));
          });
        });
      },
    },
  ];
  const { id } = await connectEcho();
  const gone = new AbortController();
  const token = await tokenFor(owner.actor);
  const request = new Request(`${origin}/mcp/agent`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "execute_capability", arguments: { name: `mcp:${id}:wait` } },
    }),
  });
  void handleAgentRequest(request, { origin, requestId: "request-1", signal: gone.signal });
  await started;
  gone.abort();
  expect(await seen).toBe(true);
});

test("an API key is sent as configured and never shown to the agent", async () => {
  upstream.intercept = demandHeader("x-api-key", "Token s3cret-key");
  const { id } = await createConnection(owner.actor, {
    name: "Keyed",
    url: upstream.url,
    authType: "api_key",
    credentialMode: "shared",
    apiKey: "s3cret-key",
    headerName: "X-API-Key",
    headerPrefix: "Token",
    access: everyone,
  });
  const client = await legacyClient(await tokenFor(owner.actor));
  const result = await call(client, "execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "in" } });
  expect(result.content).toEqual([{ type: "text", text: "in" }]);
  // Ours never goes upstream, theirs never comes back.
  expect(upstream.received.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  const stored = await db.credential.findFirstOrThrow();
  expect(stored.sealed).toMatch(/^v1\.test\./);
  expect(stored.sealed).not.toContain("s3cret-key");
  await client.close();
});
