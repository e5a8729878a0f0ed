// Agents of people: states of a connection with the link that mends them, "connect" inside the client, and Gatehouse's own operations.
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema, McpError } from "@modelcontextprotocol/sdk/types.js";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import { connect } from "#server/connections/connect.ts";
import { create } from "#server/connections/create.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { agentOperations, procedures } from "#server/trpc/agent-operations.ts";
import { createMember, type Person } from "#prisma/factories.ts";
import { connectUpstream, everyone, execute, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();
let member: Person;

beforeEach(async () => {
  member = await createMember({ id: world.owner.actor.orgId, name: "Acme" }, { name: "Priya" });
});

/** A connection where each person enters their own key; the owner's is there, the member's is not. */
async function ownKeys() {
  const { id } = await create(world.owner.actor, {
    name: "Own keys",
    url: world.upstream.url,
    authType: "api_key",
    credentialMode: "per_member",
    apiKey: "key-of-the-owner",
    access: everyone,
  });
  return { id, name: `mcp:${id}:echo` };
}

const door = () => new URL(`${world.origin}/mcp/agent`);
const init = (token: string) => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } });

test("an agent without URL elicitation is told who has to act, with a link; after connecting the same call works", async () => {
  const { id, name } = await ownKeys();
  const client = await legacyClient(world, await tokenFor(member.actor));
  expect((await search(client, "echo")).connections).toMatchObject([
    { id, state: "needs_connection", actor: "member", action: { url: `${world.origin}/connections?connect=${id}` } },
  ]);
  expect(await execute(client, name, { text: "hi" })).toMatchObject({
    isError: true,
    structuredContent: {
      error: "needs_connection",
      connection: { id, actor: "member", action: { url: `${world.origin}/connections?connect=${id}` } },
    },
  });
  await connect(member.actor, { id, apiKey: "key-of-priya" });
  expect(await execute(client, name, { text: "hi" })).toMatchObject({ content: [{ type: "text", text: "hi" }] });
  const calls = world.upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call");
  expect(calls.map(({ headers }) => headers.authorization)).toEqual(["Bearer key-of-priya"]);
});

test("an agent of 2025-11-25 with URL elicitation gets the address to open, and the same call succeeds afterwards", async () => {
  const { id, name } = await ownKeys();
  const client = new Client({ name: "peer", version: "1.0.0" }, { capabilities: { elicitation: { url: {} } } });
  onTestFinished(() => client.close());
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept" }));
  await client.connect(new StreamableHTTPClientTransport(door(), init(await tokenFor(member.actor))));
  const refused: unknown = await execute(client, name, { text: "hi" }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(McpError);
  expect(refused).toMatchObject({
    code: -32_042,
    data: { elicitations: [{ mode: "url", url: `${world.origin}/connections?connect=${id}` }] },
  });
  // With progress asked for, the answer comes the SDK's way.
  const slow: unknown = await client
    .callTool({ name: "execute_capability", arguments: { name, arguments: { text: "hi" } } }, undefined, { onprogress: () => undefined })
    .catch((error: unknown) => error);
  expect(slow).toMatchObject({ code: -32_042 });

  await connect(member.actor, { id, apiKey: "key-of-priya" });
  expect(await execute(client, name, { text: "hi" })).toMatchObject({ content: [{ type: "text", text: "hi" }] });
});

test.each(["2025-11-25", "2026-07-28"])(
  "in a batch an agent of %s with URL elicitation is told in words, and the other calls run",
  async (generation) => {
    const { id, name } = await ownKeys();
    const ready = await connectUpstream(world);
    const given = {
      name: "execute_capability",
      arguments: { calls: [{ name }, { name: `mcp:${ready.id}:echo`, arguments: { text: "hi" } }] },
    };
    const capabilities = { elicitation: { url: {} } };
    const token = await tokenFor(member.actor);
    const batch = async () => {
      if (generation === "2025-11-25") {
        const client = new Client({ name: "peer", version: "1.0.0" }, { capabilities });
        onTestFinished(() => client.close());
        await client.connect(new StreamableHTTPClientTransport(door(), init(token)));
        return client.callTool(given);
      }
      const client = new ModernClient({ name: "peer", version: "1.0.0" }, { capabilities, versionNegotiation: { mode: "auto" } });
      onTestFinished(() => client.close());
      client.setRequestHandler("elicitation/create", () => {
        throw new Error("Nobody is to be asked.");
      });
      await client.connect(new ModernTransport(door(), init(token)));
      return client.callTool(given);
    };
    const content = z.array(z.object({ text: z.string() })).parse((await batch()).content);
    const texts = content.map(({ text }) => text);
    expect(texts).toHaveLength(3);
    const address = `${world.origin}/connections?connect=${id}`;
    const told = { error: "needs_connection", message: expect.stringContaining(address) };
    expect(JSON.parse(texts[0] ?? "")).toMatchObject({ call: 0, isError: true, structuredContent: told });
    expect([JSON.parse(texts[1] ?? ""), texts[2]]).toMatchObject([{ call: 1, isError: false }, "hi"]);
  },
);

test("an agent of 2026-07-28 is asked for input with the address, and the call goes on by itself once the person connected", async () => {
  const { id, name } = await ownKeys();
  const client = new ModernClient(
    { name: "peer", version: "1.0.0" },
    { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode: "auto" } },
  );
  onTestFinished(() => client.close());
  const asked: unknown[] = [];
  client.setRequestHandler("elicitation/create", async (request) => {
    asked.push(request.params);
    await connect(member.actor, { id, apiKey: "key-of-priya" });
    return { action: "accept" };
  });
  await client.connect(new ModernTransport(door(), init(await tokenFor(member.actor))));
  const result = await client.callTool({ name: "execute_capability", arguments: { name, arguments: { text: "hi" } } });
  expect(result).toMatchObject({ content: [{ type: "text", text: "hi" }] });
  expect(asked).toMatchObject([{ mode: "url", url: `${world.origin}/connections?connect=${id}` }]);
});

