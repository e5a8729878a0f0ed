// Disconnecting: every credential of the connection is revoked upstream and forgotten, its tools disappear, its settings and grants stay.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { transaction } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { forgetSessions } from "#server/upstream/sessions.ts";

import { findManaged } from "./find-managed.ts";
import { forgetCredentials, prepareForget } from "./forget.ts";

/** Disconnects everybody's account. Throws NOT_FOUND. Returns how many accounts were forgotten. */
export async function disconnect(actor: Actor, { id }: { id: string }): Promise<{ accounts: number }> {
  const connection = await findManaged(actor, id);
  const revoke = await prepareForget(connection);
  const accounts = await transaction(async (tx) => {
    const count = await forgetCredentials(tx, id);
    await record(tx, actor, {
      action: "connection.disconnected",
      target: { type: "connection", id, name: connection.name },
      details: { accounts: count },
    });
    return count;
  });
  changed(actor.orgId);
  forgetSessions(id);
  await revoke();
  return { accounts };
}
