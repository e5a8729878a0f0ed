// The audit trail: a closed vocabulary, written in the same transaction as the change it speaks of.
import type { Actor } from "#server/auth/actor.ts";
import type { Prisma, Tx } from "#server/db.ts";

export const auditActions = [
  "organization.created",
  "organization.updated",
  "organization.rollout_changed",
  "invitation.created",
  "invitation.renewed",
  "invitation.revoked",
  "member.joined",
  "member.role_changed",
  "member.removed",
  "member.left",
  "user.password_reset",
  "team.created",
  "team.renamed",
  "team.removed",
  "team.members_replaced",
  "session.signed_in",
  "session.sign_in_failed",
  "session.signed_out",
  "session.switched",
  "connection.created",
  "connection.updated",
  "connection.removed",
  "connection.connected",
  "connection.disconnected",
  "connection.rejected",
  "connection.registered",
  "connection.refreshed",
  "connection.tools_reviewed",
  "connection.authorization_began",
  "connection.authorization_failed",
  "grant.replaced",
  "grant.requested",
  "grant.request_approved",
  "grant.request_declined",
  "agent_token.created",
  "agent_token.revoked",
  "agent.signed_in",
  "agent.signed_out",
  "capability.executed",
] as const;
export type AuditAction = (typeof auditActions)[number];

export interface AuditTarget {
  type: "organization" | "invitation" | "member" | "team" | "session" | "connection" | "agent_token" | "agent_grant" | "capability";
  id: string;
  name: string;
}

export interface AuditEntry {
  action: AuditAction;
  target?: AuditTarget;
  outcome?: "ok" | "failed" | "denied";
  errorCode?: string;
  durationMs?: number;
  /** Never a secret, never arguments of a call. */
  details?: Prisma.InputJsonObject;
}

/** Who a row speaks of when no actor is signed in: set-up, a failed sign-in, background work. */
export interface SystemActor {
  orgId: string;
  via: "system";
  name: string;
  requestId: string;
}

/** Writes one audit row inside `tx`. */
export async function record(tx: Tx, actor: Actor | SystemActor, entry: AuditEntry): Promise<void> {
  const nobody = actor.via === "system" || actor.via === "operator";
  const person = nobody ? { membershipId: null, tokenId: null } : { membershipId: actor.membershipId, tokenId: actor.tokenId };
  await tx.auditEvent.create({
    data: {
      orgId: actor.orgId,
      via: actor.via,
      ...person,
      actorName: actor.name,
      requestId: actor.requestId,
      action: entry.action,
      targetType: entry.target?.type,
      targetId: entry.target?.id,
      targetName: entry.target?.name,
      outcome: entry.outcome ?? "ok",
      errorCode: entry.errorCode,
      durationMs: entry.durationMs,
      details: entry.details,
    },
  });
}
