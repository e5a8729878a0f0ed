// What ends by itself and is worth a warning before it does: a sign-in that cannot be renewed, and a client secret.
import type { CredentialStatus } from "#server/db.ts";

const hourMs = 3_600_000;
/** Somebody has to sign in again: said three days ahead. */
const credentialAheadMs = 72 * hourMs;
/** An admin has to fetch a new secret from the provider: said two weeks ahead. */
const secretAheadMs = 14 * 24 * hourMs;

const soon = (at: Date | null, aheadMs: number) => (at !== null && at.getTime() - Date.now() < aheadMs ? at : null);

/** When this credential ends for good, if that is soon or was already; null when it renews itself or ends much later. */
export function credentialEndsAt(
  credential: { status: CredentialStatus; renewable: boolean; expiresAt: Date | null } | null | undefined,
): Date | null {
  if (!credential || credential.status !== "active" || credential.renewable) return null;
  return soon(credential.expiresAt, credentialAheadMs);
}

/** When this client's secret ends, if that is soon or was already. */
export function secretEndsAt(client: { secretExpiresAt: Date | null } | null): Date | null {
  return soon(client?.secretExpiresAt ?? null, secretAheadMs);
}