test("a person who declines or does not connect: the agent is told in words, once", async () => {
  const { name } = await ownKeys();
  const client = new ModernClient(
    { name: "peer", version: "1.0.0" },
    { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode: "auto" } },
  );
  onTestFinished(() => client.close());
  let asked = 0;
  client.setRequestHandler("elicitation/create", () => {
    asked += 1;
    return { action: "decline" };
  });
  await client.connect(new ModernTransport(door(), init(await tokenFor(member.actor))));
  expect(await client.callTool({ name: "execute_capability", arguments: { name, arguments: { text: "hi" } } })).toMatchObject({
    isError: true,
    structuredContent: { error: "needs_connection" },
  });
  expect(asked).toBe(1);
});

test("a connection that an admin switched off is named as such and calls nothing", async () => {
  const { id } = await connectUpstream(world);
  const client = await legacyClient(world, await tokenFor(member.actor));
  await update(world.owner.actor, { id, version: 1, enabled: false });
  const before = world.upstream.received.length;
  const found = await search(client, "echo text");
  expect(found.matches.filter(({ name }) => name.startsWith("mcp:"))).toEqual([]);
  expect(found.connections).toMatchObject([{ id, state: "disabled", actor: "organization_admin" }]);
  expect(await execute(client, `mcp:${id}:echo`, { text: "hi" })).toMatchObject({
    isError: true,
    structuredContent: { error: "policy_blocked", connection: { id, state: "disabled" } },
  });
  expect(world.upstream.received.length).toBe(before);
  await update(world.owner.actor, { id, version: 2, enabled: true });
  expect(await execute(client, `mcp:${id}:echo`, { text: "hi" })).toMatchObject({ content: [{ type: "text", text: "hi" }] });
});

test("Gatehouse's own operations are found and run with the caller's permissions under mcp:read", async () => {
  const { id } = await connectUpstream(world);
  const reader = await legacyClient(world, await tokenFor(member.actor, ["mcp:read"]));
  const found = await search(reader, "who can I ask for access admin", { connection: "Gatehouse" });
  expect(found.matches[0]).toMatchObject({ name: "gatehouse:member.admins", access: "read", connection: "Gatehouse" });

  expect(await execute(reader, "gatehouse:member.admins")).toMatchObject({ structuredContent: { result: [{ role: "owner" }] } });
  expect(await execute(reader, "gatehouse:grant.mine")).toMatchObject({
    structuredContent: { result: [{ connection: { id }, grantedTo: ["everyone in the organization"], state: "ready" }] },
  });
  // What the role does not allow, an agent of that person cannot do either.
  expect(await execute(reader, "gatehouse:connection.list", { scope: "manageable" })).toMatchObject({
    isError: true,
    structuredContent: { error: "forbidden" },
  });
  expect(await execute(reader, "gatehouse:connection.list", { scope: "everything" })).toMatchObject({
    isError: true,
    structuredContent: { error: "invalid_capability_arguments", issues: [{ path: "scope" }] },
  });
  for (const name of ["gatehouse:connection.create", "gatehouse:agentToken.list", "gatehouse:oauth.begin", "gatehouse:toString"]) {
    expect(await execute(reader, name)).toMatchObject({ isError: true, structuredContent: { error: "unknown_capability" } });
  }
  const writer = await legacyClient(world, await tokenFor(member.actor, ["mcp:write"]));
  expect(await execute(writer, "gatehouse:grant.mine")).toMatchObject({
    isError: true,
    structuredContent: { error: "insufficient_mcp_scope", requiredScope: "mcp:read" },
  });
  const rows = await db.auditEvent.findMany({ where: { action: "capability.executed", targetName: "gatehouse:member.admins" } });
  expect(rows).toHaveLength(1);
});

test("the whole router, walked: only queries that say so are operations, none of secrets, and each runs for a plain member", async () => {
  const all = procedures();
  const offered = new Map(agentOperations().map((operation) => [operation.name, operation]));
  expect(all.size).toBeGreaterThan(40);
  for (const [path, { type, meta }] of all) {
    expect({ path, offered: offered.has(path) }).toEqual({ path, offered: type === "query" && meta?.agent !== undefined });
    // Whatever anybody writes into a procedure's meta: nothing that changes something, signs in, or deals with tokens and credentials.
    if (type === "mutation" || /^(oauth|agent|agentToken|invitation|audit)\./.test(path))
      expect({ path, meta }).toEqual({ path, meta: undefined });
  }
  const withoutInput = ["connection.list", "connection.presets", "grant.mine", "member.admins", "member.me"];
  expect([...offered.keys()].sort()).toEqual([...withoutInput, "results.read"]);
  const client = await legacyClient(world, await tokenFor(member.actor, ["mcp:read"]));
  for (const [name, { title, inputSchema }] of offered) {
    const found = await search(client, title, { connection: "Gatehouse", limit: 20 });
    expect(found.matches.find((match) => match.name === `gatehouse:${name}`)).toMatchObject({
      access: "read",
      available: true,
      inputSchema,
    });
    if (!withoutInput.includes(name)) continue;
    expect(await execute(client, `gatehouse:${name}`)).toMatchObject({ structuredContent: { result: expect.anything() } });
  }
});
