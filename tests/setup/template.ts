// Once per run of the integration tests: a migrated, empty database that each test file starts from a copy of.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import { PGlite } from "@electric-sql/pglite";
import { Client } from "pg";
import type { TestProject } from "vitest/node";

import { migrate, readMigrations } from "#server/migrate.ts";

import { startPostgres } from "./postgres.ts";

/** Where a test file gets its database from. */
export type TestDatabase = { kind: "pglite"; dump: string } | { kind: "postgres"; origin: string; template: string };

declare module "vitest" {
  interface ProvidedContext {
    database: TestDatabase;
  }
}

const cacheFolder = path.resolve(import.meta.dirname, "../../node_modules/.cache/gatehouse");

/** A dumped PGlite data directory, kept between runs until a migration or PGlite changes. */
async function pgliteTemplate(): Promise<string> {
  const version = readFileSync(path.resolve(import.meta.dirname, "../../node_modules/@electric-sql/pglite/package.json"));
  const hash = createHash("sha256").update(version);
  for (const { name, checksum } of readMigrations()) hash.update(name).update(checksum);
  const file = path.join(cacheFolder, `template-${hash.digest("hex").slice(0, 16)}.tar`);
  if (existsSync(file)) return file;
  const pglite = await PGlite.create();
  await migrate({ query: (sql, parameters) => pglite.query(sql, parameters), run: (sql) => pglite.exec(sql) });
  const dump = await pglite.dumpDataDir("none");
  await pglite.close();
  mkdirSync(cacheFolder, { recursive: true });
  // Two runs may write it at once: a rename is whole or not at all.
  writeFileSync(`${file}.${process.pid}`, Buffer.from(await dump.arrayBuffer()));
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

async function postgresTemplate(origin: string): Promise<string> {
  const template = "gatehouse_template";
  const admin = new Client({ connectionString: `${origin}/postgres` });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${template}`);
  await admin.end();
  const connection = new Client({ connectionString: `${origin}/${template}` });
  await connection.connect();
  await migrate({ query: (sql, parameters) => connection.query(sql, parameters), run: (sql) => connection.query(sql) });
  await connection.end();
  return template;
}

/** Vitest calls it before the integration tests, and what it returns after them. */
export default async function setup(project: TestProject) {
  if (process.env.TEST_DATABASE !== "postgres") {
    project.provide("database", { kind: "pglite", dump: await pgliteTemplate() });
    return;
  }
  const server = await startPostgres();
  project.provide("database", { kind: "postgres", origin: server.origin, template: await postgresTemplate(server.origin) });
  return server.stop;
}
