// The access list of one connection, as an admin edits it.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { notFound } from "#server/errors.ts";

/** Who may use the connection, and the version a replacement has to name. Throws NOT_FOUND. */
export async function list(actor: Actor, { connectionId }: { connectionId: string }) {
  const connection = await db.connection.findFirst({
    where: { id: connectionId, orgId: actor.orgId },
    select: { version: true, grants: { select: { grantee: true, membershipId: true, teamId: true } } },
  });
  if (!connection) throw notFound("connection");
  return {
    version: connection.version,
    organization: connection.grants.some(({ grantee }) => grantee === "organization"),
    membershipIds: connection.grants.flatMap(({ membershipId }) => membershipId ?? []),
    teamIds: connection.grants.flatMap(({ teamId }) => teamId ?? []),
  };
}
