// What several processes on one PostgreSQL do together: count for one limit, list a server once, follow an announcement once, sweep once.
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { findPostgres } from "../../scripts/programs.mjs";
import { echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startSessionUpstream } from "#tests/fakes/session-upstream.ts";
import { Browser } from "#tests/setup/browser.ts";
import { askAgent, callTool, everyone, execute, type Replicas, startMs, startReplicas } from "#tests/setup/replicas.ts";

vi.setConfig({ testTimeout: 120_000 });

const hasPostgres = findPostgres() !== undefined;
const limit = 300;
let replicas: Replicas;
let upstream: FakeUpstream;
let addresses: string[];

beforeAll(async () => {
  if (!hasPostgres) return;
  replicas = await startReplicas(3, { RATE_LIMITS: `connection=${limit},token=${limit * 2}` });
  addresses = replicas.products.map(({ address }) => address);
  upstream = await startUpstream([echoTool]);
}, startMs);
afterAll(async () => {
  if (!hasPostgres) return;
  await replicas.close();
  await upstream.close();
});

async function connectionTo(url: string, name: string): Promise<string> {
  const input = { name, url, authType: "none", credentialMode: "shared", access: everyone };
  return (await replicas.api<{ id: string }>("connection.create", input)).id;
}

const createToken = () =>
  replicas.api<{ id: string; token: string }>("agentToken.create", { name: "t", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 });
const newToken = async () => (await createToken()).token;

const search = (address: string, token: string, connection: string) =>
  callTool(address, token, "search_capabilities", { query: "echo", connection, limit: 5 });
const listings = ({ received }: { received: { rpcMethod: string | null }[] }) =>
  received.filter(({ rpcMethod }) => rpcMethod === "tools/list").length;

/** Makes every process read anew what it remembers of the organization. */
const announce = () => replicas.database.query(`SELECT pg_notify('gatehouse_changed', 'test ' || "id") FROM "Organization"`);

/** Waits until the database knows of what was spent. */
const told = (key: string, points: number) =>
  expect
    .poll(async () => (await replicas.database.query(`SELECT "points" FROM "RateLimit" WHERE "key" = $1`, [key])).rows, { timeout: 20_000 })
    // More when others still tell of what they let through last.
    .toSatisfy((rows: { points: number }[]) => (rows[0]?.points ?? 0) >= points);

/**
 * Spends a limit at three processes in portions, each told to the others before the next, until all of them refuse: how fast a machine is does not
 * show. `spend` says how many of a portion were let through. Returns how many were in all.
 */
async function spendEverywhere(key: string, points: number, portion: number, spend: (address: string) => Promise<number>): Promise<number> {
  let passed = 0;
  const isLetThrough = async (address: string) => {
    const count = await spend(address);
    passed += count;
    return count === portion;
  };
  const [first = "", ...others] = addresses;
  while (passed < points * 0.9) expect(await isLetThrough(first)).toBe(true);
  await told(key, passed);
  for (const address of others) {
    expect(await isLetThrough(address)).toBe(true);
    await told(key, passed);
  }
  for (const address of addresses) while (await isLetThrough(address)) await told(key, passed);
  return passed;
}

test.skipIf(!hasPostgres)("calls through all of them count for one limit of a connection, a batch as what it holds", async () => {
  const id = await connectionTo(upstream.url, "Limited");
  const token = await newToken();
  const calls = Array.from({ length: 10 }, () => ({ name: `mcp:${id}:echo`, arguments: { text: "x" } }));
  const reached = () => upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call").length;
  const passed = await spendEverywhere(`connection:${id}`, limit, calls.length, async (address) => {
    const so = reached();
    await callTool(address, token, "execute_capability", { calls });
    return reached() - so;
  });
  expect(passed).toBeGreaterThanOrEqual(limit);
  // Beyond the limit a portion each of those who were not told of the last one (docs/scale.md); alone each of them would let through all of it.
  expect(passed).toBeLessThan(limit * 1.25);
  expect(await execute(addresses[0] ?? "", token, `mcp:${id}:echo`, { text: "x" })).toMatchObject({
    isError: true,
    structuredContent: { error: "rate_limited", retryable: true, retryAfterSeconds: expect.any(Number) },
  });
  // Other connections go on, and what was refused left no row in the trail.
  const other = await connectionTo(upstream.url, "Other");
  expect((await execute(addresses[1] ?? "", token, `mcp:${other}:echo`, { text: "y" })).content).toEqual([{ type: "text", text: "y" }]);
  const trail = await replicas.database.query(`SELECT 1 FROM "AuditEvent" WHERE "action" = 'capability.executed'`);
  expect(trail.rowCount).toBe(passed + 1);
});

