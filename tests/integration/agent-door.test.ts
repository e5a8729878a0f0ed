// What stands at POST /mcp/agent before any tool runs: tokens, methods, bodies, and the protocol in both of its generations.
import { afterEach, describe, expect, test, vi } from "vitest";

import { answerPlain } from "#server/agent/plain-request.ts";
import { newcomers, strangers } from "#server/crowd.ts";
import { db } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { newToken } from "#server/tokens/format.ts";
import { list as listTokens } from "#server/tokens/list.ts";
import { flushUses, noteUse } from "#server/tokens/note-use.ts";
import { revoke } from "#server/tokens/revoke.ts";
import { arrivalOf, verify } from "#server/tokens/verify.ts";
import { createMember } from "#prisma/factories.ts";
import { echoTool, type FakeTool } from "#tests/fakes/mcp-upstream.ts";
import { ask, connectUpstream, execute, legacyClient, modernClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { agentRequestOf } from "#tests/setup/agent-request.ts";

const world = useAgentWorld();
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const listing = { jsonrpc: "2.0", id: 1, method: "tools/list" };

test("a client before 2026-07-28 sees two tools, finds one of the upstream's and runs it", async () => {
  const { id } = await connectUpstream(world);
  const client = await legacyClient(world, await tokenFor(world.owner.actor));
  expect(client.getInstructions()).toContain("search_capabilities first");
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
  const result = await execute(client, `mcp:${id}:echo`, { text: "hello" });
  expect(result.content).toEqual([{ type: "text", text: "hello" }]);
  expect(result).not.toHaveProperty("resultType");
});

test("a client of 2026-07-28 does the same", async () => {
  const { id } = await connectUpstream(world);
  const client = await modernClient(world, await tokenFor(world.owner.actor));
  expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
  expect((await client.listTools()).tools).toHaveLength(2);
  const found = await client.callTool({ name: "search_capabilities", arguments: { query: "echo" } });
  expect(found.structuredContent).toMatchObject({ matches: [{ name: `mcp:${id}:echo` }] });
  const result = await client.callTool({ name: "execute_capability", arguments: { name: `mcp:${id}:echo`, arguments: { text: "hello" } } });
  expect(result.content).toEqual([{ type: "text", text: "hello" }]);
});

describe("a plain call that takes longer than a quarter of a minute", () => {
  /** The server's call waits for `answer`; the agent has got the head of a stream. */
  async function slowCall() {
    const { id } = await connectUpstream(world);
    const token = await tokenFor(world.owner.actor);
    let answer = (_text: string): void => undefined;
    let isGone = false;
    const arrived = new Promise<void>((resolve) => {
      const run: NonNullable<FakeTool["run"]> = (_given, signal) => {
        resolve();
        signal.addEventListener("abort", () => (isGone = true));
        return new Promise((end) => (answer = (text) => end({ content: [{ type: "text", text }] })));
      };
      world.upstream.tools = [{ ...echoTool, run }];
    });
    const params = { name: "execute_capability", arguments: { name: `mcp:${id}:echo`, arguments: { text: "x" } } };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const asked = ask(world, token, { jsonrpc: "2.0", id: 7, method: "tools/call", params });
    await arrived;
    await vi.advanceTimersByTimeAsync(15_000);
    const { headers, body } = await asked;
    expect(headers.get("content-type")).toBe("text/event-stream");
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!reader) throw new Error("There is no body.");
    return { reader, answer: (text: string) => answer(text), isGone: () => isGone };
  }

  test("is answered as a stream, with signs of life until the answer", async () => {
    const { reader, answer } = await slowCall();
    expect((await reader.read()).value).toBe(": working\n\n");
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await reader.read()).value).toBe(": working\n\n");
    answer("at last");
    const event = (await reader.read()).value ?? "";
    expect(event.startsWith("event: message\ndata: ")).toBe(true);
    const message: unknown = JSON.parse(event.slice(event.indexOf("{")));
    expect(message).toMatchObject({ jsonrpc: "2.0", id: 7, result: { content: [{ type: "text", text: "at last" }] } });
    expect((await reader.read()).done).toBe(true);
  });

  test("ends at the server when its agent leaves the stream", async () => {
    const { reader, isGone } = await slowCall();
    await reader.cancel();
    vi.useRealTimers();
    await vi.waitFor(() => expect(isGone()).toBe(true));
  });
});

