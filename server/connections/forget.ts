// Forgetting credentials: the one way for disconnect, for a changed URL and for removal.
import type { Tx } from "#server/db.ts";
import { db } from "#server/db.ts";
import { revoke } from "#server/oauth/revoke.ts";

/** Reads what is needed to revoke every credential of a connection upstream. Call the result once the rows are gone; it never throws. */
export async function prepareForget(connection: { id: string; authType: string }): Promise<() => Promise<void>> {
  if (connection.authType !== "oauth") return () => Promise.resolve();
  const rows = await db.credential.findMany({
    where: { connectionId: connection.id },
    select: { connectionId: true, holder: true, sealed: true },
  });
  return async () => {
    await Promise.all(rows.map(revoke));
  };
}

/** Deletes every credential of a connection, with the tools they could see and the sign-ins under way, inside `tx`. Returns how many accounts that were. */
export async function forgetCredentials(tx: Tx, connectionId: string): Promise<number> {
  const { count } = await tx.credential.deleteMany({ where: { connectionId } });
  await tx.catalog.deleteMany({ where: { connectionId } });
  await tx.oAuthAttempt.deleteMany({ where: { connectionId, outcome: null } });
  return count;
}
