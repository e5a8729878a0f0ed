// PostgreSQL frees the room of deleted and replaced rows in the background, by a process of its own. Embedded there is none: without this, large results
// and sign-ins that are long over would stay in the files for ever.
import { z } from "zod";

import { db, sharedPool } from "./db.ts";

const tables = z.array(z.object({ name: z.string() }));

/**
 * Frees what is due in an embedded database, by the measure of PostgreSQL's own autovacuum (a fifth of a table's rows and 50). A table is held up
 * meanwhile, and so is everything else. Returns the tables; none on a server.
 */
export async function vacuum(): Promise<string[]> {
  if (sharedPool !== null) return [];
  const due = tables.parse(
    await db.$queryRaw`SELECT relname AS "name" FROM pg_stat_user_tables WHERE n_dead_tup > 50 + 0.2 * n_live_tup ORDER BY relname`,
  );
  // A name of our own schema; it cannot be a parameter.
  for (const { name } of due) await db.$executeRawUnsafe(`VACUUM (ANALYZE) "${name}"`);
  return due.map(({ name }) => name);
}
