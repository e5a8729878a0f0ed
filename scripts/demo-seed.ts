// Fills the demo's database before the product opens it: PGlite belongs to one process at a time.
import { seed } from "#prisma/seed.ts";
import { closeDatabase, openDatabase } from "#server/db.ts";
import { env } from "#server/env.ts";

const [password = "", adminToken = ""] = process.argv.slice(2);
await openDatabase(env.DATABASE_URL);
await seed({ password, adminToken });
await closeDatabase();