test("in 2026-07-28 what is plain takes the short way, and what is not quite so stays with the SDK", async () => {
  const { id } = await connectUpstream(world);
  const context = { actor: world.owner.actor, signal: new AbortController().signal };
  const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
  const search = { name: "search_capabilities", arguments: { query: "zebra" } };
  const executed = { name: "execute_capability", arguments: { name: `mcp:${id}:echo`, arguments: { text: "x" } } };
  const unknown = { name: "execute_capability", arguments: { name: "mcp:nothing00000:echo" } };
  for (const params of [{}, search, { name: "search_capabilities" }, executed, unknown]) {
    const name = "name" in params && params.name !== undefined ? params.name : null;
    const method = name === null ? "tools/list" : "tools/call";
    const message = { jsonrpc: "2.0", id: "a", method, params: { ...params, _meta: meta } };
    const headers = new Headers({ "content-type": "application/json", accept: "application/json, text/event-stream" });
    headers.set("mcp-protocol-version", "2026-07-28");
    headers.set("mcp-method", method);
    if (name !== null) headers.set("mcp-name", name);
    const make = () => agentRequestOf(new Request(`${world.origin}/mcp/agent`, { method: "POST", headers, body: JSON.stringify(message) }));
    expect(await answerPlain(make(), message, context)).not.toBeNull();
    for (const other of ["mcp-method", "mcp-name", "mcp-session-id"]) {
      const others = new Headers(headers);
      others.set(other, "else");
      const changed = agentRequestOf(new Request(`${world.origin}/mcp/agent`, { method: "POST", headers: others, body: "" }));
      expect(other === "mcp-name" && name === null ? null : await answerPlain(changed, message, context)).toBeNull();
    }
    const asked = {
      ...message,
      params: { ...message.params, _meta: { ...meta, "io.modelcontextprotocol/clientCapabilities": { elicitation: {} } } },
    };
    // Whoever can be asked says so with every request; only this tool asks.
    const isAsked = (await answerPlain(make(), asked, context)) === null;
    expect(isAsked).toBe(name === "execute_capability");
    const wrong = {
      ...message,
      params: { ...message.params, _meta: { ...meta, "io.modelcontextprotocol/protocolVersion": "2025-11-25" } },
    };
    expect(await answerPlain(make(), wrong, context)).toBeNull();
  }
});

