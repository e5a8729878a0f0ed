// What separates the migrations from schema.prisma, as SQL. Prisma's own schema engine, in its WASM form:
// the native one is a download that `npm install` does not bring, this one works offline over an in-memory PGlite.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import { PGlite } from "@electric-sql/pglite";
import { PrismaPGlite } from "pglite-prisma-adapter";

import { root } from "./run.mjs";

export const migrationsFolder = path.join(root, "prisma/migrations");

/** Loads the engine. Its package expects a bundler to instantiate the WASM module; this does the same by hand. */
async function loadEngine() {
  const bytes = readFileSync(path.join(root, "node_modules/@prisma/schema-engine-wasm/schema_engine_bg.wasm"));
  const glue = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message(message) {
      throw new Error(`Prisma's schema engine failed: ${message}`);
    },
  };
  return glue.SchemaEngine;
}

/** A factory whose databases are all in memory, and whose scripts are awaited (the adapter's own does not wait). */
function inMemoryFactory() {
  const opened = [];
  const open = async () => {
    const client = new PGlite();
    opened.push(client);
    const adapter = await new PrismaPGlite(client).connect();
    adapter.executeScript = async (script) => void (await client.exec(script));
    return adapter;
  };
  return {
    factory: { provider: "postgres", adapterName: "pglite", connect: open, connectToShadowDb: open },
    close: () => Promise.all(opened.map((client) => client.close())),
  };
}

/** The migrations in the order they apply. */
function readMigrations() {
  return readdirSync(migrationsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => ({
      path: name,
      migrationFile: {
        path: "migration.sql",
        content: { tag: "ok", value: readFileSync(path.join(migrationsFolder, name, "migration.sql"), "utf8") },
      },
    }));
}

/** @returns {Promise<string>} the SQL that takes the migrated database to what schema.prisma says; empty when they agree. */
export async function schemaDiff() {
  const SchemaEngine = await loadEngine();
  const schema = { path: "schema.prisma", content: readFileSync(path.join(root, "prisma/schema.prisma"), "utf8") };
  const { factory, close } = inMemoryFactory();
  const migrations = readMigrations();
  try {
    const engine = await SchemaEngine.new(
      { datamodels: [[schema.path, schema.content]] },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(factory),
    );
    const { stdout } = await engine.diff({
      from:
        migrations.length === 0
          ? { tag: "empty" }
          : {
              tag: "migrations",
              baseDir: migrationsFolder,
              shadowDbInitScript: "",
              lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"\n' },
              shadowDatabaseUrl: null,
              migrationDirectories: migrations,
            },
      to: { tag: "schemaDatamodel", files: [schema] },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return (stdout ?? "").trim() === "-- This is an empty migration." ? "" : (stdout ?? "");
  } finally {
    await close();
  }
}
