// Who connects an account may be removed while they are away at the provider.
import type { Actor } from "#server/auth/actor.ts";
import type { Tx } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";

/** Makes sure, inside `tx` and until it ends, that the actor is still a member: a credential must not outlive its person. Throws FORBIDDEN. */
export async function demandMember(tx: Tx, { membershipId, orgId }: Actor): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`SELECT 1 FROM "Membership" WHERE "id" = ${membershipId} AND "orgId" = ${orgId} FOR SHARE`;
  if (rows.length === 0) throw new DomainError("FORBIDDEN", "You are no longer a member of this organization. Nothing was connected.");
}
