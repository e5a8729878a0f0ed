// Agents that signed in by URL: listing them, and ending their access.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { may } from "#server/auth/permissions.ts";
import { db, transaction } from "#server/db.ts";
import { notFound } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";

const shown = {
  id: true,
  clientName: true,
  redirectHost: true,
  scopes: true,
  createdAt: true,
  lastUsedAt: true,
  lastClient: true,
  lastNetwork: true,
} as const;

/** The actor's own signed-in agents, newest first. */
export async function listAgents(actor: Actor) {
  const where = { orgId: actor.orgId, membershipId: actor.membershipId };
  return db.agentGrant.findMany({ where, select: shown, orderBy: { createdAt: "desc" } });
}

/** Every signed-in agent of the organization with the person who let it in, newest first: for those who manage members. */
export async function listEveryonesAgents(actor: Actor) {
  const rows = await db.agentGrant.findMany({
    where: { orgId: actor.orgId },
    select: { ...shown, membership: { select: { user: { select: { name: true } } } } },
    orderBy: { createdAt: "desc" },
  });
  return rows.map(({ membership, ...agent }) => ({ ...agent, person: membership.user.name }));
}

/** Ends an agent's access at once: one's own, or anybody's of the organization for those who manage members. Throws NOT_FOUND. */
export async function revokeAgent(actor: Actor, { id }: { id: string }): Promise<{ id: string }> {
  const own = { id, orgId: actor.orgId, ...(may(actor, "member.manage") ? {} : { membershipId: actor.membershipId }) };
  await transaction(async (tx) => {
    const grant = await tx.agentGrant.findFirst({ where: own, select: { clientName: true } });
    const { count } = await tx.agentGrant.deleteMany({ where: own });
    if (!grant || count === 0) throw notFound("agent");
    await tx.oAuthRecord.deleteMany({ where: { grantId: id } });
    await record(tx, actor, { action: "agent.signed_out", target: { type: "agent_grant", id, name: grant.clientName } });
  });
  changed(actor.orgId);
  return { id };
}

/** Ends the access of all agents that the actor signed in at once, and says how many those were. */
export async function revokeAgents(actor: Actor): Promise<{ ended: number }> {
  const own = { orgId: actor.orgId, membershipId: actor.membershipId };
  const ended = await transaction(async (tx) => {
    const grants = await tx.agentGrant.findMany({ where: own, select: { id: true, clientName: true } });
    const ids = grants.map(({ id }) => id);
    await tx.agentGrant.deleteMany({ where: { ...own, id: { in: ids } } });
    await tx.oAuthRecord.deleteMany({ where: { grantId: { in: ids } } });
    for (const { id, clientName } of grants)
      await record(tx, actor, { action: "agent.signed_out", target: { type: "agent_grant", id, name: clientName } });
    return ids.length;
  });
  changed(actor.orgId);
  return { ended };
}
