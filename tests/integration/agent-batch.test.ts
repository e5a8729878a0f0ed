// execute_capability with `calls`: order, concurrency, and that no call of a batch gets more or less than it would alone.
import { EventEmitter, once } from "node:events";

import { expect, test } from "vitest";
import { z } from "zod";

import { maxInlineBytes } from "#server/agent/fit-result.ts";
import { flushCalls } from "#server/audit/calls.ts";
import { db } from "#server/db.ts";
import { recordsOf } from "#server/signin/records.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { revoke } from "#server/tokens/revoke.ts";
import type { FakeTool } from "#tests/fakes/mcp-upstream.ts";
import { ask, call, connectUpstream, legacyClient, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();

const head = z.object({
  call: z.number(),
  name: z.unknown(),
  isError: z.boolean(),
  blocks: z.number(),
  structuredContent: z.looseObject({ error: z.string().optional() }).optional(),
});

/** Takes the answer of a batch apart again, as an agent would. */
function answersOf(result: { content: { type: string }[] }) {
  const rest = [...result.content];
  const answers = [];
  for (let block = rest.shift(); block; block = rest.shift()) {
    const { blocks, ...more } = head.parse(JSON.parse(z.object({ text: z.string() }).parse(block).text));
    answers.push({ ...more, content: rest.splice(0, blocks) });
  }
  return answers;
}

test("each call has its own result or error, in the order asked for, whatever order they end in", async () => {
  const gate = new EventEmitter();
  const here = once(gate, "here");
  world.upstream.tools = [
    {
      name: "slow",
      run: async () => {
        gate.emit("here");
        await once(gate, "go");
        return { content: [{ type: "text", text: "slow" }] };
      },
    },
    {
      name: "quick",
      run: () => {
        gate.emit("go");
        return {
          content: [
            { type: "text", text: '{"a":1}' },
            { type: "image", data: "aGk=", mimeType: "image/png" },
          ],
          structuredContent: { a: 1 },
        };
      },
    },
    { name: "refuses", run: () => ({ isError: true, content: [{ type: "text", text: "no" }] }) },
  ];
  const { id } = await connectUpstream(world);
  const agent = await legacyClient(world, await tokenFor(world.owner.actor));
  const calls = [{ name: `mcp:${id}:slow` }, { name: `mcp:${id}:refuses` }, { name: "mcp:nobody:x" }, 7, { name: `mcp:${id}:quick` }];
  const answer = call(agent, "execute_capability", { calls });
  await here;
  const result = await answer;
  expect(result.isError).toBeUndefined();
  expect(answersOf(result)).toMatchObject([
    { call: 0, name: `mcp:${id}:slow`, isError: false, content: [{ text: "slow" }] },
    { call: 1, isError: true, content: [{ text: "no" }] },
    { call: 2, isError: true, content: [], structuredContent: { error: "unknown_capability" } },
    { call: 3, name: null, isError: true, structuredContent: { error: "invalid_capability_arguments" } },
    { call: 4, isError: false, structuredContent: { a: 1 }, content: [{ type: "image" }] },
  ]);
  await flushCalls();
  const rows = await db.auditEvent.findMany({ where: { action: "capability.executed" }, select: { outcome: true } });
  expect(rows.map(({ outcome }) => outcome).sort()).toEqual(["denied", "failed", "ok", "ok"]);
});

test("at most eight run at once, and a batch of twenty ends whole", async () => {
  let running = 0;
  let most = 0;
  const gate = new EventEmitter().setMaxListeners(50);
  const full = once(gate, "full");
  const wait: FakeTool = {
    name: "wait",
    run: async () => {
      running += 1;
      most = Math.max(most, running);
      if (running === 8) gate.emit("full");
      await full;
      running -= 1;
      return { content: [{ type: "text", text: "done" }] };
    },
  };
  world.upstream.tools = [wait];
  const { id } = await connectUpstream(world);
  const agent = await legacyClient(world, await tokenFor(world.owner.actor));
  const result = await call(agent, "execute_capability", { calls: Array(20).fill({ name: `mcp:${id}:wait` }) });
  expect(answersOf(result).map(({ content }) => content)).toEqual(Array(20).fill([{ type: "text", text: "done" }]));
  expect(most).toBe(8);
});

test.each([
  ["the short way", {}],
  ["the SDK", { _meta: { progressToken: 1 } }],
])("what has not begun when its token is revoked never does (%s)", async (_way, more) => {
  const gate = new EventEmitter().setMaxListeners(50);
  let arrived = 0;
  const wait: FakeTool = {
    name: "wait",
    run: async () => {
      arrived += 1;
      await once(gate, "go");
      return { content: [{ type: "text", text: "done" }] };
    },
  };
  world.upstream.tools = [wait];
  const { id } = await connectUpstream(world);
  const { id: tokenId, token } = await createToken(world.owner.actor, {
    name: "agent",
    scopes: ["mcp:read", "mcp:write"],
    expiresInDays: 1,
  });
  const params = { name: "execute_capability", arguments: { calls: Array(20).fill({ name: `mcp:${id}:wait` }) }, ...more };
  const response = ask(world, token, { jsonrpc: "2.0", id: 1, method: "tools/call", params });
  await expect.poll(() => arrived).toBe(8);
  await revoke(world.owner.actor, { id: tokenId });
  gate.emit("go");
  const text = await (await response).text();
  const message = /^(?:data: )?(\{.*"result".*)$/m.exec(text)?.[1] ?? "";
  const { result } = z.object({ result: z.object({ content: z.array(z.looseObject({ type: z.string() })) }) }).parse(JSON.parse(message));
  const answers = answersOf(result);
  expect(answers.slice(0, 8).every(({ isError }) => !isError)).toBe(true);
  expect(answers.slice(8)).toMatchObject(Array(12).fill({ isError: true, structuredContent: { error: "forbidden" } }));
  expect(arrived).toBe(8);
});

test("the binaries of a batch are bounded together: what has no room says so, and keeps its texts", async () => {
  const data = "aGlh".repeat(750_000);
  world.upstream.tools = [
    {
      name: "picture",
      run: () => ({
        content: [
          { type: "text", text: "a picture" },
          { type: "image", data, mimeType: "image/png" },
        ],
      }),
    },
  ];
  const { id } = await connectUpstream(world);
  const agent = await legacyClient(world, await tokenFor(world.owner.actor));
  const answers = answersOf(await call(agent, "execute_capability", { calls: Array(8).fill({ name: `mcp:${id}:picture` }) }));
  const whole = answers.filter(({ isError }) => !isError);
  expect(whole.map(({ content }) => content)).toMatchObject(Array(5).fill([{ text: "a picture" }, { type: "image", data }]));
  const rest = answers.filter(({ isError }) => isError);
  const told = { structuredContent: { error: "result_too_large" }, content: [{ type: "text", text: "a picture" }] };
  expect(rest).toMatchObject(Array(3).fill(told));
});

test("the answers of a batch share their room: what some do not need is there for others", async () => {
  const long = (length: number): FakeTool => ({
    name: `long_${length}`,
    run: () => ({ content: [{ type: "text", text: "x".repeat(length) }] }),
  });
  world.upstream.tools = [long(50), long(14_000), long(200_000)];
  const { id } = await connectUpstream(world);
  const agent = await legacyClient(world, await tokenFor(world.owner.actor));
  const lengthsOf = async (lengths: number[]) => {
    const calls = lengths.map((length) => ({ name: `mcp:${id}:long_${length}` }));
    const result = await call(agent, "execute_capability", { calls });
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(maxInlineBytes + 8_192);
    return answersOf(result).map(
      ({ content }) =>
        z
          .array(z.object({ text: z.string() }))
          .parse(content)
          .at(-1)?.text.length,
    );
  };
  const nineteen = Array<number>(19).fill(50);
  expect(await lengthsOf([14_000, ...nineteen])).toEqual([14_000, ...nineteen]);
  expect(await lengthsOf([50, 200_000, 50])).toEqual([50, 200_000, 50]);
  expect(await db.keptResult.count()).toBe(0);
  const both = await lengthsOf([200_000, 200_000]);
  expect(both.filter((length) => length === 200_000)).toHaveLength(1);
  expect(await db.keptResult.count()).toBe(1);
});

test("fields that were filled in with nothing are not there", async () => {
  const { id } = await connectUpstream(world);
  const agent = await legacyClient(world, await tokenFor(world.owner.actor));
  const one = { name: `mcp:${id}:echo`, arguments: { text: "hi" } };
  const said = [{ type: "text", text: "hi" }];
  for (const given of [
    { ...one, calls: null },
    { ...one, calls: [], body: null, schemaDigest: null },
    { ...one, calls: [], schemaDigest: "" },
    { ...one, arguments: null, body: one.arguments, calls: null },
    { ...one, arguments: {}, body: one.arguments },
    { ...one, body: "" },
  ])
    expect((await call(agent, "execute_capability", given)).content).toEqual(said);
  for (const empty of [{ name: null }, { name: "", arguments: {}, schemaDigest: "" }, { arguments: null, body: null, schemaDigest: null }])
    expect(answersOf(await call(agent, "execute_capability", { ...empty, calls: [one] }))).toMatchObject([{ content: said }]);
});

test("a batch that is none says what one is, and calls nothing", async () => {
  const { id } = await connectUpstream(world);
  const agent = await legacyClient(world, await tokenFor(world.owner.actor));
  world.upstream.received.length = 0;
  const one = { name: `mcp:${id}:echo` };
  const named = [
    { calls: [one], ...one },
    { calls: [], name: "" },
    { calls: null, name: null },
  ];
  for (const given of [{ calls: [] }, { calls: Array(21).fill(one) }, { calls: one }, ...named]) {
    expect(await call(agent, "execute_capability", given)).toMatchObject({
      isError: true,
      structuredContent: { error: "invalid_capability_arguments" },
    });
  }
  expect(world.upstream.received).toEqual([]);
});

test("a token without mcp:write gets no call through in a batch either", async () => {
  const { id } = await connectUpstream(world);
  const agent = await legacyClient(world, await tokenFor(world.owner.actor, ["mcp:read"]));
  world.upstream.received.length = 0;
  const result = await call(agent, "execute_capability", { calls: Array(2).fill({ name: `mcp:${id}:echo` }) });
  expect(result.isError).toBe(true);
  expect(answersOf(result)).toMatchObject(Array(2).fill({ structuredContent: { error: "insufficient_mcp_scope" } }));
  expect(world.upstream.received).toEqual([]);
});

test("an agent that signed in is sent for a missing scope when no call of the batch ran, and not when one did", async () => {
  const { id } = await connectUpstream(world);
  const { orgId, membershipId } = world.owner.actor;
  const agent = { clientId: "c", clientName: "c", redirectHost: "x" };
  await db.agentGrant.create({ data: { id: "writer", orgId, membershipId, ...agent, scopes: ["mcp:write"] } });
  const token = "a".repeat(43);
  const signedIn = { accountId: membershipId, grantId: "writer", clientId: "c", aud: `${world.origin}/mcp/agent`, scope: "mcp:write" };
  await recordsOf("AccessToken").upsert(token, { ...signedIn, exp: Math.floor(Date.now() / 1000) + 600 }, 600);
  const own = { name: "gatehouse:results.read", arguments: { id: "x" } };
  const statusOf = async (calls: object[]) => {
    const params = { name: "execute_capability", arguments: { calls } };
    return (await ask(world, token, { jsonrpc: "2.0", id: 1, method: "tools/call", params })).status;
  };
  world.upstream.received.length = 0;
  expect(await statusOf([{ name: `mcp:${id}:echo`, arguments: { text: "once" } }, own])).toBe(200);
  expect(world.upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call")).toHaveLength(1);
  expect(await statusOf([own, own])).toBe(403);
});
