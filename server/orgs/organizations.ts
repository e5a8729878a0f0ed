// The organizations of the signed-in person, and going from one to another.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { enterOrganization } from "#server/auth/sessions.ts";
import { db, transaction } from "#server/db.ts";
import { DomainError, notFound } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";

/** Where this person is a member, by name. A token belongs to one organization and sees that one alone. */
export async function listOrganizations(actor: Actor) {
  const rows = await db.membership.findMany({
    where: { userId: actor.userId, ...(actor.via === "session" ? {} : { orgId: actor.orgId }) },
    select: { role: true, org: { select: { id: true, name: true, slug: true } } },
    orderBy: { org: { name: "asc" } },
  });
  return rows.map(({ role, org }) => ({ ...org, role, current: org.id === actor.orgId }));
}

/** Makes this browser look at another organization of the person. Throws NOT_FOUND without a membership there, FORBIDDEN for a token. */
export async function switchOrganization(actor: Actor, { id }: { id: string }): Promise<{ id: string }> {
  const { sessionId, userId } = actor;
  if (sessionId === null) throw new DomainError("FORBIDDEN", "A token belongs to one organization.");
  await transaction(async (tx) => {
    const membership = await tx.membership.findUnique({ where: { orgId_userId: { orgId: id, userId } }, select: { id: true } });
    if (!membership) throw notFound("organization");
    await enterOrganization(tx, sessionId, id);
    await record(tx, { ...actor, orgId: id, membershipId: membership.id }, { action: "session.switched" });
  });
  return { id };
}

/** The organization as its admins see it. */
export async function readOrganization(actor: Actor) {
  const org = await db.organization.findUniqueOrThrow({
    where: { id: actor.orgId },
    select: {
      id: true,
      name: true,
      slug: true,
      createdAt: true,
      _count: { select: { memberships: true, connections: true, teams: true } },
    },
  });
  const { _count, ...rest } = org;
  return { ...rest, members: _count.memberships, connections: _count.connections, teams: _count.teams };
}

/** Renames the organization. */
export async function updateOrganization(actor: Actor, { name }: { name: string }): Promise<{ name: string }> {
  await transaction(async (tx) => {
    await tx.organization.update({ where: { id: actor.orgId }, data: { name } });
    const target = { type: "organization", id: actor.orgId, name } as const;
    await record(tx, actor, { action: "organization.updated", target, details: { before: actor.orgName } });
  });
  changed(actor.orgId);
  return { name };
}
