// kill -9 and SIGTERM in the middle of writes and of calls: whatever was acknowledged is there after the next start, whatever reached a server has its
// audit row, and a second process is kept out meanwhile.
import { createHash } from "node:crypto";
import path from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { findPostgres } from "../../scripts/programs.mjs";
import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startPostgres } from "#tests/setup/postgres.ts";
import { callApi, bootstrapToken, type Product, startProduct, temporaryFolder } from "#tests/setup/product.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

interface Created {
  id: string;
}

interface AuditRow {
  targetId: string | null;
  outcome: string;
  details: { argumentsDigest?: string } | null;
}

async function auditRows(product: Product, action: string): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const given = { action, limit: 200, cursor };
    const page = await product.api<{ events: AuditRow[]; nextCursor: string | null }>("audit.list", given, "query");
    rows.push(...page.events);
    cursor = page.nextCursor ?? undefined;
    more = page.nextCursor !== null;
  }
  return rows;
}

const ends = {
  "kill -9": (product: Product) => product.kill(),
  SIGTERM: async (product: Product) => void expect(await product.stop()).toBe(0),
};

/** Creates tokens as fast as four clients can until the product ends; returns the ids it acknowledged. */
async function writeUntilDeath(origin: string, enough: () => void): Promise<string[]> {
  const acknowledged: string[] = [];
  const client = async (number: number) => {
    for (let count = 0; ; count += 1) {
      try {
        const { id } = await callApi<Created>(
          origin,
          bootstrapToken,
          "agentToken.create",
          { name: `${number}-${count}`, scopes: ["mcp:read"], expiresInDays: 1 },
          "mutation",
        );
        acknowledged.push(id);
      } catch {
        return;
      }
      if (acknowledged.length === 40) enough();
    }
  };
  await Promise.all([1, 2, 3, 4].map(client));
  return acknowledged;
}

test("nothing acknowledged is lost over two kills and two SIGTERMs, each row with its audit row", async () => {
  const settings = { DATABASE_URL: `pglite:${path.join(folder.path, "db")}` };
  const acknowledged: string[] = [];
  for (const how of ["kill -9", "SIGTERM", "kill -9", "SIGTERM"] as const) {
    const product = await startProduct(settings);
    await expect(startProduct(settings)).rejects.toThrow(/in use|another process/i);
    let die = () => {};
    const death = new Promise<void>((resolve) => {
      die = resolve;
    }).then(() => ends[how](product));
    acknowledged.push(...(await writeUntilDeath(product.origin, die)));
    await death;
  }
  const product = await startProduct(settings);
  const stored = await product.api<{ id: string }[]>("agentToken.list", undefined, "query");
  const known = new Set(stored.map(({ id }) => id));
  expect(acknowledged.length).toBeGreaterThanOrEqual(160);
  expect(acknowledged.filter((id) => !known.has(id))).toEqual([]);

  const audited = new Set((await auditRows(product, "agent_token.created")).map(({ targetId }) => targetId));
  expect(acknowledged.filter((id) => !audited.has(id))).toEqual([]);
  expect(await product.stop()).toBe(0);
}, 120_000);

/** What the server was called with, as audit rows know it. */
const digestsOf = ({ received }: FakeUpstream) =>
  received
    .filter(({ rpcMethod }) => rpcMethod === "tools/call")
    .map(({ params }) => {
      const given = typeof params === "object" && params !== null && "arguments" in params ? params.arguments : null;
      return `sha256:${createHash("sha256").update(JSON.stringify(given)).digest("hex")}`;
    });

/** Calls as fast as sixteen agents can until the product ends. */
async function callUntilDeath({ origin }: Product, token: string, name: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
  const agent = async () => {
    for (;;) {
      const params = { name: "execute_capability", arguments: { name, arguments: { text: crypto.randomUUID() } } };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
      try {
        await (await fetch(`${origin}/mcp/agent`, { method: "POST", headers, body })).text();
      } catch {
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, agent));
}

async function databaseOf(kind: "PGlite" | "PostgreSQL"): Promise<{ url: string; remove: () => Promise<void> }> {
  if (kind === "PGlite") return { url: `pglite:${path.join(folder.path, "calls")}`, remove: () => Promise.resolve() };
  const server = await startPostgres();
  return { url: `${server.origin}/postgres`, remove: server.stop };
}

test.each(findPostgres() ? (["PGlite", "PostgreSQL"] as const) : (["PGlite"] as const))(
  "every call that reached a server has its audit row, over two kills and a SIGTERM under load on %s",
  async (kind) => {
    const { url, remove } = await databaseOf(kind);
    const upstream = await startUpstream();
    let product = await startProduct({ DATABASE_URL: url });
    const access = { organization: true, membershipIds: [], teamIds: [] };
    const input = { name: "Echo", url: upstream.url, authType: "none", credentialMode: "shared", access };
    const { id } = await product.api<{ id: string }>("connection.create", input);
    const given = { name: "agent", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 };
    const { token } = await product.api<{ token: string }>("agentToken.create", given);
    let unfinished = 0;
    try {
      for (const how of ["kill -9", "SIGTERM", "kill -9"] as const) {
        const before = digestsOf(upstream).length;
        const calls = callUntilDeath(product, token, `mcp:${id}:echo`);
        await expect.poll(() => digestsOf(upstream).length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before + 100);
        await ends[how](product);
        await calls;
        product = await startProduct({ DATABASE_URL: url });
        const rows = await auditRows(product, "capability.executed");
        const audited = new Set(rows.map(({ details }) => details?.argumentsDigest));
        const started = rows.filter(({ outcome }) => outcome === "started").length;
        // Who is told to end writes down how the calls under way ended.
        if (how === "SIGTERM") expect(started).toBe(unfinished);
        unfinished = started;
        const reached = digestsOf(upstream);
        expect(new Set(reached).size).toBe(reached.length);
        expect(reached.filter((digest) => !audited.has(digest))).toEqual([]);
      }
    } finally {
      await product.stop();
      await upstream.close();
      await remove();
    }
  },
  300_000,
);
