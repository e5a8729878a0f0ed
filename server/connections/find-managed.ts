// A connection as its organization's admins manage it.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { notFound } from "#server/errors.ts";

/** The connection's row. Throws NOT_FOUND when it is not in the actor's organization. */
export async function findManaged(actor: Actor, id: string) {
  const connection = await db.connection.findFirst({ where: { id, orgId: actor.orgId } });
  if (!connection) throw notFound("connection");
  return connection;
}
