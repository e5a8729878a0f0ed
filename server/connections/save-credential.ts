// Making a connection connected: credential and proven tool list, together, inside one transaction.
import type { Prisma, Tx } from "#server/db.ts";
import { sharedHolder } from "#server/grants/state.ts";
import type { Listing } from "#server/upstream/list-tools.ts";
import { storeListing } from "#server/upstream/store-listing.ts";

export interface NewSecret {
  sealed: string | null;
  issuer: string | null;
  expiresAt: Date | null;
  /** Whether it renews itself, or never ends. */
  renewable: boolean;
}

/** Stores a proven credential for a credential identity, in place of the one before. Its revision grows, so no pooled session of the old one is used again. */
export async function saveCredential(
  tx: Tx,
  key: { connectionId: string; holder: string },
  secret: NewSecret,
  listing: Listing,
): Promise<void> {
  const { connectionId, holder } = key;
  const membershipId = holder === sharedHolder ? null : holder;
  const fresh = { ...secret, status: "active", refreshUntil: null, wantedScope: null } as const;
  await tx.credential.upsert({
    where: { connectionId_holder: key },
    create: { ...fresh, connectionId, holder, membershipId },
    update: { ...fresh, revision: { increment: 1 }, refreshCount: { increment: 1 } } satisfies Prisma.CredentialUpdateInput,
  });
  await storeListing(tx, { connectionId, holder, membershipId }, listing);
}
