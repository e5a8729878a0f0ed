// Sealing every stored secret with the newest key, so that an older one can leave SECRET_KEYS.
import { db } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { sealer } from "#server/secrets.ts";

const inOrg = { connection: { select: { orgId: true } } } as const;

/**
 * Seals stale secrets anew; returns how many. A row that changed meanwhile (a token that was just renewed) is left as it is: it was sealed with the
 * newest key then. Throws CONFLICT, after all others were sealed, when some cannot be opened: their key is not in SECRET_KEYS, or they are damaged.
 */
export async function reseal(): Promise<{
  credentials: number;
  oauthClients: number;
  staticHeaders: number;
  attempts: number;
  agentRecords: number;
}> {
  const failures: string[] = [];
  /** Opens with any key, seals with the first. Null when there is nothing to do. */
  const resealed = (sealed: string | null, binding: string): string | null => {
    if (sealed === null || sealed === "" || !sealer.isStale(sealed)) return null;
    try {
      return sealer.seal(sealer.open(sealed, binding), binding);
    } catch (error) {
      failures.push(`${binding}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  };
  const counts = { credentials: 0, oauthClients: 0, staticHeaders: 0, attempts: 0, agentRecords: 0 };
  const orgIds = new Set<string>();

  const credentials = await db.credential.findMany({ select: { id: true, connectionId: true, holder: true, sealed: true, ...inOrg } });
  for (const { id, connectionId, holder, sealed, connection } of credentials) {
    const fresh = resealed(sealed, `credential:${connectionId}:${holder}`);
    if (fresh === null) continue;
    counts.credentials += (await db.credential.updateMany({ where: { id, sealed }, data: { sealed: fresh } })).count;
    orgIds.add(connection.orgId);
  }
  const clients = await db.oAuthClient.findMany({ select: { id: true, connectionId: true, issuer: true, sealed: true, ...inOrg } });
  for (const { id, connectionId, issuer, sealed, connection } of clients) {
    const fresh = resealed(sealed, `oauth-client:${connectionId}:${issuer}`);
    if (fresh === null) continue;
    counts.oauthClients += (await db.oAuthClient.updateMany({ where: { id, sealed }, data: { sealed: fresh } })).count;
    orgIds.add(connection.orgId);
  }
  const connections = await db.connection.findMany({
    where: { staticHeaders: { not: null } },
    select: { id: true, orgId: true, staticHeaders: true },
  });
  for (const { id, orgId, staticHeaders } of connections) {
    const fresh = resealed(staticHeaders, `static-headers:${id}`);
    if (fresh === null) continue;
    counts.staticHeaders += (await db.connection.updateMany({ where: { id, staticHeaders }, data: { staticHeaders: fresh } })).count;
    orgIds.add(orgId);
  }
  // Attempts (and, below, records) that are over are never opened again, so their key may go.
  const attempts = await db.oAuthAttempt.findMany({
    where: { outcome: null, expiresAt: { gt: new Date() } },
    select: { id: true, sealed: true, orgId: true },
  });
  for (const { id, sealed, orgId } of attempts) {
    const fresh = resealed(sealed, `oauth-attempt:${id}`);
    if (fresh === null) continue;
    counts.attempts += (await db.oAuthAttempt.updateMany({ where: { id, sealed }, data: { sealed: fresh } })).count;
    orgIds.add(orgId);
  }
  const records = await db.oAuthRecord.findMany({
    where: { OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] },
    select: { id: true, sealed: true },
  });
  for (const { id, sealed } of records) {
    const fresh = resealed(sealed, `oauth-record:${id}`);
    if (fresh !== null) counts.agentRecords += (await db.oAuthRecord.updateMany({ where: { id, sealed }, data: { sealed: fresh } })).count;
  }

  for (const orgId of orgIds) changed(orgId);
  if (failures.length > 0)
    throw new DomainError(
      "CONFLICT",
      `${failures.length} secrets cannot be opened; drop no key yet. All others are sealed with the newest one. The first of them:\n${failures.slice(0, 5).join("\n")}`,
    );
  return counts;
}
