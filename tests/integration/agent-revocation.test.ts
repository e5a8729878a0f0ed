// A right that is taken away is gone with the answer that says so: calls go on all the while, and none that begins after it is accepted.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { flushCalls } from "#server/audit/calls.ts";
import { db } from "#server/db.ts";
import type { ToolErrorName } from "#server/agent/tool-error.ts";
import { env } from "#server/env.ts";
import { metricsText } from "#server/metric.ts";
import { create as createConnection } from "#server/connections/create.ts";
import { changeRole } from "#server/orgs/members.ts";
import { setRollout } from "#server/orgs/rollout.ts";
import { createMember } from "#prisma/factories.ts";
import { echoTool, type FakeTool } from "#tests/fakes/mcp-upstream.ts";
import { tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { callsAround, execute, revocations, type Stage, tools } from "#tests/setup/revocations.ts";

const world = useAgentWorld();
const stage = (): Stage => ({ owner: world.owner, upstream: world.upstream, places: [{ origin: world.origin, boundMs: 0 }] });

beforeAll(() => {
  env.CONNECTIONS_GATING = true;
});
afterAll(() => {
  env.CONNECTIONS_GATING = false;
});
beforeEach(async () => {
  world.upstream.tools = tools;
  await setRollout(world.owner.actor, { rollout: "enabled" });
  // What is remembered ages by this clock. While it stands still nothing is forgotten for its age, and only what a change drops is gone.
  const now = performance.now();
  vi.spyOn(performance, "now").mockReturnValue(now);
});
afterEach(() => {
  vi.restoreAllMocks();
});

test.each(Object.entries(revocations))("%s: no call that begins afterwards is accepted", { timeout: 60_000 }, async (_what, prepare) => {
  const on = stage();
  const { late, refused, found } = await callsAround(on, await prepare(on));
  expect(late).toEqual([]);
  expect(found).toBe(0);
  expect(refused).toBeGreaterThanOrEqual(10);
});

/** What an agent is told whose call waits meanwhile. */
const whileWaiting: [string, ToolErrorName][] = [
  ["a token is revoked", "forbidden"],
  ["a signed-in agent is signed out", "forbidden"],
  ["a member is removed", "forbidden"],
  ["everybody's grant goes", "unknown_capability"],
  ["a connection is switched off", "policy_blocked"],
  ["a connection is disconnected", "connection_not_connected"],
  ["a member disconnects their own account", "needs_connection"],
  ["a member's own account is refused by its provider", "reconnect_required"],
  ["a tool is dropped by its server", "unknown_capability"],
  ["connections go dark", "unknown_capability"],
];

/** Calls that wait for an answer until all are answered, and what arrived of them. */
function hanging({ token, name }: { token: string; name: string }) {
  const arrived: unknown[] = [];
  let answerAll = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answerAll = resolve));
  const hang: FakeTool = {
    ...echoTool,
    run: async ({ text }) => {
      arrived.push(text);
      await answered;
      return { content: [] };
    },
  };
  world.upstream.tools = [hang];
  const ask = (text: string) => execute(world.origin, token, name, { text });
  return { arrived, ask, answerAll };
}

test.each(whileWaiting)("%s: a call that waits for its turn meanwhile does not leave", { timeout: 30_000 }, async (what, error) => {
  vi.restoreAllMocks();
  const on = stage();
  const made = await revocations[what]?.(on);
  if (!made) throw new Error(`There is no revocation "${what}".`);
  const { arrived, answerAll, ask } = hanging(made);
  // As many as one member may have at one connection.
  const held = Array.from({ length: 75 }, (_, n) => ask(`call ${n}`));
  await expect.poll(() => arrived.length, { timeout: 10_000 }).toBe(75);
  const waiting = ask("late");
  await expect.poll(metricsText).toContain('gatehouse_calls_in_turn{state="waiting"} 1');
  world.upstream.received.length = 0;
  await made.change();
  answerAll();
  const { isAccepted, text } = await waiting;
  expect(isAccepted).toBe(false);
  expect(text).toContain(`"error":"${error}"`);
  await Promise.all(held);
  expect(arrived).not.toContain("late");
  // Nor is a session opened for it, with a key that is no longer meant for that.
  const opened = ["initialize", "server/discover"];
  expect(world.upstream.received.filter(({ rpcMethod }) => opened.includes(rpcMethod ?? ""))).toEqual([]);
  await flushCalls();
  expect(await db.auditEvent.count({ where: { action: "capability.executed", outcome: "denied", errorCode: error } })).toBe(1);
});

test("a call that waited does not leave on rights that are old, though nobody told of the change", { timeout: 30_000 }, async () => {
  const clock = vi.spyOn(performance, "now");
  const began = performance.now();
  const on = stage();
  const made = await revocations["everybody's grant goes"]?.(on);
  if (!made) throw new Error("There is no such revocation.");
  const { arrived, answerAll, ask } = hanging(made);
  const held = Array.from({ length: 75 }, (_, n) => ask(`call ${n}`));
  await expect.poll(() => arrived.length, { timeout: 10_000 }).toBe(75);
  await db.accessGrant.deleteMany();
  // What was read before the change is still remembered, and just old enough for another look.
  clock.mockReturnValue(began + 900);
  const waiting = ask("late");
  await expect.poll(metricsText).toContain('gatehouse_calls_in_turn{state="waiting"} 1');
  clock.mockReturnValue(began + 1_050);
  answerAll();
  expect((await waiting).isAccepted).toBe(false);
  await Promise.all(held);
  expect(arrived).not.toContain("late");
});

test("a role opens nothing and closes nothing", async () => {
  const org = { id: world.owner.actor.orgId, name: "Acme" };
  const [granted, other] = [await createMember(org, { role: "admin" }), await createMember(org)];
  const access = { organization: false, membershipIds: [granted.membershipId], teamIds: [] };
  const plain = { name: "Echo", url: world.upstream.url, authType: "none", credentialMode: "shared", access } as const;
  const { id } = await createConnection(world.owner.actor, plain);
  const [theirs, others] = [await tokenFor(granted.actor), await tokenFor(other.actor)];
  const accepted = async (token: string) => (await execute(world.origin, token, `mcp:${id}:echo`, { text: "hi" })).isAccepted;
  expect([await accepted(theirs), await accepted(others)]).toEqual([true, false]);
  await changeRole(world.owner.actor, { id: granted.membershipId, role: "member" });
  await changeRole(world.owner.actor, { id: other.membershipId, role: "owner" });
  expect([await accepted(theirs), await accepted(others)]).toEqual([true, false]);
});
