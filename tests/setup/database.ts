// The database of an integration test file: its own copy of the migrated template, opened behind `db`.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { Client } from "pg";
import { afterAll, beforeAll, inject } from "vitest";

import { closeDatabase, db, openDatabase } from "#server/db.ts";

/** Opens a fresh database before the tests of this file and closes it after them. Call it once, at the top of the file. */
export function useDatabase(): void {
  beforeAll(openTestDatabase);
  afterAll(closeDatabase);
}

/** The same for a file that decides itself when to open and close; returns the URL ("pglite:memory" on PGlite). */
export async function openTestDatabase(): Promise<string> {
  const source = inject("database");
  const url = source.kind === "pglite" ? "pglite:memory" : await createServerDatabase(source.origin, source.template);
  await openDatabase(url, source.kind === "pglite" ? new Blob([readFileSync(source.dump)]) : undefined);
  return url;
}

/** A new database on the test run's PostgreSQL server, not opened; the server is thrown away after the run. */
export async function createServerDatabase(origin: string, template: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const admin = new Client({ connectionString: `${origin}/postgres` });
  await admin.connect();
  // The lock makes workers take turns: PostgreSQL copies a template only while nobody else uses it.
  await admin.query("SELECT pg_advisory_lock(1)");
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  await admin.end();
  return `${origin}/${name}`;
}

/** Empties every table, for a `beforeEach`. */
export async function resetDatabase(tries = 3): Promise<void> {
  try {
    await deleteAll();
  } catch (error) {
    // What the test before left running in the background (a note of last use) may hold a lock that this one waits for, and the other way round.
    if (tries === 1 || !String(error).includes("deadlock")) throw error;
    await resetDatabase(tries - 1);
  }
}

/**
 * Row by row: there are a few, and truncating makes each table, each index anew. Locked first, so that what still runs in the background is waited for.
 * Whose rows go first does not matter while nobody looks at the keys.
 */
async function deleteAll(): Promise<void> {
  await db.$executeRawUnsafe(`DO $$ DECLARE names text[]; name text; BEGIN
    SET LOCAL session_replication_role = replica;
    names := ARRAY(SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations');
    EXECUTE 'LOCK TABLE ' || array_to_string(names, ', ') || ' IN SHARE ROW EXCLUSIVE MODE';
    FOREACH name IN ARRAY names LOOP
      EXECUTE 'DELETE FROM ' || name;
    END LOOP;
  END $$`);
}
