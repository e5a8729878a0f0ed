// PostgreSQL frees the room of deleted and replaced rows in the background, by a process of its own. Embedded there is none: without this, large results
// and sign-ins that are long over would stay in the files for ever.
import { z } from "zod";

import { db, isEmbedded } from "./db.ts";

const tables = z.array(z.object({ name: z.string() }));

export interface Vacuumed {
  name: string;
  /** Milliseconds for which it held up whatever else was asked of the database. */
  ms: number;
}

/**
 * Frees what is due in an embedded database, by the measure of PostgreSQL's own autovacuum (a fifth of a table's rows and 50). Whatever needs the
 * database waits while a table is done, so the audit trail, which is the one that grows without end and loses nothing, is left out. Returns what was
 * done; nothing on a server.
 */
export async function vacuum(): Promise<Vacuumed[]> {
  if (!isEmbedded) return [];
  const due = tables.parse(
    await db.$queryRaw`
      SELECT stat.relname AS "name" FROM pg_stat_user_tables stat JOIN pg_class class ON class.oid = stat.relid
      WHERE stat.n_dead_tup > 50 + 0.2 * GREATEST(stat.n_live_tup, class.reltuples) AND stat.relname <> 'AuditEvent' ORDER BY stat.relname`,
  );
  const done: Vacuumed[] = [];
  for (const { name } of due) {
    const began = performance.now();
    // A name of our own schema; it cannot be a parameter.
    await db.$executeRawUnsafe(`VACUUM (ANALYZE) "${name}"`);
    done.push({ name, ms: Math.round(performance.now() - began) });
  }
  return done;
}
