// Replacing the whole access list of a connection.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { transaction } from "#server/db.ts";
import { DomainError, notFound } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";

import { type Access, writeGrants } from "./write.ts";

/** Makes the access list exactly `access`. Throws NOT_FOUND, CONFLICT when somebody else changed the connection since `version`, BAD_INPUT. */
export async function replace(
  actor: Actor,
  input: { connectionId: string; version: number; access: Access },
): Promise<{ version: number }> {
  const version = await transaction(async (tx) => {
    const connection = await tx.connection.findFirst({
      where: { id: input.connectionId, orgId: actor.orgId },
      select: { id: true, name: true },
    });
    if (!connection) throw notFound("connection");
    const locked = await tx.connection.updateMany({
      where: { id: connection.id, orgId: actor.orgId, version: input.version },
      data: { version: { increment: 1 } },
    });
    if (locked.count === 0) {
      throw new DomainError(
        "CONFLICT",
        "Somebody else changed this connection while you were editing. Load it again to see their changes.",
      );
    }
    await writeGrants(tx, actor.orgId, connection.id, input.access);
    await record(tx, actor, {
      action: "grant.replaced",
      target: { type: "connection", id: connection.id, name: connection.name },
      details: {
        organization: input.access.organization,
        memberships: input.access.membershipIds.length,
        teams: input.access.teamIds.length,
      },
    });
    return input.version + 1;
  });
  changed(actor.orgId);
  return { version };
}
