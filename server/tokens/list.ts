// The caller's own tokens, without anything that could be used as one.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";

/** Own tokens that were not revoked, newest first. */
export async function list(actor: Actor) {
  return db.agentToken.findMany({
    where: { orgId: actor.orgId, membershipId: actor.membershipId, revokedAt: null },
    select: {
      id: true,
      name: true,
      hint: true,
      scopes: true,
      createdAt: true,
      expiresAt: true,
      lastUsedAt: true,
      lastClient: true,
      lastNetwork: true,
    },
    orderBy: { createdAt: "desc" },
  });
}
