// Migrations: they say what schema.prisma says, apply once and whole, and replicas that start together take turns.
import { PGlite } from "@electric-sql/pglite";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";

import { migrate, type MigrationConnection, readMigrations } from "#server/migrate.ts";
import { createServerDatabase } from "#tests/setup/database.ts";

import { schemaDiff } from "../../scripts/schema-diff.mjs";

const source = inject("database");
/** Making an empty PGlite takes four seconds, loading one that was made a fraction. */
const emptyFolder = source.kind === "pglite" ? await dumpOfEmpty() : null;
const closers: (() => Promise<unknown>)[] = [];

async function connect(url: string): Promise<MigrationConnection> {
  const client = new Client({ connectionString: url });
  await client.connect();
  closers.push(() => client.end());
  return { query: (sql, parameters) => client.query(sql, parameters), run: (sql) => client.query(sql) };
}

async function dumpOfEmpty(): Promise<Blob> {
  const pglite = await PGlite.create();
  const dump = await pglite.dumpDataDir("none");
  await pglite.close();
  return dump;
}

/** A connection to a database without any table of ours. */
async function emptyDatabase(): Promise<MigrationConnection> {
  if (source.kind === "postgres") return connect(await createServerDatabase(source.origin, "template0"));
  const pglite = await PGlite.create(emptyFolder ? { loadDataDir: emptyFolder } : {});
  closers.push(() => pglite.close());
  return { query: (sql, parameters) => pglite.query(sql, parameters), run: (sql) => pglite.exec(sql) };
}

async function names(connection: MigrationConnection, sql: string): Promise<unknown[]> {
  return (await connection.query(sql)).rows;
}

const first = { name: "20260101000000_first", sql: "CREATE TABLE one (id int);", checksum: "1" };
const second = { name: "20260102000000_second", sql: "CREATE TABLE two (id int);", checksum: "2" };
const broken = { name: "20260103000000_broken", sql: "CREATE TABLE three (id int); CREATE TABLE oops (id nothing);", checksum: "3" };

let connection: MigrationConnection;

beforeEach(async () => {
  connection = await emptyDatabase();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe("applying migrations", () => {
  test("records them as Prisma does, and does nothing the second time", async () => {
    const all = readMigrations();
    expect(await migrate(connection)).toEqual(all.map(({ name }) => name));
    expect(await migrate(connection)).toEqual([]);
    const rows = await names(
      connection,
      `SELECT migration_name, checksum, applied_steps_count, finished_at IS NOT NULL AS done FROM _prisma_migrations`,
    );
    expect(rows).toEqual(all.map(({ name, checksum }) => ({ migration_name: name, checksum, applied_steps_count: 1, done: true })));
  });

  test("applies only what is new, in order", async () => {
    expect(await migrate(connection, [first])).toEqual([first.name]);
    expect(await migrate(connection, [first, second])).toEqual([second.name]);
  });

  test("keeps nothing of a migration that fails, names it, and goes on once it is mended", async () => {
    await expect(migrate(connection, [first, broken])).rejects.toThrow(/20260103000000_broken failed and was rolled back: .*nothing/);
    expect(await names(connection, "SELECT to_regclass('one') IS NOT NULL AS one, to_regclass('three') IS NOT NULL AS three")).toEqual([
      { one: true, three: false },
    ]);
    const mended = { ...broken, sql: "CREATE TABLE three (id int);" };
    expect(await migrate(connection, [first, mended])).toEqual([broken.name]);
  });

  test("refuses a history that is not ours", async () => {
    await migrate(connection, [first, second]);
    await expect(migrate(connection, [first])).rejects.toThrow(/newer than this version/);
    await expect(migrate(connection, [first, { ...second, checksum: "other" }])).rejects.toThrow(/edited after it was applied/);
    await connection.query("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1", [second.name]);
    await expect(migrate(connection, [first, second])).rejects.toThrow(/stopped half-way/);
  });

  test.runIf(source.kind === "postgres")("lets replicas that start together take turns", async () => {
    if (source.kind !== "postgres") return;
    const url = await createServerDatabase(source.origin, "template0");
    const replicas = await Promise.all([1, 2, 3].map(() => connect(url)));
    // The lock is held until the connection ends, as at a real start.
    const applied = await Promise.all(
      replicas.map(async (replica) => {
        const done = await migrate(replica, [first, second]);
        await replica.query("SELECT pg_advisory_unlock_all()");
        return done;
      }),
    );
    expect(applied.flat().sort()).toEqual([first.name, second.name]);
  });
});

test("the migrations say what schema.prisma says (if not: npm run migration -- <name>)", async () => {
  expect(await schemaDiff()).toBe("");
});
