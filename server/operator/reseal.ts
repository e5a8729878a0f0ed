// Sealing every stored secret with the newest key, so that an older one can leave SECRET_KEYS.
import { db } from "#server/db.ts";
import { sealer } from "#server/secrets.ts";

/** Opens with any key, seals with the first. Null when there is nothing to do. */
function resealed(sealed: string | null, binding: string): string | null {
  if (sealed === null || sealed === "" || !sealer.isStale(sealed)) return null;
  return sealer.seal(sealer.open(sealed, binding), binding);
}

/**
 * Seals stale secrets anew; returns how many. A row that changed meanwhile (a token that was just renewed) is left as it is: it was sealed with the
 * newest key then. Throws when a secret's key is not in SECRET_KEYS.
 */
export async function reseal(): Promise<{ credentials: number; oauthClients: number; attempts: number; agentRecords: number }> {
  const counts = { credentials: 0, oauthClients: 0, attempts: 0, agentRecords: 0 };
  for (const { id, connectionId, holder, sealed } of await db.credential.findMany({
    select: { id: true, connectionId: true, holder: true, sealed: true },
  })) {
    const fresh = resealed(sealed, `credential:${connectionId}:${holder}`);
    if (fresh !== null) counts.credentials += (await db.credential.updateMany({ where: { id, sealed }, data: { sealed: fresh } })).count;
  }
  for (const { id, connectionId, issuer, sealed } of await db.oAuthClient.findMany({
    select: { id: true, connectionId: true, issuer: true, sealed: true },
  })) {
    const fresh = resealed(sealed, `oauth-client:${connectionId}:${issuer}`);
    if (fresh !== null) counts.oauthClients += (await db.oAuthClient.updateMany({ where: { id, sealed }, data: { sealed: fresh } })).count;
  }
  for (const { id, sealed } of await db.oAuthAttempt.findMany({ where: { outcome: null }, select: { id: true, sealed: true } })) {
    const fresh = resealed(sealed, `oauth-attempt:${id}`);
    if (fresh !== null) counts.attempts += (await db.oAuthAttempt.updateMany({ where: { id, sealed }, data: { sealed: fresh } })).count;
  }
  for (const { id, sealed } of await db.oAuthRecord.findMany({ select: { id: true, sealed: true } })) {
    const fresh = resealed(sealed, `oauth-record:${id}`);
    if (fresh !== null) counts.agentRecords += (await db.oAuthRecord.updateMany({ where: { id, sealed }, data: { sealed: fresh } })).count;
  }
  return counts;
}
