// "Refresh now": lists a connection's tools again while the person waits.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { may } from "#server/auth/permissions.ts";
import { db, transaction } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { requireUsable } from "#server/grants/access.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { rejectIfEnded } from "#server/oauth/tokens.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { targetOf, type UpstreamTarget } from "#server/upstream/target.ts";

import { findManaged } from "./find-managed.ts";
import { logged } from "./logged.ts";

/** As an admin one may refresh what one manages, also without a grant to use it. */
async function managedTarget(actor: Actor, id: string): Promise<UpstreamTarget> {
  const connection = await findManaged(actor, id);
  const holder = connection.credentialMode === "shared" ? sharedHolder : actor.membershipId;
  const credential = await db.credential.findUnique({
    where: { connectionId_holder: { connectionId: id, holder } },
    select: { id: true, revision: true },
  });
  return { ...connection, connectionId: id, connectionName: connection.name, holder, credential };
}

/** Lists the tools now. Throws NOT_FOUND, CONFLICT when nothing is connected, UPSTREAM_FAILED; the stored tools then stay. */
export async function refresh(actor: Actor, { id }: { id: string }): Promise<{ added: number; changed: number; removed: number }> {
  const target = may(actor, "connection.manage") ? await managedTarget(actor, id) : targetOf(await requireUsable(actor, id));
  if (!target.credential) throw new DomainError("CONFLICT", "This connection is not connected yet, so there is nothing to refresh.");
  const key = { ...target, credential: target.credential };
  const change = await logged(actor, "refresh", () =>
    syncCatalog(target).catch(async (error: unknown) => {
      await rejectIfEnded(key, error);
      throw error;
    }),
  );
  const { connectionName: name } = target;
  await transaction((tx) =>
    record(tx, actor, { action: "connection.refreshed", target: { type: "connection", id, name }, details: { ...change } }),
  );
  return change;
}
