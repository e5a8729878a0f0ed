// SIGNUP=open: anybody makes an organization of their own.
import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { countTry, forgiveTries } from "#server/auth/limits.ts";
import { hashPassword, verifyPassword } from "#server/auth/password.ts";
import { enterOrganization, startSession } from "#server/auth/sessions.ts";
import type { Visit } from "#server/auth/sign-in.ts";
import { db, transaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import { DomainError } from "#server/errors.ts";
import { parseInput } from "#server/parse.ts";
import { hashSecret } from "#server/seal.ts";

import { emailAddress, newPassword, organizationName, personName } from "./account.ts";
import { createOrganization } from "./create-organization.ts";

export const signUpInput = z.object({ organization: organizationName, name: personName, email: emailAddress, password: newPassword });

/** Whether anybody may make an organization here. */
export function isSignUpOpen(): boolean {
  return env.SIGNUP === "open";
}

function demandOpen(): void {
  if (!isSignUpOpen())
    throw new DomainError("FORBIDDEN", "Sign-up is closed here. Ask an owner or admin of your organization to invite you.");
}

/**
 * Makes an account and its organization, and signs the person in. Somebody who has an account and knows its password gets the organization added to it.
 * Returns the Set-Cookie value. Throws FORBIDDEN unless SIGNUP is open, BAD_INPUT naming the field, RATE_LIMITED.
 */
export async function signUp(visit: Visit, given: z.input<typeof signUpInput>): Promise<{ setCookie: string }> {
  demandOpen();
  const { organization, name, email, password } = parseInput(signUpInput, given);
  await countTry({ address: visit.address, account: hashSecret(email) });
  const known = await db.user.findUnique({ where: { email } });
  if (known && !(await verifyPassword(known.passwordHash, password))) {
    // The words of sign-in, so that they tell no more than sign-in does.
    throw new DomainError("UNAUTHENTICATED", "This e-mail address and password do not belong together.");
  }
  await forgiveTries(hashSecret(email));
  const passwordHash = known ? known.passwordHash : await hashPassword(password);
  return transaction(async (tx) => {
    const user = known ?? (await tx.user.create({ data: { email, name, passwordHash } }));
    const { org } = await createOrganization(tx, { name: organization, user, requestId: visit.requestId });
    return { setCookie: await startSession(tx, { userId: user.id, orgId: org.id }, visit.origin) };
  });
}

export const addOrganizationInput = z.object({ name: organizationName });

/** Makes another organization for somebody who is signed in, and goes there. Throws FORBIDDEN unless SIGNUP is open and the actor is in a browser. */
export async function addOrganization(
  actor: Actor,
  { name }: z.output<typeof addOrganizationInput>,
): Promise<{ id: string; slug: string }> {
  demandOpen();
  await countTry({ address: `user:${actor.userId}` });
  const { sessionId, userId } = actor;
  if (sessionId === null) throw new DomainError("FORBIDDEN", "A token belongs to one organization. Make another one in the browser.");
  return transaction(async (tx) => {
    const { org } = await createOrganization(tx, { name, user: { id: userId, name: actor.name }, requestId: actor.requestId });
    await enterOrganization(tx, sessionId, org.id);
    return { id: org.id, slug: org.slug };
  });
}
