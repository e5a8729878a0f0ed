// Three processes on one PostgreSQL behind a proxy without sticky sessions: everything that takes several requests works when each of them lands
// in another process.
import { EventEmitter, once } from "node:events";

import { CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/client";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { inputRequired } from "@modelcontextprotocol/server";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";

import { findPostgres } from "../../scripts/programs.mjs";
import { echoTool, type FakeTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startOAuthUpstream } from "#tests/fakes/oauth-upstream.ts";
import { visit } from "#tests/fakes/visitor.ts";
import { agentAt, pkce } from "#tests/setup/agent-sign-in.ts";
import { Browser, redirectUri } from "#tests/setup/browser.ts";
import { bootstrapToken, callApi } from "#tests/setup/product.ts";
import { askAgent, callTool, everyone, execute, type Replicas, startMs, startReplicas, withinASecond } from "#tests/setup/replicas.ts";

// A busy machine takes its time for three processes.
vi.setConfig({ testTimeout: 120_000 });

const hasPostgres = findPostgres() !== undefined;
const scopes = ["mcp:read", "mcp:write"];
let replicas: Replicas;
let upstream: FakeUpstream;
let origin: string;
let connections = 0;
/** The replicas' own addresses. */
let addresses: string[];

beforeAll(async () => {
  if (!hasPostgres) return;
  replicas = await startReplicas(3);
  origin = replicas.proxy.origin;
  addresses = replicas.products.map(({ address }) => address);
  upstream = await startUpstream([echoTool]);
}, startMs);
afterAll(async () => {
  if (!hasPostgres) return;
  await replicas.close();
  await upstream.close();
});

async function connection(tools: FakeTool[]): Promise<string> {
  upstream.tools = tools;
  connections += 1;
  const input = { name: `Server ${connections}`, url: upstream.url, authType: "none", credentialMode: "shared", access: everyone };
  return (await replicas.api<{ id: string }>("connection.create", input)).id;
}

const newToken = async () => (await replicas.api<{ token: string }>("agentToken.create", { name: "t", scopes, expiresInDays: 1 })).token;

/** The address of replica `turn`, all in turn. */
const at = (turn: number) => addresses[turn % addresses.length] ?? "";

test.skipIf(!hasPostgres)("three that start at once on an empty database migrate it once and make one owner", async () => {
  const applied = replicas.products.map((product) => product.output().split("migration applied").length - 1);
  const { rows } = await replicas.database.query<{ name: string }>(`SELECT "migration_name" AS name FROM "_prisma_migrations"`);
  expect(applied.filter((count) => count > 0)).toEqual([rows.length]);
  const count = async (table: string) => (await replicas.database.query(`SELECT 1 FROM "${table}"`)).rowCount;
  expect([await count("Organization"), await count("User"), await count("AgentToken")]).toEqual([1, 1, 1]);
  for (const address of addresses) expect((await fetch(`${address}/readyz`)).status).toBe(200);
});

test.skipIf(!hasPostgres)(
  "a person signs in at one and reads pages at all; what is written at one is read at the others at once",
  async () => {
    const browser = new Browser(origin);
    await browser.signIn();
    for (const path of ["/connections", "/admin/connections", "/agents", "/admin/members", "/admin/audit"]) {
      const page = await browser.go(path);
      expect([path, page.status]).toEqual([path, 200]);
    }
    for (let turn = 0; turn < 6; turn += 1) {
      const name = `Team ${turn}`;
      await callApi(at(turn), bootstrapToken, "team.create", { name }, "mutation");
      for (const other of [1, 2]) {
        const teams = await callApi<{ name: string }[]>(at(turn + other), bootstrapToken, "team.list", undefined, "query");
        expect(teams.map((team) => team.name)).toContain(name);
      }
    }
    const out = await browser.go("/logout", {});
    expect(out.status).toBe(302);
    for (let turn = 0; turn < 3; turn += 1) expect((await browser.go("/agents")).status).toBe(302);
    expect(new Set(replicas.proxy.given.keys())).toEqual(new Set(addresses));
  },
);

test.skipIf(!hasPostgres)("an account is connected in a window whose requests land anywhere", async () => {
  const ledger = await startOAuthUpstream();
  const input = { name: "Ledger", url: ledger.url, authType: "oauth", credentialMode: "shared", access: everyone };
  const { id } = await replicas.api<{ id: string }>("connection.create", input);
  const token = await newToken();
  for (let turn = 0; turn < 3; turn += 1) {
    replicas.proxy.next(at(turn));
    const { authorizationUrl } = await replicas.api<{ authorizationUrl: string }>("oauth.begin", { connectionId: id });
    const callback = await visit(authorizationUrl, `${origin}/oauth/callback`);
    const ended = await fetch(callback, { headers: { authorization: `Bearer ${bootstrapToken}` } });
    expect(ended.status).toBe(200);
    for (const address of addresses)
      expect((await execute(address, token, `mcp:${id}:whoami`)).structuredContent).toEqual({ account: "bookkeeping@harborpine.example" });
  }
  await ledger.close();
});

test.skipIf(!hasPostgres)("an agent signs in, renews and signs out, each request at another one", async () => {
  const id = await connection([echoTool]);
  const { register, authorizeUrl, token } = agentAt(origin);
  const clientId = String((await register()).body.client_id);
  const browser = new Browser(origin);
  await browser.signIn();
  const { verifier, challenge } = pkce();
  const back = await browser.consent(authorizeUrl(clientId, challenge));
  const code = back.searchParams.get("code") ?? "";
  const given = { grant_type: "authorization_code", client_id: clientId, code, redirect_uri: redirectUri, code_verifier: verifier };
  let { status, body } = await token(given);
  expect(status).toBe(200);
  for (let turn = 0; turn < 3; turn += 1) {
    const access = String(body.access_token);
    for (const address of addresses) expect((await execute(address, access, `mcp:${id}:echo`, { text: "x" })).isError).toBeUndefined();
    ({ status, body } = await token({ grant_type: "refresh_token", client_id: clientId, refresh_token: String(body.refresh_token) }));
    expect(status).toBe(200);
  }
  const access = String(body.access_token);
  const revoked = await fetch(`${origin}/revoke`, {
    method: "POST",
    body: new URLSearchParams({ client_id: clientId, token: String(body.refresh_token) }),
  });
  expect(revoked.status).toBe(200);
  const since = performance.now();
  const isRefused = async (address: string) => (await askAgent(address, access, { method: "tools/list" })).status === 401;
  for (const address of addresses) await withinASecond(since, () => isRefused(address));
});

test.skipIf(!hasPostgres)(
  "clients of both generations work through all of them; an id that says it can open URLs is good at each",
  async () => {
    const id = await connection([echoTool]);
    const token = await newToken();
    const headers = { authorization: `Bearer ${token}` };
    const door = new URL(`${origin}/mcp/agent`);
    const legacy = new LegacyClient({ name: "peer", version: "1.0.0" });
    await legacy.connect(new LegacyTransport(door, { requestInit: { headers } }));
    const modern = new ModernClient({ name: "peer", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
    await modern.connect(new ModernTransport(door, { requestInit: { headers } }));
    for (const client of [legacy, modern])
      for (let turn = 0; turn < 6; turn += 1) {
        const text = `turn ${turn}`;
        const result = await client.callTool({ name: "execute_capability", arguments: { name: `mcp:${id}:echo`, arguments: { text } } });
        expect(result.content).toEqual([{ type: "text", text }]);
      }
    await Promise.all([legacy.close(), modern.close()]);

    const own = { name: "Own", url: upstream.url, authType: "api_key", credentialMode: "per_member", apiKey: "key", access: everyone };
    const mine = await replicas.api<{ id: string }>("connection.create", own);
    await replicas.api("connection.disconnect", { id: mine.id });
    const elicitation = { url: {} };
    const params = { protocolVersion: "2025-11-25", capabilities: { elicitation }, clientInfo: { name: "peer", version: "1" } };
    const session = (await askAgent(at(0), token, { method: "initialize", params })).headers.get("mcp-session-id") ?? "";
    expect(session).toMatch(/^url-/);
    const call = {
      method: "tools/call",
      params: { name: "execute_capability", arguments: { name: `mcp:${mine.id}:echo`, arguments: {} } },
    };
    for (const address of addresses)
      expect(await (await askAgent(address, token, call, { "mcp-session-id": session })).json()).toMatchObject({
        error: { code: -32_042 },
      });
  },
);

test.skipIf(!hasPostgres)("a call that runs at one is cancelled by a message that lands at another", async () => {
  const upstream = new EventEmitter();
  const [began, ended] = [once(upstream, "began"), once(upstream, "ended")];
  const run: FakeTool["run"] = (_given, signal) => {
    upstream.emit("began");
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        upstream.emit("ended");
        reject(new Error("cancelled"));
      });
    });
  };
  const id = await connection([{ name: "wait", run }]);
  const token = await newToken();
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "peer", version: "1" } };
  const session = (await askAgent(at(0), token, { method: "initialize", params })).headers.get("mcp-session-id") ?? "";
  const headers = { "mcp-session-id": session };
  const call = { name: "execute_capability", arguments: { name: `mcp:${id}:wait` } };
  const asked = askAgent(at(0), token, { id: 5, method: "tools/call", params: call }, headers);
  await began;
  await askAgent(at(1), token, { id: undefined, method: "notifications/cancelled", params: { requestId: 5 } }, headers);
  await ended;
  expect(await (await asked).json()).toMatchObject({ id: 5, result: { isError: true } });
});

