// Sealing the secret of a connection without OAuth.
import { sealer } from "#server/secrets.ts";

/** The sealed column for an API key; null for auth type `none`. */
export function sealKey(connectionId: string, holder: string, apiKey: string | undefined): string | null {
  return apiKey === undefined ? null : sealer.seal(apiKey, `credential:${connectionId}:${holder}`);
}

/** The other columns of such a credential: it ends only when somebody ends it. */
export const lasting = { issuer: null, expiresAt: null, renewable: true } as const;
