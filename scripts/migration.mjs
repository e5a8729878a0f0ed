// @ts-check
// `npm run migration -- <name>`: writes prisma/migrations/<timestamp>_<name>/migration.sql from what changed in schema.prisma.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

import { migrationsFolder, schemaDiff } from "./schema-diff.mjs";

const name = process.argv[2] ?? "";
if (!/^[a-z0-9_]{3,60}$/.test(name)) {
  console.error("Usage: npm run migration -- <name>   (small letters, digits and _, such as add_team_color)");
  process.exit(2);
}

const sql = await schemaDiff();
if (sql === "") {
  console.log("prisma/migrations already say what schema.prisma says: nothing to write.");
  process.exit(0);
}

const stamp = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
const folder = path.join(migrationsFolder, `${stamp}_${name}`);
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, "migration.sql"), sql);
console.log(`Wrote ${path.relative(process.cwd(), path.join(folder, "migration.sql"))}. Read it before you commit it.`);
// The engine's WASM holds a handle of its own.
process.exit(0);