test.skipIf(!hasPostgres)("a large result that one keeps is read at the others", async () => {
  const large = Array.from({ length: 40_000 }, (_, index) => `line ${index + 1}`).join("\n");
  const id = await connection([{ name: "export", run: () => ({ content: [{ type: "text", text: large }] }) }]);
  const token = await newToken();
  const answer = await execute(at(0), token, `mcp:${id}:export`);
  const resultId = /"id": "([^"]+)"/.exec(answer.content?.[0]?.text ?? "")?.[1] ?? "";
  for (const address of addresses)
    expect(
      (await execute(address, token, "gatehouse:results.read", { id: resultId, lines: "39999-40000" })).structuredContent,
    ).toMatchObject({
      result: { text: "line 39999\nline 40000" },
    });
});

/** Asks once whether one is sure. */
const deleteTool: FakeTool = {
  name: "delete",
  run: ({ id }, _signal, { responses, state }) => {
    if (responses) return { content: [{ type: "text", text: `${String(id)} deleted (${state})` }] };
    const requestedSchema = { type: "object" as const, properties: { sure: { type: "boolean" as const } }, required: ["sure"] };
    const confirm = inputRequired.elicit({ message: "Sure?", requestedSchema });
    return inputRequired({ inputRequests: { confirm }, requestState: `asked for ${String(id)}` });
  },
};

