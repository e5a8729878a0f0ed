// How a sign-in is going: what the page asks that opened the popup.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { notFound } from "#server/errors.ts";
import { failureFrom, type StoredFailure } from "#server/upstream/contacts.ts";

export interface AttemptStatus {
  state: "pending" | "connected" | "failed" | "expired";
  message: string | null;
  /** The diagnosis of a failed one, where a server failed. */
  failure: StoredFailure | null;
}

/** The state of the actor's own attempt. Throws NOT_FOUND for anybody else's. */
export async function attemptStatus(actor: Actor, { attemptId }: { attemptId: string }): Promise<AttemptStatus> {
  const attempt = await db.oAuthAttempt.findFirst({
    where: { id: attemptId, orgId: actor.orgId, membershipId: actor.membershipId },
    select: { outcome: true, message: true, failure: true, expiresAt: true },
  });
  if (!attempt) throw notFound("sign-in");
  if (attempt.outcome === "connected") return { state: "connected", message: null, failure: null };
  if (attempt.outcome !== null) return { state: "failed", message: attempt.message, failure: failureFrom(attempt.failure) };
  if (attempt.expiresAt <= new Date())
    return { state: "expired", message: "The sign-in took longer than ten minutes. Start again.", failure: null };
  return { state: "pending", message: null, failure: null };
}
