// Processes that die or are replaced while calls run: the others go on, and nobody gets a wrong answer.
import { afterAll, beforeAll, expect, test } from "vitest";

import { findPostgres } from "../../scripts/programs.mjs";
import { type FakeUpstream, slowEchoTool, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { everyone, execute, type Replicas, startMs, startReplicas } from "#tests/setup/replicas.ts";

const hasPostgres = findPostgres() !== undefined;
const lanes = 12;
let replicas: Replicas;
let upstream: FakeUpstream;
let token: string;
let id: string;

beforeAll(async () => {
  if (!hasPostgres) return;
  replicas = await startReplicas(3);
  // Calls take a moment, so that some are always under way.
  upstream = await startUpstream([slowEchoTool(30)]);
  const input = { name: "Echo", url: upstream.url, authType: "none", credentialMode: "shared", access: everyone };
  ({ id } = await replicas.api<{ id: string }>("connection.create", input));
  const given = { name: "t", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 };
  ({ token } = await replicas.api<{ token: string }>("agentToken.create", given));
}, startMs);
afterAll(async () => {
  if (!hasPostgres) return;
  await replicas.close();
  await upstream.close();
});

/** Calls through the proxy, some at a time, until it is told to stop. */
function startLoad() {
  const seen = { good: 0, wrong: 0, failed: new Array<string>() };
  let isOver = false;
  let count = 0;
  const lane = async () => {
    while (!isOver) {
      const text = `call ${(count += 1)}`;
      try {
        const { content } = await execute(replicas.proxy.origin, token, `mcp:${id}:echo`, { text });
        if (JSON.stringify(content) === JSON.stringify([{ type: "text", text }])) seen.good += 1;
        else seen.wrong += 1;
      } catch (error) {
        seen.failed.push(String(error));
      }
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, lane));
  const more = async (calls: number) => {
    const goal = seen.good + calls;
    await expect.poll(() => seen.good, { timeout: 60_000 }).toBeGreaterThan(goal);
  };
  const stop = async () => {
    isOver = true;
    await running;
  };
  return { seen, more, stop };
}

const executed = async () =>
  (await replicas.database.query(`SELECT 1 FROM "AuditEvent" WHERE "action" = 'capability.executed'`)).rowCount ?? 0;
const reached = () => upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call").length;

test.skipIf(!hasPostgres)("one that is killed costs what was under way in it, and nothing else", { timeout: 120_000 }, async () => {
  const load = startLoad();
  await load.more(100);
  const [victim] = replicas.products;
  await victim?.kill();
  await load.more(300);
  await load.stop();
  expect(load.seen.wrong).toBe(0);
  // Each lane may meet the dead one once more before the proxy knows.
  expect(load.seen.failed.length).toBeLessThanOrEqual(2 * lanes);
  for (const failure of load.seen.failed) expect(failure).toContain("502");
  // Whatever reached the server has its row in the trail, also what the killed one had sent.
  expect(await executed()).toBeGreaterThanOrEqual(reached());
  replicas.proxy.targets = replicas.proxy.targets.filter((target) => target !== victim?.address);
});

test.skipIf(!hasPostgres)("all of them are replaced, one after the other, and no call fails", { timeout: 180_000 }, async () => {
  const old = replicas.products.filter(({ address }) => replicas.proxy.targets.includes(address));
  expect(old).toHaveLength(2);
  const load = startLoad();
  await load.more(50);
  for (const product of old) {
    await replicas.add();
    await load.more(50);
    // The proxy stops sending first; what is under way ends in its time.
    replicas.proxy.targets = replicas.proxy.targets.filter((target) => target !== product.address);
    expect(await product.stop()).toBe(0);
    await load.more(50);
  }
  await load.stop();
  expect(load.seen).toMatchObject({ wrong: 0, failed: [] });
  expect(await executed()).toBeGreaterThanOrEqual(reached());
});
