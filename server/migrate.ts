// Brings a database to the newest migration, and records it the way Prisma does, so that Prisma's own tools agree.
import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { DomainError } from "./errors.ts";
import { projectRoot } from "./root.ts";

const migrationsFolder = path.join(projectRoot, "prisma/migrations");

/** Prisma's own number for this lock (`prisma migrate deploy` takes the same one). */
const advisoryLock = 72_707_369;

/** One connection of its own; both PGlite and pg fit through a few lines in db.ts. */
export interface MigrationConnection {
  /** One statement with parameters. */
  query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>;
  /** Many statements without parameters. */
  run(sql: string): Promise<unknown>;
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

interface Applied {
  migration_name: string;
  checksum: string;
  finished: boolean;
}

/** The migrations of this version of the product, in the order they apply. */
export function readMigrations(): Migration[] {
  return readdirSync(migrationsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const sql = readFileSync(path.join(migrationsFolder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

const createTable = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

function isApplied(row: unknown): row is Applied {
  return typeof row === "object" && row !== null && "migration_name" in row && "checksum" in row && "finished" in row;
}

/** Throws when the database's history is not the beginning of ours: applying more to it would guess. */
function checkHistory(applied: Applied[], migrations: Migration[]): void {
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const row of applied) {
    const name = row.migration_name;
    if (!row.finished)
      throw new DomainError(
        "UNAVAILABLE",
        `Migration ${name} stopped half-way in this database. Resolve it with Prisma's "migrate resolve" first.`,
      );
    if (!known.has(name))
      throw new DomainError("UNAVAILABLE", `This database is newer than this version of Gatehouse: it already has the migration ${name}.`);
    if (known.get(name) !== row.checksum)
      throw new DomainError("UNAVAILABLE", `Migration ${name} was edited after it was applied to this database. Restore its file.`);
  }
}

async function applyOne(connection: MigrationConnection, { name, sql, checksum }: Migration): Promise<void> {
  await connection.run("BEGIN");
  try {
    await connection.run(sql);
    await connection.query(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count") VALUES ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await connection.run("COMMIT");
  } catch (cause) {
    await connection.run("ROLLBACK");
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError("UNAVAILABLE", `Migration ${name} failed and was rolled back: ${said}`, { cause });
  }
}

/**
 * Applies what is missing, each migration in a transaction with its record, and returns their names.
 * Replicas that start together take turns. Throws UNAVAILABLE with the migration's name; nothing of a failed one stays.
 */
export async function migrate(connection: MigrationConnection, migrations: Migration[] = readMigrations()): Promise<string[]> {
  // Held until the connection closes: it is made for this, or it is PGlite's only one.
  await connection.query("SELECT pg_advisory_lock($1)", [advisoryLock]);
  await connection.run(createTable);
  const { rows } = await connection.query(
    `SELECT "migration_name", "checksum", "finished_at" IS NOT NULL AS "finished" FROM "_prisma_migrations" WHERE "rolled_back_at" IS NULL`,
  );
  const applied = rows.filter(isApplied);
  checkHistory(applied, migrations);
  const done = new Set(applied.map((row) => row.migration_name));
  const missing = migrations.filter(({ name }) => !done.has(name));
  for (const migration of missing) await applyOne(connection, migration);
  return missing.map(({ name }) => name);
}
