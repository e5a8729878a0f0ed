// Revoking a token, effective with the next request.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { transaction } from "#server/db.ts";
import { notFound } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";

/** Revokes one of the actor's own tokens. Throws NOT_FOUND, also when it was revoked already. */
export async function revoke(actor: Actor, { id }: { id: string }): Promise<{ id: string }> {
  await transaction(async (tx) => {
    const own = { id, orgId: actor.orgId, membershipId: actor.membershipId, revokedAt: null };
    const token = await tx.agentToken.findFirst({ where: own, select: { name: true } });
    const revoked = await tx.agentToken.updateMany({ where: own, data: { revokedAt: new Date() } });
    if (!token || revoked.count === 0) throw notFound("token");
    await record(tx, actor, { action: "agent_token.revoked", target: { type: "agent_token", id, name: token.name } });
  });
  changed(actor.orgId);
  return { id };
}
