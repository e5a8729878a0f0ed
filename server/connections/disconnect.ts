// Disconnecting: credentials are revoked upstream and forgotten, their tools disappear, settings and grants stay.
import { z } from "zod";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { demand, may } from "#server/auth/permissions.ts";
import { transaction } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { requireUsable } from "#server/grants/access.ts";
import { forgetSessions } from "#server/upstream/sessions.ts";

import { findManaged } from "./find-managed.ts";
import { type ForgetScope, forgetCredentials } from "./forget.ts";

const id = z.string().min(1).max(64);

/** Without `membershipId`: everybody's account. With it: that member's own account of a connection where each person connects theirs. */
export const disconnectInput = z.object({ id, membershipId: id.optional() });

/** Anybody may disconnect their own account, whoever manages connections all of them. Throws NOT_FOUND, FORBIDDEN. Returns how many accounts were forgotten. */
export async function disconnect(
  actor: Actor,
  { id: connectionId, membershipId }: z.output<typeof disconnectInput>,
): Promise<{ accounts: number }> {
  if (!may(actor, "connection.manage")) {
    await requireUsable(actor, connectionId);
    if (membershipId !== actor.membershipId) demand(actor, "connection.manage");
  }
  const { name } = await findManaged(actor, connectionId);
  const scope: ForgetScope = { connectionId, ...(membershipId === undefined ? {} : { holder: membershipId }) };
  const { accounts, revoke } = await transaction(async (tx) => {
    const forgotten = await forgetCredentials(tx, scope);
    const whose = membershipId === undefined ? "all" : membershipId === actor.membershipId ? "own" : "member";
    await record(tx, actor, {
      action: "connection.disconnected",
      target: { type: "connection", id: connectionId, name },
      details: { accounts: forgotten.accounts, whose, ...(whose === "member" ? { membershipId } : {}) },
    });
    return forgotten;
  });
  changed(actor.orgId);
  forgetSessions(scope);
  await revoke();
  return { accounts };
}