test("what is not plain is left to the SDK", async () => {
  const context = { actor: world.owner.actor, signal: new AbortController().signal };
  const accept = { accept: "application/json, text/event-stream" };
  const plainly = (body: unknown, headers: Record<string, string> = accept) =>
    answerPlain(agentRequestOf(new Request(`${world.origin}/mcp/agent`, { method: "POST", headers, body: "" })), body, context);
  expect(await plainly(listing)).not.toBeNull();
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "peer", version: "1" } };
  const hello = { ...listing, method: "initialize", params };
  expect(await plainly(hello)).not.toBeNull();
  expect(await plainly({ jsonrpc: "2.0", method: "notifications/initialized" })).not.toBeNull();
  const call = { ...listing, method: "tools/call" };
  const traced = { _meta: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "claudecode/toolUseId": "x" } };
  expect(await plainly({ ...listing, params: traced })).not.toBeNull();
  expect(await plainly({ ...call, params: { name: "search_capabilities", arguments: { query: "x" }, ...traced } })).not.toBeNull();
  const reserved = ["protocolVersion", "clientInfo", "clientCapabilities", "logLevel", "related-task", "anything"];
  for (const name of reserved)
    expect(await plainly({ ...listing, params: { _meta: { [`io.modelcontextprotocol/${name}`]: {} } } })).toBeNull();
  for (const body of [
    [listing],
    { ...listing, id: null },
    { ...listing, id: 1.5 },
    { ...listing, jsonrpc: "1.0" },
    { ...listing, params: { cursor: "x" } },
    { ...listing, params: { _meta: { progressToken: 1 } } },
    { ...listing, params: { _meta: null } },
    { ...listing, params: { _meta: [] } },
    { ...call, params: { name: "other" } },
    { ...call, params: { name: "search_capabilities", arguments: [] } },
    { ...call, params: { name: "search_capabilities", arguments: {}, _meta: { progressToken: 1 } } },
    { ...hello, params: { ...params, protocolVersion: "1999-01-01" } },
    { ...hello, params: { ...params, capabilities: null } },
    { jsonrpc: "2.0", method: "notifications/initialized", params: {} },
    { jsonrpc: "2.0", method: "notifications/cancelled" },
  ])
    expect(await plainly(body)).toBeNull();
  expect(await plainly(listing, { accept: "application/json" })).toBeNull();
  expect(await plainly(listing, { ...accept, "mcp-protocol-version": "2026-07-28" })).toBeNull();
  expect(await plainly(listing, { ...accept, "mcp-protocol-version": "1999-01-01" })).toBeNull();
});

test("missing, malformed, unknown, expired and revoked tokens get 401 with the challenge, on GET too", async () => {
  const { actor } = world.owner;
  const created = await createToken(actor, { name: "agent", scopes: ["mcp:read"], expiresInDays: 1 });
  const admin = await createToken(actor, { name: "machine", scopes: ["admin"], expiresInDays: 1 });
  expect((await ask(world, created.token, listing)).status).toBe(200);
  await revoke(actor, { id: created.id });
  const expired = await createToken(actor, { name: "old", scopes: ["mcp:read"], expiresInDays: 1 });
  await db.agentToken.update({ where: { id: expired.id }, data: { expiresAt: new Date(Date.now() - 1_000) } });
  const mistyped = `${created.token.slice(0, -1)}${created.token.endsWith("x") ? "y" : "x"}`;
  for (const token of [null, "x", `gth_${"a".repeat(43)}_aaaaaa`, mistyped, created.token, expired.token, admin.token]) {
    const requests: RequestInit[] = [{}, { method: "GET", body: null }];
    for (const init of requests) {
      const response = await ask(world, token, listing, init);
      expect(response.status).toBe(401);
      const challenge = response.headers.get("www-authenticate");
      expect(challenge).toContain(`resource_metadata="${world.origin}/.well-known/oauth-protected-resource/mcp/agent"`);
      expect(challenge).toContain('scope="mcp:read mcp:write"');
      expect(challenge?.includes("invalid_token")).toBe(token !== null);
    }
  }
});

test("a token is shown once, kept as a hash, and listed without anything that could be used as one", async () => {
  const { actor } = world.owner;
  const { id, token } = await createToken(actor, { name: "agent", scopes: ["mcp:read"], expiresInDays: 7 });
  expect(token).toMatch(/^gth_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{6}$/);
  const row = await db.agentToken.findUniqueOrThrow({ where: { id } });
  expect(row.tokenHash).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify([row, await listTokens(actor), await db.auditEvent.findMany()])).not.toContain(token);
  expect(await listTokens(actor)).toMatchObject([{ id, name: "agent", hint: token.slice(-4), scopes: ["mcp:read"] }]);
});

test("a token that was not here lately goes on by turns with its first three requests, and waits for nobody afterwards", async () => {
  const token = await tokenFor(world.owner.actor);
  const turns = [vi.spyOn(strangers, "inTurn"), vi.spyOn(newcomers, "inTurn")];
  const had = () => turns.map(({ mock }) => mock.calls.length);
  const post = (message: object) => ask(world, token, { jsonrpc: "2.0", ...message });
  const clientInfo = { name: "agent", version: "1" };
  await post({ id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo } });
  expect(had()).toEqual([1, 0]);
  // What every client of the SDK sends next costs nothing, and no turn.
  await post({ method: "notifications/initialized" });
  await fetch(`${world.origin}/mcp/agent`, { headers: { authorization: `Bearer ${token}` } });
  expect(had()).toEqual([1, 0]);
  for (const times of [1, 2, 2]) {
    expect((await post({ ...listing })).status).toBe(200);
    expect(had()).toEqual([1, times]);
  }
});

