// Our own limits on agents: what counts as how much, and what is told. How processes count together: tests/processes/replica-bounds.test.ts.
import { expect, test, vi } from "vitest";

import { flushCalls } from "#server/audit/calls.ts";
import { limits } from "#server/agent/limits.ts";
import { db } from "#server/db.ts";
import { log } from "#server/log.ts";
import { ask, call, connectUpstream, execute, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();
const spent = async (limit: keyof typeof limits, key: string) => (await limits[limit].limiter.get(key))?.consumedPoints ?? 0;

test("a batch counts as what it holds, for all of them; a search counts apart from calls", async () => {
  const { actor } = world.owner;
  const { id } = await connectUpstream(world);
  const token = await tokenFor(actor);
  const { id: tokenId } = await db.agentToken.findFirstOrThrow({ where: { hint: token.slice(-4) } });
  const client = await legacyClient(world, token);
  const before = await spent("token", tokenId);
  const one = { name: `mcp:${id}:echo`, arguments: { text: "x" } };
  await call(client, "execute_capability", { calls: Array.from({ length: 20 }, () => one) });
  await execute(client, one.name, one.arguments);
  await execute(client, "gatehouse:connection.list", { scope: "usable" });
  await search(client, "echo");
  expect(await spent("token", tokenId)).toBe(before + 23);
  expect(await spent("member", actor.membershipId)).toBe(22);
  expect(await spent("organization", actor.orgId)).toBe(22);
  expect(await spent("connection", id)).toBe(21);
  expect(await spent("search", actor.membershipId)).toBe(1);
  // A batch of the protocol, too.
  await ask(
    world,
    token,
    [1, 2, 3].map((n) => ({ jsonrpc: "2.0", id: n, method: "ping" })),
  );
  expect(await spent("token", tokenId)).toBe(before + 26);
});

test("over a limit nothing is sent, nothing is written, and the agent is told how long to wait", async () => {
  const { actor } = world.owner;
  const [{ id }, { id: other }] = [await connectUpstream(world), await connectUpstream(world, "Other")];
  const client = await legacyClient(world, await tokenFor(actor));
  const refused = (words: string) => ({
    isError: true,
    structuredContent: { error: "rate_limited", retryable: true, retryAfterSeconds: 30, message: expect.stringContaining(words) },
  });
  const echo = (connectionId = id) => execute(client, `mcp:${connectionId}:echo`, { text: "x" });
  await limits.connection.limiter.block(id, 30);
  world.upstream.received.length = 0;
  const warned = vi.spyOn(log, "warn");
  expect(await echo()).toMatchObject(refused("calls to Echo server"));
  expect(await echo()).toMatchObject(refused("calls to Echo server"));
  expect(warned.mock.calls).toEqual([
    [expect.objectContaining({ limit: "connection", key: id, requestId: expect.any(String) }), expect.stringContaining("limit")],
  ]);
  warned.mockRestore();
  expect(world.upstream.received).toEqual([]);
  expect((await echo(other)).isError).toBeUndefined();
  await limits.organization.limiter.block(actor.orgId, 30);
  expect(await echo(other)).toMatchObject(refused("The agents of your organization"));
  await limits.member.limiter.block(actor.membershipId, 30);
  expect(await echo(other)).toMatchObject(refused("Your agents"));
  // Looking for something else to do is still possible.
  expect((await search(client, "echo")).matches).toHaveLength(2);
  await limits.search.limiter.block(actor.membershipId, 30);
  expect(await call(client, "search_capabilities", { query: "echo" })).toMatchObject(refused("searches"));
  await flushCalls();
  expect(await db.auditEvent.count({ where: { action: "capability.executed" } })).toBe(1);
});

test("what is not the caller's counts for no connection", async () => {
  const client = await legacyClient(world, await tokenFor(world.owner.actor));
  await execute(client, "mcp:nothing:echo");
  expect(await spent("connection", "nothing")).toBe(0);
});
