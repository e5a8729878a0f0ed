// What gives way under the built product while calls run: its database, its disk, its event loop, itself. Calls are refused in words that say
// so, nothing runs twice, nothing acknowledged is lost, and it goes on by itself. `npm run faults` does the same at scale.
import path from "node:path";

import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";

import { findPostgres } from "../../scripts/programs.mjs";
import { type CountingUpstream, loadOn, startCountingUpstream } from "#tests/setup/fault-load.ts";
import { startPostgres } from "#tests/setup/postgres.ts";
import { type Product, startProduct } from "#tests/setup/product.ts";
import { mountSmallDisk } from "#tests/setup/small-disk.ts";

vi.setConfig({ testTimeout: 120_000 });

// Each of these starts what it needs: on which database the run is makes no difference, so they run with the embedded one.
const { kind } = inject("database");
const soon = (condition: () => void | Promise<void>) => vi.waitFor(condition, { timeout: 40_000, interval: 100 });

let upstream: CountingUpstream;
const tidyUp: (() => unknown)[] = [];
beforeEach(async () => {
  upstream = await startCountingUpstream();
  tidyUp.push(upstream.close);
});
afterEach(async () => {
  for (const tidy of tidyUp.splice(0).reverse()) await tidy();
});

async function start(settings: Record<string, string> = {}): Promise<Product> {
  const product = await startProduct({ LOG_LEVEL: "error", ...settings });
  tidyUp.push(product.kill);
  return product;
}

const arrivedTwice = () => [...upstream.arrived].filter(([, times]) => times > 1);
const create = (product: Product) =>
  product.api<{ id: string }>("agentToken.create", { name: "write", scopes: ["mcp:read"], expiresInDays: 1 });

test.runIf(kind === "pglite" && findPostgres())(
  "the database is gone: calls are refused, none runs twice, it goes on by itself",
  async () => {
    const server = await startPostgres();
    tidyUp.push(server.stop);
    const product = await start({ DATABASE_URL: `${server.origin}/postgres` });
    const load = await loadOn(product, upstream);
    const { id } = await create(product);
    await soon(() => expect(load.ends.right.length).toBeGreaterThan(20));
    await server.crash();
    await soon(() => expect(load.ends.refused.length).toBeGreaterThan(20));
    expect((await fetch(`${product.origin}/readyz`)).status).toBe(503);
    await expect(create(product)).rejects.toThrow(/503/);
    await server.restart();
    const before = load.ends.right.length;
    await soon(() => expect(load.ends.right.length).toBeGreaterThan(before + 20));
    const ends = await load.stop();
    expect(ends).toMatchObject({ wrong: [], cut: [], unheard: [] });
    expect(arrivedTwice()).toEqual([]);
    // Who is told to try again does so.
    expect(ends.words.filter((said) => !said.includes('"retryable":true'))).toEqual([]);
    expect(ends.refused.filter((text) => upstream.arrived.has(text))).toEqual([]);
    const stored = await product.api<{ id: string }[]>("agentToken.list", undefined, "query");
    expect(stored.map((token) => token.id)).toContain(id);
  },
);

test.runIf(kind === "pglite")("the disk is full: changes and calls are refused, and go on when there is room", async ({ skip }) => {
  const disk = mountSmallDisk(256);
  if (!disk) return skip("no small disk can be mounted here");
  tidyUp.push(disk.remove);
  const settings = { DATABASE_URL: `pglite:${path.join(disk.path, "db")}` };
  const product = await start(settings);
  const load = await loadOn(product, upstream);
  await soon(() => expect(load.ends.right.length).toBeGreaterThan(20));
  disk.fill();
  await soon(() => expect(load.ends.refused.length).toBeGreaterThan(20));
  // The room is looked at once a second; the journal of calls meets the end of it at once.
  await soon(() => expect(create(product)).rejects.toThrow(/disk .* is full/));
  disk.free();
  const { id } = await vi.waitFor(() => create(product), { timeout: 40_000 });
  const before = load.ends.right.length;
  await soon(() => expect(load.ends.right.length).toBeGreaterThan(before + 20));
  const ends = await load.stop();
  expect(ends).toMatchObject({ wrong: [], cut: [], unheard: [] });
  // What was refused for want of room never left.
  expect(ends.refused.filter((text) => upstream.arrived.has(text))).toEqual([]);
  await product.kill();
  const next = await start(settings);
  const stored = await next.api<{ id: string }[]>("agentToken.list", undefined, "query");
  expect(stored.map((token) => token.id)).toContain(id);
});

test.runIf(kind === "pglite")("the event loop stands still: no call fails for it, and nothing is held against the server", async () => {
  const product = await start();
  const load = await loadOn(product, upstream);
  await soon(() => expect(load.ends.right.length).toBeGreaterThan(20));
  process.kill(product.pid, "SIGSTOP");
  // Longer than servers keep an idle connection, and than any wait for a place or a database connection.
  // eslint-disable-next-line no-restricted-syntax -- the time that passes is the fault itself; there is nothing to wait for
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  process.kill(product.pid, "SIGCONT");
  const before = load.ends.right.length;
  await soon(() => expect(load.ends.right.length).toBeGreaterThan(before + 20));
  // Only a call that the stop caught between the last look at its connection and its first byte may be told as one that may have run.
  const { words } = await load.stop();
  expect(words.filter((said) => !said.includes("It may still have done the work"))).toEqual([]);
  expect(words.length).toBeLessThanOrEqual(1);
  expect(arrivedTwice()).toEqual([]);
  const [connection] = await product.api<{ state: { name: string } }[]>("connection.list", undefined, "query");
  expect(connection?.state.name).toBe("ready");
});

test.runIf(kind === "pglite")("SIGTERM under load: every call that was heard is answered, the exit code is 0", async () => {
  const product = await start({ LOG_LEVEL: "info" });
  const load = await loadOn(product, upstream);
  await soon(() => expect(load.ends.right.length).toBeGreaterThan(20));
  expect(await product.stop()).toBe(0);
  const ends = await load.stop();
  expect(ends.wrong).toEqual([]);
  // Who was still in the kernel's queue as the port closed is cut off by the kernel, unheard, each caller once at the most. What was heard has a line
  // that says how it ended.
  const heard = product
    .output()
    .split("\n")
    .filter((line) => line.includes('"path":"/mcp/agent"'));
  expect(heard.length).toBeGreaterThan(20);
  expect(heard.filter((line) => line.includes("aborted"))).toEqual([]);
  expect(ends.cut.length).toBeLessThanOrEqual(4);
  expect(ends.cut.filter((text) => upstream.arrived.has(text))).toEqual([]);
  expect(ends.right.filter((text) => !upstream.arrived.has(text))).toEqual([]);
});
