// Removing a connection with everything that belongs to it: grants, all members' credentials, registered clients, tools.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { transaction } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { forgetSessions } from "#server/upstream/sessions.ts";

import { findManaged } from "./find-managed.ts";
import { forgetCredentials } from "./forget.ts";

/** Removes the connection for good. Throws NOT_FOUND. */
export async function remove(actor: Actor, { id }: { id: string }): Promise<{ id: string }> {
  const connection = await findManaged(actor, id);
  const revoke = await transaction(async (tx) => {
    const forgotten = await forgetCredentials(tx, { connectionId: id });
    const grants = await tx.accessGrant.count({ where: { connectionId: id } });
    await tx.connection.deleteMany({ where: { id, orgId: actor.orgId } });
    await record(tx, actor, {
      action: "connection.removed",
      target: { type: "connection", id, name: connection.name },
      details: { accounts: forgotten.accounts, grants },
    });
    return forgotten.revoke;
  });
  changed(actor.orgId);
  forgetSessions({ connectionId: id });
  await revoke();
  return { id };
}