test.skipIf(!hasPostgres)("what a server asked through one is answered through another", async () => {
  const id = await connection([deleteTool]);
  const token = await newToken();
  const _meta = { [PROTOCOL_VERSION_META_KEY]: "2026-07-28", [CLIENT_CAPABILITIES_META_KEY]: { elicitation: { form: {} } } };
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "execute_capability" };
  const call = { name: "execute_capability", arguments: { name: `mcp:${id}:delete`, arguments: { id: "invoice" } }, _meta };
  const outline = z.object({ result: z.looseObject({ requestState: z.string() }) });
  for (let turn = 0; turn < 3; turn += 1) {
    const asked = outline.parse(await (await askAgent(at(turn), token, { method: "tools/call", params: call }, headers)).json());
    const inputResponses = { confirm: { action: "accept", content: { sure: true } } };
    const params = { ...call, inputResponses, requestState: asked.result.requestState };
    expect(await (await askAgent(at(turn + 1), token, { method: "tools/call", params }, headers)).json()).toMatchObject({
      result: { content: [{ type: "text", text: "invoice deleted (asked for invoice)" }] },
    });
  }
});

test.skipIf(!hasPostgres)(
  "a right that is taken away at one is gone at the others within a second, and a new tool is found there",
  async () => {
    const id = await connection([echoTool]);
    const token = await newToken();
    const call = (address: string) => execute(address, token, `mcp:${id}:echo`, { text: "x" });
    for (const address of addresses) expect((await call(address)).isError).toBeUndefined();
    upstream.tools = [echoTool, { ...echoTool, name: "shout_louder", description: "Says it louder." }];
    await callApi(at(0), bootstrapToken, "connection.refresh", { id }, "mutation");
    const listed = performance.now();
    const found = async (address: string) =>
      JSON.stringify(await callTool(address, token, "search_capabilities", { query: "shout louder", connection: id, limit: 1 }));
    for (const address of addresses) await withinASecond(listed, async () => (await found(address)).includes("shout_louder"));
    const nobody = { organization: false, membershipIds: [], teamIds: [] };
    const { version } = await replicas.api<{ version: number }>("connection.byId", { id }, "query");
    await callApi(at(0), bootstrapToken, "grant.replace", { connectionId: id, version, access: nobody }, "mutation");
    const taken = performance.now();
    for (const address of addresses)
      await withinASecond(taken, async () => (await call(address)).structuredContent?.error === "unknown_capability");
  },
);
