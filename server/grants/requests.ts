// Asking for access to a connection one can see but not use, and the admins' answer.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, transaction } from "#server/db.ts";
import { notFound } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";

import { requestableConnections } from "./access.ts";
import { grantTo } from "./write.ts";

/** Asks the admins for access. Asking again changes nothing. Throws NOT_FOUND for what the caller cannot see, or can use already. */
export async function requestAccess(actor: Actor, { connectionId }: { connectionId: string }): Promise<{ requestedAt: Date }> {
  const connection = (await requestableConnections(actor)).find(({ id }) => id === connectionId);
  if (!connection) throw notFound("connection");
  if (connection.requestedAt) return { requestedAt: connection.requestedAt };
  const key = { connectionId, membershipId: actor.membershipId };
  const row = await transaction(async (tx) => {
    const made = await tx.accessRequest.upsert({ where: { connectionId_membershipId: key }, create: key, update: {} });
    await record(tx, actor, { action: "grant.requested", target: { type: "connection", id: connectionId, name: connection.name } });
    return made;
  });
  return { requestedAt: row.createdAt };
}

/** Who waits for access to what, oldest first. */
export async function listRequests(actor: Actor) {
  const rows = await db.accessRequest.findMany({
    where: { connection: { orgId: actor.orgId } },
    select: {
      id: true,
      createdAt: true,
      connection: { select: { id: true, name: true } },
      membership: { select: { id: true, user: { select: { name: true, email: true } } } },
    },
    orderBy: { createdAt: "asc" },
  });
  return rows.map(({ membership, ...row }) => ({ ...row, member: { id: membership.id, ...membership.user } }));
}

/** Grants access to the one who asked, or says no; the request goes either way. Throws NOT_FOUND. */
export async function answerRequest(actor: Actor, { id, approve }: { id: string; approve: boolean }): Promise<{ id: string }> {
  await transaction(async (tx) => {
    const request = await tx.accessRequest.findFirst({
      where: { id, connection: { orgId: actor.orgId } },
      include: { connection: { select: { name: true } }, membership: { select: { user: { select: { name: true } } } } },
    });
    const { count } = await tx.accessRequest.deleteMany({ where: { id, connection: { orgId: actor.orgId } } });
    if (!request || count === 0) throw notFound("request");
    const { connectionId, membershipId } = request;
    if (approve) await grantTo(tx, actor.orgId, membershipId, [connectionId]);
    await record(tx, actor, {
      action: approve ? "grant.request_approved" : "grant.request_declined",
      target: { type: "connection", id: connectionId, name: request.connection.name },
      details: { member: request.membership.user.name },
    });
  });
  changed(actor.orgId);
  return { id };
}
