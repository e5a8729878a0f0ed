// One id ties an answer, its log lines and its audit rows together, at whichever level a request failed. And slow calls say so in the log.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";

import { observedSearch } from "#server/agent/observed.ts";
import { flushCalls } from "#server/audit/calls.ts";
import { create as createConnection } from "#server/connections/create.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { changed } from "#server/freshness.ts";
import { log } from "#server/log.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { everyone, tokenFor } from "#tests/setup/agent.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { startHost } from "#tests/setup/host.ts";

useDatabase();

let host: Awaited<ReturnType<typeof startHost>>;
let upstream: FakeUpstream;
let owner: Person;
let capability: string;
let connectionId: string;
let token: string;
/** What was logged, oldest first. */
const logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
const unchanged = { TRUST_PROXY: env.TRUST_PROXY, SLOW_CALL_MS: env.SLOW_CALL_MS };

beforeAll(async () => {
  host = await startHost();
  upstream = await startUpstream();
  owner = await createMember(await createOrganization("Ids"), { role: "owner" });
  const input = { name: "Echo", url: upstream.url, authType: "none", credentialMode: "shared", access: everyone } as const;
  connectionId = (await createConnection(owner.actor, input)).id;
  capability = `mcp:${connectionId}:echo`;
  token = await tokenFor(owner.actor);
});
afterAll(async () => {
  await flushCalls();
  await host.close();
  await upstream.close();
  await closeAllSessions();
});
beforeEach(() => {
  logged.length = 0;
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(log, level).mockImplementation((fields: unknown, message?: unknown) => {
      logged.push({ level, fields: z.record(z.string(), z.unknown()).catch({}).parse(fields), message: String(message) });
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  upstream.intercept = null;
  Object.assign(env, unchanged);
});

function post(body: unknown, { as = token, headers = {} }: { as?: string; headers?: Record<string, string> } = {}): Promise<Response> {
  return fetch(`${host.origin}/mcp/agent`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${as}`,
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

const callOf = (name: string, given: unknown, meta?: object) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: given, ...(meta ? { _meta: meta } : {}) },
});

/** The header's id, once the log has the line of that request. */
async function idOf(response: Response): Promise<string> {
  const id = response.headers.get("x-request-id") ?? "none";
  await vi.waitFor(() =>
    expect(logged).toContainEqual({ level: "info", fields: expect.objectContaining({ requestId: id }), message: "request" }),
  );
  return id;
}

/** The JSON of an answer, or of the event in it. */
async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
}

test("the host, a procedure, the agents' door and the protocol: the id is in the body, the header and the log", async () => {
  const foreign = await fetch(`${host.origin}/api/trpc/connection.list`, {
    method: "POST",
    headers: { origin: "https://evil.example.com" },
  });
  expect([foreign.status, await bodyOf(foreign)]).toEqual([
    403,
    { error: { message: expect.any(String), requestId: await idOf(foreign) } },
  ]);

  const procedure = await fetch(`${host.origin}/api/trpc/connection.list`);
  expect([procedure.status, await bodyOf(procedure)]).toEqual([
    401,
    { error: expect.objectContaining({ data: expect.objectContaining({ requestId: await idOf(procedure) }) }) },
  ]);

  const rpcError = async (response: Response) => ({ error: { data: { requestId: await idOf(response) } } });
  const refused = await post({}, { as: "gth_unknown" });
  expect(refused.status).toBe(401);
  expect(await bodyOf(refused)).toMatchObject(await rpcError(refused));
  const odd = await post({}, { headers: { "content-type": "text/plain" } });
  expect(odd.status).toBe(415);
  expect(await bodyOf(odd)).toMatchObject(await rpcError(odd));
  // What the SDK refuses.
  const nonsense = await post({ jsonrpc: "1.0" });
  expect(nonsense.status).toBe(400);
  expect(await bodyOf(nonsense)).toMatchObject(await rpcError(nonsense));
  // An unknown tool, by the short way and by the SDK's.
  for (const meta of [undefined, { progressToken: 1 }]) {
    const unknown = await post(callOf("no_tool", {}, meta));
    expect(await bodyOf(unknown)).toMatchObject(await rpcError(unknown));
  }
});

test("an error in an answer with 200 has the id, whoever refused and whichever way it went", async () => {
  const own = { name: "Own keys", url: upstream.url, authType: "api_key", credentialMode: "per_member", access: everyone } as const;
  const { id } = await createConnection(owner.actor, own);
  await disconnect(owner.actor, { id });
  const waiting = { name: `mcp:${id}:echo`, arguments: {} };
  const opensUrls = { "mcp-session-id": `url-${crypto.randomUUID()}` };
  const progress = { progressToken: 1 };
  const list = (method: string, params?: unknown) => ({ jsonrpc: "2.0", id: 1, method, params });
  const asked: [code: number, body: unknown, headers?: Record<string, string>][] = [
    // What clients try, and what the SDK cannot read.
    [-32_601, list("prompts/list")],
    [-32_601, list("resources/list")],
    [-32_601, list("tools/rm")],
    [-32_602, list("tools/call", { name: 7 })],
    [-32_602, callOf("no_tool", {})],
    [-32_602, callOf("no_tool", {}, progress)],
    [-32_042, callOf("execute_capability", waiting), opensUrls],
    [-32_042, callOf("execute_capability", waiting, progress), opensUrls],
  ];
  for (const [code, body, headers = {}] of asked) {
    const response = await post(body, { headers });
    const data = expect.objectContaining({
      requestId: await idOf(response),
      ...(code === -32_042 ? { elicitations: [expect.anything()] } : {}),
    });
    expect([body, response.status, await bodyOf(response)]).toEqual([
      body,
      200,
      expect.objectContaining({ error: expect.objectContaining({ code, data }) }),
    ]);
  }
  // A batch of the protocol: an event for each.
  const batch = await post([list("prompts/list"), { ...list("resources/list"), id: 2 }]);
  const requestId = await idOf(batch);
  expect((await batch.text()).split(`"data":{"requestId":"${requestId}"}`)).toHaveLength(3);
});

test("a page of the sign-in that failed on our side, and what was not recorded: the reference is in the log", async () => {
  const bug = new TypeError("a bug");
  await fetch(`${host.origin}/.well-known/oauth-authorization-server`).then((response) => response.text());
  const records = vi.spyOn(db.oAuthRecord, "findUnique").mockRejectedValue(bug);
  const page = await fetch(`${host.origin}/authorize?client_id=somebody&response_type=code`, { headers: { accept: "text/html" } });
  records.mockRestore();
  const id = await idOf(page);
  expect(await page.text()).toContain(`Reference: ${id}`);
  expect(logged).toContainEqual({ level: "error", fields: { err: bug, requestId: id }, message: "the authorization server failed" });

  vi.spyOn(db, "$transaction").mockRejectedValue(bug);
  const refused = await fetch(`${host.origin}/login`, {
    method: "POST",
    headers: { origin: host.origin, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ email: "owner@example.com", password: "no password of theirs" }),
  });
  const line = { level: "error", fields: { err: bug, requestId: await idOf(refused) }, message: "a failed sign-in was not recorded" };
  await vi.waitFor(() => expect(logged).toContainEqual(line));
});

test("a call that fails upstream: the id is in the result, the log and the audit row", async () => {
  upstream.intercept = (_req, res, body) => {
    if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/call") return false;
    res.writeHead(502).end();
    return true;
  };
  env.SLOW_CALL_MS = 1;
  const response = await post(callOf("execute_capability", { name: capability, arguments: { text: "canary argument" } }));
  const requestId = await idOf(response);
  expect(await bodyOf(response)).toMatchObject({ result: { isError: true, structuredContent: { error: "connection_failed", requestId } } });
  await flushCalls();
  expect(await db.auditEvent.findMany({ where: { requestId } })).toMatchObject([{ action: "capability.executed", outcome: "failed" }]);
  const slow = logged.filter(({ message }) => message === "slow call");
  expect(slow).toEqual([
    {
      level: "warn",
      message: "slow call",
      fields: {
        requestId,
        connectionId,
        tool: "echo",
        outcome: "connection_failed",
        ms: expect.any(Number),
        phases: {
          checks: expect.any(Number),
          intent: expect.any(Number),
          turn: expect.any(Number),
          upstream: expect.any(Number),
        },
      },
    },
  ]);
  expect(JSON.stringify(logged)).not.toContain("canary argument");
});

test("a call within its time leaves no line; a search over a quarter of a second does", async () => {
  env.SLOW_CALL_MS = 60_000;
  await bodyOf(await post(callOf("execute_capability", { name: capability, arguments: { text: "x" } })));
  expect(logged.filter(({ level }) => level === "warn")).toEqual([]);
  const context = { actor: owner.actor, signal: new AbortController().signal };
  const tool = observedSearch(() => Promise.resolve({ result: { content: [] }, matches: 3 }));
  for (const ms of [249, 251]) {
    const clock = vi
      .spyOn(performance, "now")
      .mockReturnValueOnce(1_000)
      .mockReturnValueOnce(1_000 + ms);
    await tool({ query: "canary query" }, context);
    clock.mockRestore();
  }
  const fields = { requestId: owner.actor.requestId, tool: "search_capabilities", outcome: "ok", matches: 3, ms: 251 };
  expect(logged.filter(({ level }) => level === "warn")).toEqual([{ level: "warn", fields, message: "slow search" }]);
});

test("a fault of ours: the agent's reference is the id of the line that has the error", async () => {
  const bug = new TypeError("a bug");
  vi.spyOn(db.connection, "findMany").mockRejectedValue(bug);
  changed(owner.actor.orgId);
  const response = await post(callOf("execute_capability", { name: capability, arguments: { text: "x" } }));
  const requestId = await idOf(response);
  expect(await bodyOf(response)).toMatchObject({
    result: { structuredContent: { message: expect.stringContaining(requestId), requestId } },
  });
  expect(logged).toContainEqual({ level: "error", fields: { err: bug, requestId }, message: "a tool call failed" });
});

test("an id from outside counts behind a trusted proxy alone, and only a well-formed one", async () => {
  const given = "edge-0123456789.ABC_x";
  const answeredTo = async (id: string) => (await post({}, { as: "gth_x", headers: { "x-request-id": id } })).headers.get("x-request-id");
  expect(await answeredTo(given)).toMatch(/^[0-9a-f-]{36}$/);
  env.TRUST_PROXY = true;
  expect(await answeredTo(given)).toBe(given);
  for (const bad of ["short", "a".repeat(65), "has space in it", "-leading-dash", 'quote"in-it-12', "%0d%0aset-cookie"])
    expect(await answeredTo(bad)).toMatch(/^[0-9a-f-]{36}$/);
  const response = await post(callOf("execute_capability", { name: "mcp:aaaaaaaaaaaa:x" }), { headers: { "x-request-id": given } });
  expect(await bodyOf(response)).toMatchObject({ result: { structuredContent: { requestId: given } } });
  await flushCalls();
  expect(await db.auditEvent.count({ where: { requestId: given, outcome: "denied" } })).toBe(1);
});
