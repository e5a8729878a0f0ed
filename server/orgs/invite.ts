// Inviting somebody by e-mail address. The link works once; it is shown here, and sent where mail is set up.
import { z } from "zod";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { countInvitation } from "#server/auth/limits.ts";
import { demand } from "#server/auth/permissions.ts";
import { db, Prisma, transaction, type Tx } from "#server/db.ts";
import { badInput, DomainError, notFound } from "#server/errors.ts";
import { type MailOutcome, sendMail } from "#server/mail.ts";
import { links } from "#server/origin.ts";
import { hashSecret, randomSecret } from "#server/seal.ts";

import { emailAddress } from "./account.ts";

/** How long a link is good, in milliseconds. */
const validMs = 7 * 86_400_000;
const id = z.string().min(1).max(64);

export const inviteInput = z.object({
  email: emailAddress,
  role: z.enum(["owner", "admin", "member"]).default("member"),
  teamIds: z.array(id).max(100).default([]),
  connectionIds: z.array(id).max(200).default([]),
});

/** A link that was just made. It is in no list afterwards. */
export interface NewInvitation {
  id: string;
  link: string;
  expiresAt: Date;
  /** Whether the link also went out by e-mail: "off" where SMTP_URL is not set. */
  mail: MailOutcome;
}

async function send(actor: Actor, { email, link }: { email: string; link: string }): Promise<MailOutcome> {
  return sendMail({
    to: email,
    subject: `${actor.name} invites you to ${actor.orgName} on Gatehouse`,
    requestId: actor.requestId,
    text: `${actor.name} invites you to join ${actor.orgName} on Gatehouse, the one door to your organization's tools for your agents.\n\nJoin here (the link works once, for seven days):\n${link}\n\nIf you did not expect this, you can ignore it.\n`,
  });
}

async function demandOwn(tx: Tx, orgId: string, { teamIds, connectionIds }: { teamIds: string[]; connectionIds: string[] }): Promise<void> {
  if ((await tx.team.count({ where: { orgId, id: { in: teamIds } } })) !== teamIds.length)
    throw badInput("teamIds", "One of these teams does not exist any more. Choose again.");
  if ((await tx.connection.count({ where: { orgId, id: { in: connectionIds } } })) !== connectionIds.length)
    throw badInput("connectionIds", "One of these connections does not exist any more. Choose again.");
}

const inviterOf = ({ via, membershipId }: Actor) => (via === "operator" ? null : membershipId);

function alreadyInvited(cause?: unknown): DomainError {
  const message = "This address is invited already. Make a new link for that invitation, or take it back first.";
  return new DomainError("CONFLICT", message, { issues: [{ path: "email", message }], cause });
}

/** Invites an address. Throws BAD_INPUT, FORBIDDEN (only owners invite owners), CONFLICT when it is a member or has an open invitation. */
export async function invite(actor: Actor, input: z.output<typeof inviteInput>): Promise<NewInvitation> {
  const { email, role } = input;
  if (role === "owner") demand(actor, "owner.manage");
  const chosen = { teamIds: [...new Set(input.teamIds)], connectionIds: [...new Set(input.connectionIds)] };
  if (chosen.connectionIds.length > 0) demand(actor, "grant.manage");
  await countInvitation({ membershipId: actor.membershipId, email });
  const token = randomSecret();
  const expiresAt = new Date(Date.now() + validMs);
  const { orgId } = actor;
  const made = await transaction(async (tx) => {
    if ((await tx.membership.count({ where: { orgId, user: { email } } })) > 0) {
      const message = "This person is a member already.";
      throw new DomainError("CONFLICT", message, { issues: [{ path: "email", message }] });
    }
    await demandOwn(tx, orgId, chosen);
    await tx.invitation.deleteMany({ where: { orgId, email, expiresAt: { lte: new Date() } } });
    if ((await tx.invitation.count({ where: { orgId, email } })) > 0) throw alreadyInvited();
    const row = await tx.invitation.create({
      data: {
        orgId,
        email,
        role,
        tokenHash: hashSecret(token),
        expiresAt,
        invitedBy: actor.name,
        invitedById: inviterOf(actor),
        teams: { connect: chosen.teamIds.map((teamId) => ({ id: teamId })) },
        connections: { connect: chosen.connectionIds.map((connectionId) => ({ id: connectionId })) },
      },
    });
    const details = { role, teams: chosen.teamIds.length, connections: chosen.connectionIds.length };
    await record(tx, actor, { action: "invitation.created", target: { type: "invitation", id: row.id, name: email }, details });
    return row;
  }).catch((error: unknown) => {
    throw error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002" ? alreadyInvited(error) : error;
  });
  const link = links.join(actor.origin, token);
  return { id: made.id, link, expiresAt, mail: await send(actor, { email, link }) };
}

/** A new link for an open or expired invitation; the old one stops working. Throws NOT_FOUND. */
export async function renewInvitation(actor: Actor, { id: invitationId }: { id: string }): Promise<NewInvitation> {
  const token = randomSecret();
  const expiresAt = new Date(Date.now() + validMs);
  const own = { id: invitationId, orgId: actor.orgId };
  const known = await db.invitation.findFirst({ where: own, select: { email: true } });
  if (!known) throw notFound("invitation");
  // Before the transaction: counting takes a connection of its own.
  await countInvitation({ membershipId: actor.membershipId, email: known.email });
  const row = await transaction(async (tx) => {
    const found = await tx.invitation.findFirst({ where: own, select: { id: true, email: true, role: true } });
    if (!found) throw notFound("invitation");
    if (found.role === "owner") demand(actor, "owner.manage");
    const renewed = await tx.invitation.updateMany({
      where: own,
      data: { tokenHash: hashSecret(token), expiresAt, invitedBy: actor.name, invitedById: inviterOf(actor) },
    });
    if (renewed.count === 0) throw notFound("invitation");
    await record(tx, actor, { action: "invitation.renewed", target: { type: "invitation", id: found.id, name: found.email } });
    return found;
  });
  const link = links.join(actor.origin, token);
  return { id: row.id, link, expiresAt, mail: await send(actor, { email: row.email, link }) };
}

/** Takes an invitation back; its link stops working. Throws NOT_FOUND. */
export async function revokeInvitation(actor: Actor, { id: invitationId }: { id: string }): Promise<{ id: string }> {
  await transaction(async (tx) => {
    const own = { id: invitationId, orgId: actor.orgId };
    const found = await tx.invitation.findFirst({ where: own, select: { email: true } });
    const { count } = await tx.invitation.deleteMany({ where: own });
    if (!found || count === 0) throw notFound("invitation");
    await record(tx, actor, { action: "invitation.revoked", target: { type: "invitation", id: invitationId, name: found.email } });
  });
  return { id: invitationId };
}

/** Open and expired invitations of the organization, newest first. The links are not here: only their hashes are kept. */
export async function listInvitations(actor: Actor) {
  const rows = await db.invitation.findMany({
    where: { orgId: actor.orgId },
    select: {
      id: true,
      email: true,
      role: true,
      invitedBy: true,
      createdAt: true,
      expiresAt: true,
      teams: { select: { id: true, name: true }, orderBy: { nameKey: "asc" } },
      connections: { select: { id: true, name: true }, orderBy: { nameKey: "asc" } },
    },
    orderBy: { createdAt: "desc" },
  });
  const now = new Date();
  return rows.map((row) => ({ ...row, expired: row.expiresAt <= now }));
}
