// Accepting an invitation: with the account one has, or with a new one. The link is used up by it.
import { z } from "zod";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { countTry, forgiveTries } from "#server/auth/limits.ts";
import { hashPassword, verifyPassword } from "#server/auth/password.ts";
import { enterOrganization, startSession } from "#server/auth/sessions.ts";
import type { Visit } from "#server/auth/sign-in.ts";
import { db, Prisma, transaction, type Tx } from "#server/db.ts";
import { badInput, DomainError } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { grantTo } from "#server/grants/write.ts";
import { parseInput } from "#server/parse.ts";
import { hashSecret } from "#server/seal.ts";

import { newPassword, personName } from "./account.ts";

function over(): DomainError {
  return new DomainError("EXPIRED", "This invitation was used, taken back or replaced, or is older than seven days. Ask for a new one.");
}

/** What the page behind the link shows. */
export interface OpenInvitation {
  organization: string;
  email: string;
  role: "owner" | "admin" | "member";
  invitedBy: string;
  /** Whether the address has an account: then its password is asked for, else a new one is made. */
  hasAccount: boolean;
  /** Who is signed in here: the invited person, somebody else, or nobody. */
  visitor: "invited" | "other" | "nobody";
}

async function userIs(actor: Actor | null, email: string): Promise<OpenInvitation["visitor"]> {
  if (!actor) return "nobody";
  return (await db.user.count({ where: { id: actor.userId, email } })) > 0 ? "invited" : "other";
}

/** The invitation behind a link's token. Throws EXPIRED, RATE_LIMITED. */
export async function readInvitation(visit: Visit, actor: Actor | null, token: string): Promise<OpenInvitation> {
  await countTry({ address: visit.address });
  const found = await db.invitation.findUnique({
    where: { tokenHash: hashSecret(token) },
    select: { email: true, role: true, invitedBy: true, expiresAt: true, org: { select: { name: true } } },
  });
  if (!found || found.expiresAt <= new Date()) throw over();
  const { email, role, invitedBy, org } = found;
  const hasAccount = (await db.user.count({ where: { email } })) > 0;
  return { organization: org.name, email, role, invitedBy, hasAccount, visitor: await userIs(actor, email) };
}

const newAccount = z.object({ name: personName, password: newPassword });
const oldAccount = z.object({ password: z.string().min(1, "Enter your password.").max(200) });
export type JoinInput = { name?: string; password?: string };

/** Uses the invitation up, inside `tx`: of two at the same time only one finds it. Throws EXPIRED. */
async function use(tx: Tx, token: string) {
  const tokenHash = hashSecret(token);
  const found = await tx.invitation.findUnique({
    where: { tokenHash },
    include: { org: { select: { name: true } }, teams: { select: { id: true } }, connections: { select: { id: true } } },
  });
  const used = await tx.invitation.deleteMany({ where: { tokenHash, expiresAt: { gt: new Date() } } });
  if (!found || used.count === 0) throw over();
  return found;
}

/** The membership with the teams and connections that were chosen for it, inside `tx`. Throws CONFLICT for a member. */
async function becomeMember(
  tx: Tx,
  visit: Visit,
  user: { id: string; name: string },
  invitation: Awaited<ReturnType<typeof use>>,
): Promise<void> {
  const { orgId, role, teams, connections, org } = invitation;
  if ((await tx.membership.count({ where: { orgId, userId: user.id } })) > 0)
    throw new DomainError("CONFLICT", "You are a member already.");
  const membership = await tx.membership.create({ data: { orgId, userId: user.id, role } });
  await tx.teamMembership.createMany({ data: teams.map(({ id }) => ({ teamId: id, membershipId: membership.id })) });
  await grantTo(
    tx,
    orgId,
    membership.id,
    connections.map(({ id }) => id),
  );
  await record(
    tx,
    { via: "system", orgId, name: user.name, requestId: visit.requestId },
    {
      action: "member.joined",
      target: { type: "member", id: membership.id, name: user.name },
      details: { role, organization: org.name, teams: teams.length, connections: connections.length, invitedBy: invitation.invitedBy },
    },
  );
}

/** Who joins: the signed-in person, the owner of the account after its password, or somebody new. Throws CONFLICT, UNAUTHENTICATED, BAD_INPUT, RATE_LIMITED. */
async function identify(
  visit: Visit,
  actor: Actor | null,
  email: string,
  given: JoinInput,
): Promise<{ name: string; id: string | null; passwordHash: string | null }> {
  const visitor = await userIs(actor, email);
  if (visitor === "other")
    throw new DomainError(
      "CONFLICT",
      `You are signed in with another address. This invitation is for ${email}: sign out and open the link again.`,
    );
  if (actor && visitor === "invited") return { id: actor.userId, name: actor.name, passwordHash: null };
  const known = await db.user.findUnique({ where: { email } });
  if (!known) {
    const { name, password } = parseInput(newAccount, given);
    return { id: null, name, passwordHash: await hashPassword(password) };
  }
  const { password } = parseInput(oldAccount, given);
  await countTry({ address: visit.address, account: hashSecret(email) });
  if (!(await verifyPassword(known.passwordHash, password))) throw badInput("password", "This is not the password of your account.");
  await forgiveTries(hashSecret(email));
  return { id: known.id, name: known.name, passwordHash: null };
}

/**
 * Accepts an invitation and signs the person in to the organization. `setCookie` is null where the browser's session goes on.
 * Throws EXPIRED, CONFLICT (signed in as somebody else, member already), BAD_INPUT naming the field, RATE_LIMITED.
 */
export async function acceptInvitation(
  visit: Visit,
  actor: Actor | null,
  token: string,
  given: JoinInput,
): Promise<{ setCookie: string | null }> {
  const { email } = await readInvitation(visit, actor, token);
  const person = await identify(visit, actor, email, given);
  const joined = await transaction(async (tx) => {
    const invitation = await use(tx, token);
    const { name, passwordHash } = person;
    const user =
      person.id === null ? await tx.user.create({ data: { email, name, passwordHash: passwordHash ?? "" } }) : { id: person.id, name };
    await becomeMember(tx, visit, user, invitation);
    const { orgId } = invitation;
    if (actor?.sessionId) {
      await enterOrganization(tx, actor.sessionId, orgId);
      return { orgId, setCookie: null };
    }
    return { orgId, setCookie: await startSession(tx, { userId: user.id, orgId }, visit.origin) };
  }).catch((error: unknown) => {
    // The same link pressed twice at once: the other press made the account or the membership.
    throw error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002" ? over() : error;
  });
  changed(joined.orgId);
  return { setCookie: joined.setCookie };
}