test("nothing is done before the turn, and who cannot have one is told to come again", async () => {
  const token = await tokenFor(world.owner.actor);
  await verify(token);
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const inTurn = vi.spyOn(newcomers, "inTurn").mockImplementationOnce((_, task) => held.then(task));
  let isAnswered = false;
  const answer = ask(world, token, listing).finally(() => (isAnswered = true));
  await vi.waitFor(() => expect(inTurn).toHaveBeenCalled());
  // As long as another takes that has no turn to wait for.
  await fetch(`${world.origin}/mcp/agent`, { headers: { authorization: `Bearer ${token}` } });
  expect(isAnswered).toBe(false);
  goOn();
  expect((await answer).status).toBe(200);
  inTurn.mockRejectedValueOnce(new DomainError("UNAVAILABLE", "Too many."));
  const refused = await ask(world, token, listing);
  expect([refused.status, refused.headers.get("retry-after"), refused.headers.get("content-type")]).toEqual([503, "1", "application/json"]);
  const data = { retryable: true, retryAfterSeconds: 1, requestId: expect.any(String) };
  expect(await refused.json()).toMatchObject({ error: { message: "Too many.", data } });
});

test("a body of many levels is refused as what it is", async () => {
  const token = await tokenFor(world.owner.actor);
  expect((await ask(world, token, `${"[".repeat(100_000)}${"]".repeat(100_000)}`)).status).toBe(400);
});

