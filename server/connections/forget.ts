// Forgetting credentials: the one way for disconnect, for a changed URL, for removal, and for a member who goes.
import type { Prisma, Tx } from "#server/db.ts";
import { revoke } from "#server/oauth/revoke.ts";

/** Whose credentials: a connection's, a membership's (`holder`), or a membership's at one connection. */
export type ForgetScope = { connectionId: string; holder?: string } | { holder: string };

export interface Forgotten {
  /** How many accounts that were. */
  accounts: number;
  /** Tells the providers, where they offer it. Call it after the commit; it never throws. */
  revoke: () => Promise<void>;
}

/** Of a whole connection what anybody taught, of a member what they taught. */
function associationsOf(scope: ForgetScope): Prisma.SearchAssociationWhereInput {
  const connection = "connectionId" in scope ? { connectionId: scope.connectionId } : {};
  return { ...connection, ...(scope.holder === undefined ? {} : { membershipId: scope.holder }) };
}

/** Deletes credentials, with the tools they could see, what was learned of those, and the sign-ins under way, inside `tx`. */
export async function forgetCredentials(tx: Tx, scope: ForgetScope): Promise<Forgotten> {
  const rows = await tx.credential.findMany({
    where: scope,
    select: { connectionId: true, holder: true, sealed: true, issuer: true },
  });
  const { count } = await tx.credential.deleteMany({ where: scope });
  await tx.catalog.deleteMany({ where: scope });
  await tx.searchAssociation.deleteMany({ where: associationsOf(scope) });
  await tx.oAuthAttempt.deleteMany({ where: { ...scope, outcome: null } });
  // Only tokens have an issuer, and can be revoked.
  const tokens = rows.filter(({ issuer }) => issuer !== null);
  return {
    accounts: count,
    revoke: async () => {
      await Promise.all(tokens.map(revoke));
    },
  };
}
