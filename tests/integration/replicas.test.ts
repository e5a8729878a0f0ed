// Two processes of the built product on one PostgreSQL: what one changes the other knows at once.
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findPostgres } from "../../scripts/programs.mjs";
import { startPostgres } from "#tests/setup/postgres.ts";
import { type Product, startProduct } from "#tests/setup/product.ts";

const hasPostgres = findPostgres() !== undefined;
let stopPostgres: () => Promise<void>;
let admin: Client;
let replicas: [Product, Product];

beforeAll(async () => {
  if (!hasPostgres) return;
  const server = await startPostgres();
  stopPostgres = server.stop;
  admin = new Client({ connectionString: `${server.origin}/postgres` });
  await admin.connect();
  const settings = { DATABASE_URL: `${server.origin}/postgres` };
  // One after the other: the first one makes the organization.
  const first = await startProduct(settings);
  replicas = [first, await startProduct(settings)];
});
afterAll(async () => {
  if (!hasPostgres) return;
  await Promise.all(replicas.map((replica) => replica.stop()));
  await admin.end();
  await stopPostgres();
});

function ask({ origin }: Product, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  return fetch(`${origin}/mcp/agent`, { method: "POST", headers, body }).then(({ status }) => status);
}

const listeners = async () =>
  (await admin.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN gatehouse_changed'")).rows;

/** Milliseconds from the first replica's answer that a token is revoked to the second one's first refusal of it, which just used it. */
async function untilRefused(): Promise<number> {
  const [first, second] = replicas;
  const token = await first.api<{ id: string; token: string }>("agentToken.create", { name: "t", scopes: ["mcp:read"], expiresInDays: 1 });
  expect(await ask(second, token.token)).toBe(200);
  await first.api("agentToken.revoke", { id: token.id });
  const revoked = performance.now();
  while ((await ask(second, token.token)) === 200) if (performance.now() - revoked > 5_000) throw new Error("The token lives on.");
  return performance.now() - revoked;
}

test.skipIf(!hasPostgres)("a token that is revoked in one process is refused by the other at once", async () => {
  await expect.poll(async () => (await listeners()).length).toBe(2);
  const waits: number[] = [];
  for (let times = 0; times < 5; times += 1) waits.push(await untilRefused());
  // Without a message a remembered token lives for what is left of its second.
  expect(Math.max(...waits)).toBeLessThan(500);
});

test.skipIf(!hasPostgres)("a listening connection that is lost is opened again, and meanwhile a second is the most", async () => {
  const before = await listeners();
  for (const { pid } of before) await admin.query("SELECT pg_terminate_backend($1)", [pid]);
  expect(await untilRefused()).toBeLessThan(1_500);
  await expect
    .poll(async () => (await listeners()).filter(({ pid }) => !before.some((old) => old.pid === pid)).length, { timeout: 10_000 })
    .toBe(2);
  expect(await untilRefused()).toBeLessThan(500);
});
