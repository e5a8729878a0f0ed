// Roles and leaving. An organization never loses its last owner, and who is gone is gone completely.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { demand } from "#server/auth/permissions.ts";
import { forgetCredentials } from "#server/connections/forget.ts";
import { type Role, transaction, type Tx } from "#server/db.ts";
import { DomainError, notFound } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { forgetSessions } from "#server/upstream/sessions.ts";

interface Member {
  id: string;
  userId: string;
  role: Role;
  name: string;
  email: string;
}

/** The member, under locks that hold until `tx` ends: two changes of one organization's people take turns, and nobody connects an account meanwhile. */
async function lockMember(tx: Tx, orgId: string, membershipId: string): Promise<Member> {
  await tx.$queryRaw`SELECT 1 FROM "Organization" WHERE "id" = ${orgId} FOR NO KEY UPDATE`;
  await tx.$queryRaw`SELECT 1 FROM "Membership" WHERE "id" = ${membershipId} AND "orgId" = ${orgId} FOR UPDATE`;
  const row = await tx.membership.findFirst({
    where: { id: membershipId, orgId },
    select: { id: true, userId: true, role: true, user: { select: { name: true, email: true } } },
  });
  if (!row) throw notFound("member");
  const { user, ...member } = row;
  return { ...member, ...user };
}

async function demandAnotherOwner(tx: Tx, orgId: string, member: Member): Promise<void> {
  if (member.role !== "owner") return;
  const others = await tx.membership.count({ where: { orgId, role: "owner", NOT: { id: member.id } } });
  if (others === 0) throw new DomainError("CONFLICT", "An organization needs an owner. Make somebody else an owner first.");
}

/** Gives a member another role. Throws NOT_FOUND, FORBIDDEN (only owners make and change owners), CONFLICT for the last owner. */
export async function changeRole(actor: Actor, { id, role }: { id: string; role: Role }): Promise<{ id: string; role: Role }> {
  await transaction(async (tx) => {
    const member = await lockMember(tx, actor.orgId, id);
    if (member.role === role) return;
    if (member.role === "owner" || role === "owner") demand(actor, "owner.manage");
    await demandAnotherOwner(tx, actor.orgId, member);
    await tx.membership.updateMany({ where: { id, orgId: actor.orgId }, data: { role } });
    // A link made with rights that are gone would be a way back to them.
    await tx.invitation.deleteMany({ where: { orgId: actor.orgId, invitedById: id } });
    const target = { type: "member", id, name: member.name } as const;
    await record(tx, actor, { action: "member.role_changed", target, details: { before: member.role, role } });
  });
  changed(actor.orgId);
  return { id, role };
}

/** Everything of one membership: grants, credentials, tokens, requests, teams and invitations it made go with the row, browser sessions and a pending invitation beside it. */
async function takeOut(actor: Actor, id: string, action: "member.removed" | "member.left"): Promise<void> {
  const { orgId } = actor;
  const revoke = await transaction(async (tx) => {
    const member = await lockMember(tx, orgId, id);
    if (action === "member.removed" && member.role === "owner") demand(actor, "owner.manage");
    await demandAnotherOwner(tx, orgId, member);
    const forgotten = await forgetCredentials(tx, { holder: id });
    await tx.session.deleteMany({ where: { orgId, userId: member.userId } });
    await tx.invitation.deleteMany({ where: { orgId, email: member.email } });
    await tx.membership.deleteMany({ where: { id, orgId } });
    const target = { type: "member", id, name: member.name } as const;
    await record(tx, actor, { action, target, details: { role: member.role, accounts: forgotten.accounts } });
    return forgotten.revoke;
  });
  changed(orgId);
  forgetSessions({ holder: id });
  await revoke();
}

/** Removes a member, at once and completely. Throws NOT_FOUND, FORBIDDEN (only owners remove owners), CONFLICT for the last owner and for oneself. */
export async function removeMember(actor: Actor, { id }: { id: string }): Promise<{ id: string }> {
  if (id === actor.membershipId) throw new DomainError("CONFLICT", "This is you. To go, leave the organization in its settings.");
  await takeOut(actor, id, "member.removed");
  return { id };
}

/** Leaves the organization. Throws CONFLICT for the last owner. */
export async function leaveOrganization(actor: Actor): Promise<{ id: string }> {
  await takeOut(actor, actor.membershipId, "member.left");
  return { id: actor.membershipId };
}