test("who goes away before the turn has it the next time", async () => {
  const token = await tokenFor(world.owner.actor);
  await verify(token);
  const gone = new AbortController();
  gone.abort();
  const inTurn = vi.spyOn(newcomers, "inTurn");
  for (let time = 0; time < 4; time += 1) {
    await expect(arrivalOf(token, { site: "office", signal: gone.signal }).turn()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  }
  await arrivalOf(token, { site: "office", signal: new AbortController().signal }).turn();
  expect(inTurn).toHaveBeenCalledTimes(5);
});

test("of many tokens that come at once each acts for its own member, and the others get nothing", async () => {
  const members = await Promise.all(Array.from({ length: 20 }, () => createMember({ id: world.owner.actor.orgId, name: "Acme" })));
  const tokens = await Promise.all(
    members.map(({ actor }) => createToken(actor, { name: "agent", scopes: ["mcp:read"], expiresInDays: 1 })),
  );
  for (const { id } of tokens.filter((_, n) => n % 4 === 3)) await db.agentToken.update({ where: { id }, data: { revokedAt: new Date() } });
  changed(world.owner.actor.orgId);
  const asked = [...tokens.map(({ token }) => token), ...Array.from({ length: 20 }, newToken)];
  // Twice: as strangers, and as those who were here before.
  for (let time = 0; time < 2; time += 1) {
    const found = await Promise.all(asked.map(verify));
    expect(found.map((token) => token?.membership.membershipId ?? null)).toEqual(
      asked.map((_, n) => (n % 4 === 3 ? null : (members[n]?.actor.membershipId ?? null))),
    );
    changed(world.owner.actor.orgId);
  }
});

test("uses of tokens are noted together, and a name that is cut in the middle of a sign spoils nobody's", async () => {
  const { actor } = world.owner;
  const names = ["first/1.0", `${"a".repeat(119)}😀`, null];
  for (const name of names) {
    const { token } = await createToken(actor, { name: "agent", scopes: ["mcp:read"], expiresInDays: 1 });
    const verified = await verify(token);
    if (verified) noteUse(verified, { client: () => name, address: "127.0.0.1" });
  }
  await flushUses();
  const noted = await db.agentToken.findMany({ where: { lastUsedAt: { not: null } }, orderBy: { createdAt: "asc" } });
  expect(noted.map(({ lastClient }) => lastClient)).toEqual(["first/1.0", "a".repeat(119), null]);
  expect(noted.map(({ lastNetwork }) => lastNetwork)).toEqual(["loopback", "loopback", "loopback"]);
  expect(Math.abs(Date.now() - Number(noted[0]?.lastUsedAt))).toBeLessThan(60_000);
});

test("only admins make tokens for the machine interface, nobody one for both, and nobody revokes another's", async () => {
  const member = await createMember({ id: world.owner.actor.orgId, name: "Acme" });
  const wanted = { name: "machine", scopes: ["admin" as const], expiresInDays: 1 };
  await expect(createToken(member.actor, wanted)).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(createToken(world.owner.actor, { ...wanted, scopes: ["admin", "mcp:read"] })).rejects.toMatchObject({ code: "BAD_INPUT" });
  const { id, token } = await createToken(world.owner.actor, { ...wanted, scopes: ["mcp:read"] });
  await expect(revoke(member.actor, { id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await ask(world, token, listing)).status).toBe(200);
});

test("a removed member's token stops at once", async () => {
  const member = await createMember({ id: world.owner.actor.orgId, name: "Acme" });
  const token = await tokenFor(member.actor);
  expect((await ask(world, token, listing)).status).toBe(200);
  await db.membership.delete({ where: { id: member.membershipId } });
  changed(world.owner.actor.orgId);
  expect((await ask(world, token, listing)).status).toBe(401);
});

test("the use of a token is noted with its client", async () => {
  const token = await tokenFor(world.owner.actor);
  await ask(world, token, listing, { headers: { "user-agent": "some-agent/1.0" } });
  await expect.poll(() => db.agentToken.findFirstOrThrow()).toMatchObject({ lastUsedAt: expect.any(Date), lastClient: "some-agent/1.0" });
});

test.each([
  [
    "initialize",
    { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "claude-code", version: "2.1" } },
    "claude-code 2.1",
  ],
  ["tools/list", { _meta: { "io.modelcontextprotocol/clientInfo": { name: "codex" } } }, "codex"],
  ["tools/list", { clientInfo: { name: "nul\u0000" } }, "some-agent/1.0"],
  ["tools/list", { clientInfo: { name: "x".repeat(500) } }, "x".repeat(120)],
])("an agent is noted under the name it gives itself: %s %j", async (method, params, lastClient) => {
  const token = await tokenFor(world.owner.actor);
  await ask(world, token, { jsonrpc: "2.0", id: 1, method, params }, { headers: { "user-agent": "some-agent/1.0" } });
  await expect.poll(() => db.agentToken.findFirstOrThrow()).toMatchObject({ lastClient });
});

test("bad requests: method, content type, size, JSON, JSON-RPC", async () => {
  const token = await tokenFor(world.owner.actor);
  for (const method of ["GET", "DELETE"]) {
    const refused = await ask(world, token, null, { method, body: null });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "POST"]);
  }
  expect((await ask(world, token, "{}", { headers: { "content-type": "text/plain" } })).status).toBe(415);
  expect((await ask(world, token, listing, { headers: { accept: "text/html" } })).status).toBe(406);
  expect((await ask(world, token, `"${"x".repeat(1_100_000)}"`)).status).toBe(413);
  const malformed = await ask(world, token, "{");
  expect(malformed.status).toBe(400);
  expect(await malformed.json()).toMatchObject({ error: { code: -32_700 } });
  for (const body of [42, [], {}, { jsonrpc: "1.0", id: 1, method: "x" }, { jsonrpc: "2.0", id: 1 }]) {
    const response = await ask(world, token, body);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  }
  const unknown = await ask(world, token, { ...listing, method: "tools/call", params: { name: "rm" } });
  expect(await unknown.text()).toContain("Unknown tool: rm");
});