test.skipIf(!hasPostgres)("a token over its limit gets 429 with Retry-After at each of them", async () => {
  const { id, token } = await createToken();
  const portion = 20;
  const spend = async (address: string) => {
    for (let turn = 0; turn < portion; turn += 1) {
      const response = await askAgent(address, token, { method: "tools/list" });
      await response.body?.cancel();
      if (response.status === 200) continue;
      expect(response.status).toBe(429);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      return turn;
    }
    return portion;
  };
  const passed = await spendEverywhere(`token:${id}`, limit * 2, portion, spend);
  expect(passed).toBeGreaterThanOrEqual(limit * 2);
  expect(passed).toBeLessThan(limit * 2 * 1.25);
});

test.skipIf(!hasPostgres)("wrong passwords tried anywhere are counted together, and exactly", async () => {
  const browser = new Browser(replicas.proxy.origin);
  const attempt = async () => (await browser.go("/login", { email: "nobody@example.com", password: "wrong password" })).text();
  for (let turn = 0; turn < 10; turn += 1) expect(await attempt()).not.toContain("Too many tries");
  for (let turn = 0; turn < 3; turn += 1) expect(await attempt()).toContain("Too many tries");
});

test.skipIf(!hasPostgres)("an old list is read again by one of them, however many searches come to all of them at once", async () => {
  const id = await connectionTo(upstream.url, "Old");
  const token = await newToken();
  for (let round = 1; round <= 3; round += 1) {
    for (const address of addresses) await search(address, token, id);
    const before = listings(upstream);
    await replicas.database.query(`UPDATE "Catalog" SET "listedAt" = now() - interval '1 day' WHERE "connectionId" = $1`, [id]);
    await announce();
    const all = () => Promise.all(addresses.flatMap((address) => Array.from({ length: 10 }, () => search(address, token, id))));
    await expect.poll(async () => (await all(), listings(upstream) - before)).toBe(1);
    const stored = () =>
      replicas.database.query(`SELECT 1 FROM "Catalog" WHERE "connectionId" = $1 AND "listedAt" > now() - interval '1 minute'`, [id]);
    await expect.poll(async () => (await stored()).rowCount).toBe(1);
    await all();
    expect(listings(upstream) - before).toBe(1);
  }
});

test.skipIf(!hasPostgres)(
  "a change that a server announces to all of them is followed by one, and found at all of them within a second",
  async () => {
    const changing = await startSessionUpstream();
    const id = await connectionTo(changing.url, "Changing");
    const token = await newToken();
    for (const address of addresses) await execute(address, token, `mcp:${id}:${String(changing.tools[0]?.name)}`, { text: "x" });
    await expect.poll(() => changing.streams()).toBe(3);
    const found = async (address: string) => JSON.stringify(await search(address, token, id));
    const before = listings(changing);
    const waits: number[] = [];
    for (const name of ["echo_backwards", "echo_twice", "echo_softly"]) {
      changing.tools.push({ name, description: "Echo", inputSchema: { type: "object" } });
      const announced = performance.now();
      changing.announceChange();
      for (const address of addresses) await expect.poll(() => found(address), { timeout: 5_000, interval: 20 }).toContain(name);
      waits.push(performance.now() - announced);
      // The processes rest after it, each by its own clock: the next ones may be read more than once.
      if (waits.length === 1) expect(listings(changing) - before).toBe(1);
    }
    // The best of them: one announcement right after another waits half a second for its turn, and a busy machine takes its time.
    expect(Math.min(...waits)).toBeLessThan(1_000);
    await changing.close();
  },
);

test.skipIf(!hasPostgres)("what is over is swept by one of them", () => {
  const sweeps = replicas.products.map((product) => product.output().split("swept what is over").length - 1);
  expect(sweeps.sort()).toEqual([0, 0, 1]);
});
