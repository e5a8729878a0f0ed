// Starting and stopping the built product: what an operator sees when it works, and the one message when it cannot.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";

import { createServerDatabase } from "#tests/setup/database.ts";
import { type Product, startProduct, temporaryFolder } from "#tests/setup/product.ts";

const source = inject("database");
const root = path.resolve(import.meta.dirname, "../..");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let running: Product[];

beforeEach(async () => {
  folder = await temporaryFolder();
  running = [];
});
afterEach(async () => {
  for (const product of running) await product.kill();
  await folder.remove();
});

async function start(settings: Record<string, string> = {}, options?: { bootstrap?: boolean }): Promise<Product> {
  const product = await startProduct(settings, { ...options, cwd: folder.path });
  running.push(product);
  return product;
}

/** What a start that must fail says. It ends with code 2 and shows no stack. */
async function refusal(settings: Record<string, string>): Promise<string> {
  const message = await start(settings).then(
    () => "It started.",
    (error: unknown) => String(error),
  );
  expect(message).toContain("The product ended with 2:");
  expect(message).not.toMatch(/^\s+at /m);
  return message;
}

async function status(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

describe.runIf(source.kind === "pglite")("on the embedded database", () => {
  test("serves, says how to begin, keeps its data and keys, and keeps a second process out", async () => {
    const settings = { DATABASE_URL: "pglite:./data/db", SECRET_KEYS: "" };
    const first = await start(settings, { bootstrap: false });
    expect(await status(`${first.origin}/healthz`)).toBe(200);
    expect(await status(`${first.origin}/readyz`)).toBe(200);
    expect(first.setupUrl).toContain(`${first.origin}/setup/`);

    const keyFile = path.join(folder.path, "data/secret-keys");
    const keys = readFileSync(keyFile, "utf8");
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(first.output()).toContain("made a secret key");
    expect(first.output()).not.toContain(keys.trim());

    const message = await refusal(settings);
    expect(message).toContain(`${path.join(folder.path, "data/db")} is in use by another Gatehouse (process ${first.pid})`);

    // SIGTERM gives the folder back in order; SIGKILL leaves it to the kernel.
    expect(await first.stop()).toBe(0);
    const second = await start(settings);
    await second.kill();
    const third = await start(settings);
    expect(third.output()).not.toContain("migration applied");
    expect(readFileSync(keyFile, "utf8")).toBe(keys);
    expect(await third.api("agentToken.list", undefined, "query")).toBeDefined();
  }, 120_000);

  test("names every bad setting at once", async () => {
    const message = await refusal({ PORT: "eighty", SIGNUP: "all", PUBLIC_URL: "gate" });
    for (const name of ["PORT", "SIGNUP", "PUBLIC_URL"]) expect(message).toContain(`  ${name}: `);
  });

  test("says that the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address ? String(address.port) : "";
    expect(await refusal({ PORT: port })).toContain(`Port ${port} on 127.0.0.1 is taken`);
    other.close();
  });

  test("says that the database cannot be reached", async () => {
    // Port 1 of loopback: nobody listens there.
    const message = await refusal({ DATABASE_URL: "postgresql://someone:hunter2@127.0.0.1:1/gatehouse" });
    expect(message).toContain("The database at 127.0.0.1:1 cannot be reached");
    expect(message).not.toContain("hunter2");
  });

  test("says that the database folder cannot be used", async () => {
    writeFileSync(path.join(folder.path, "file"), "not a folder");
    expect(await refusal({ DATABASE_URL: "pglite:./file/db" })).toMatch(/database.*file\/db.*cannot be opened/);
  });

  test("does not replace secret keys that it cannot read", async () => {
    await start({ SECRET_KEYS: "" }).then((product) => product.stop());
    const keyFile = path.join(folder.path, "data/secret-keys");
    writeFileSync(keyFile, "damaged");
    expect(await refusal({ SECRET_KEYS: "" })).toContain("does not hold secret keys any more");
    expect(readFileSync(keyFile, "utf8")).toBe("damaged");
  });

  test("says which Node it needs", async () => {
    const old = path.join(folder.path, "old-node.cjs");
    writeFileSync(old, `Object.defineProperty(process.versions, "node", { value: "18.20.4" });`);
    const ended = await new Promise<{ code: unknown; text: string }>((resolve) => {
      execFile(process.execPath, ["--require", old, path.join(root, "scripts/start.mjs")], (error, stdout, stderr) => {
        resolve({ code: error?.code, text: stdout + stderr });
      });
    });
    expect(ended).toEqual({ code: 1, text: expect.stringMatching(/^Gatehouse needs Node 20\.19 or newer, this is 18\.20\.4\..*\n$/) });
  });
});

describe.runIf(source.kind === "postgres")("on a PostgreSQL server", () => {
  async function database(template: string): Promise<string> {
    if (source.kind !== "postgres") throw new Error("This needs the PostgreSQL server of the test run.");
    return createServerDatabase(source.origin, template);
  }

  test("migrates an empty database once, also when two start together", async () => {
    const url = await database("template0");
    const products = await Promise.all([start({ DATABASE_URL: url }), start({ DATABASE_URL: url })]);
    const migrations = products.map((product) => product.output().split("migration applied").length - 1).sort();
    expect(migrations).toEqual([0, expect.any(Number)]);
    expect(migrations[1]).toBeGreaterThan(0);
    for (const product of products) expect(await status(`${product.origin}/readyz`)).toBe(200);
    for (const product of products) expect(await product.stop()).toBe(0);
  });

  test("says that the database does not exist", async () => {
    const url = (await database("template0")).replace(/\w+$/, "nowhere");
    expect(await refusal({ DATABASE_URL: url })).toContain('database "nowhere" does not exist');
  });

  test("is not ready while the database is away, and is again once it is back", async () => {
    const url = await database("gatehouse_template");
    const product = await start({ DATABASE_URL: url });
    const name = new URL(url).pathname.slice(1);
    const admin = new Client({ connectionString: url.replace(name, "postgres") });
    await admin.connect();
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
    await expect.poll(() => status(`${product.origin}/readyz`)).toBe(503);
    expect(await status(`${product.origin}/healthz`)).toBe(200);
    for (const where of ["api/trpc/connection.list", "mcp/agent"]) {
      const response = await fetch(`${product.origin}/${where}`, {
        headers: { authorization: "Bearer any-token-that-is-thirty-two-characters" },
      });
      expect(response.status).toBe(503);
      expect(await response.text()).toMatch(/database cannot be reached right now/);
    }
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await expect.poll(() => status(`${product.origin}/readyz`)).toBe(200);
    await admin.end();
    expect(await product.stop()).toBe(0);
  });
});
