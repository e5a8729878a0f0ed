// Signing in and out with e-mail and password.
import { z } from "zod";

import { record } from "#server/audit/record.ts";
import { db, transaction } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { log } from "#server/log.ts";
import { parseInput } from "#server/parse.ts";
import { hashSecret } from "#server/seal.ts";

import type { Actor } from "./actor.ts";
import { countTry, forgiveTries } from "./limits.ts";
import { verifyPassword } from "./password.ts";
import { endedSessionCookie, startSession } from "./sessions.ts";

/** Where a request comes from: what sign-in needs before anybody is known. */
export interface Visit {
  origin: string;
  address: string;
  requestId: string;
}

export const signInInput = z.object({
  email: z.string().trim().toLowerCase().min(1, "Enter your e-mail address.").max(320),
  password: z.string().min(1, "Enter your password.").max(200),
});

/**
 * Checks e-mail and password and starts a session in the person's first organization. Returns the Set-Cookie value.
 * Throws UNAUTHENTICATED with one and the same message for an unknown address and a wrong password, RATE_LIMITED after too many tries.
 */
export async function signIn(visit: Visit, given: z.input<typeof signInInput>): Promise<{ setCookie: string }> {
  const { email, password } = parseInput(signInInput, given);
  await countTry({ address: visit.address, account: hashSecret(email) });
  const user = await db.user.findUnique({ where: { email }, include: { memberships: { orderBy: { createdAt: "asc" }, take: 1 } } });
  const matches = await verifyPassword(user?.passwordHash ?? null, password);
  const membership = user?.memberships[0];
  if (user && matches && !membership) {
    throw new DomainError("FORBIDDEN", "You are not a member of any organization any more. Ask an admin of yours to invite you again.");
  }
  if (!user || !membership || !matches) {
    if (membership) {
      // Nobody waits for it: the time of the answer must not tell an account that exists from one that does not.
      transaction((tx) =>
        record(
          tx,
          { via: "system", orgId: membership.orgId, name: user.name, requestId: visit.requestId },
          { action: "session.sign_in_failed", outcome: "denied" },
        ),
      ).catch((error: unknown) => log.error({ err: error, requestId: visit.requestId }, "a failed sign-in was not recorded"));
    }
    throw new DomainError("UNAUTHENTICATED", "This e-mail address and password do not belong together.");
  }
  await forgiveTries(hashSecret(email));
  const setCookie = await transaction(async (tx) => {
    await tx.session.deleteMany({ where: { userId: user.id, expiresAt: { lte: new Date() } } });
    await record(
      tx,
      { via: "system", orgId: membership.orgId, name: user.name, requestId: visit.requestId },
      { action: "session.signed_in" },
    );
    return startSession(tx, { userId: user.id, orgId: membership.orgId }, visit.origin);
  });
  return { setCookie };
}

/** Ends the actor's session at once. Returns the Set-Cookie value that clears the cookie. */
export async function signOut(visit: Visit, actor: Actor | null): Promise<{ setCookie: string }> {
  const { sessionId } = actor ?? {};
  if (actor && sessionId) {
    await transaction(async (tx) => {
      await tx.session.deleteMany({ where: { id: sessionId } });
      await record(tx, actor, { action: "session.signed_out" });
    });
  }
  return { setCookie: endedSessionCookie(visit.origin) };
}
