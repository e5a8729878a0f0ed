// What was proven while the person waited counts only for a connection that still is what it was then.
import type { Prisma, Tx } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";

export interface Proven {
  id: string;
  orgId: string;
  url: string;
  headerName: string | null;
  headerPrefix: string | null;
  settings: Prisma.JsonValue;
}

/**
 * Makes sure, inside `tx` and until it ends, that an edit did not move the connection, its key header or its advanced settings: a secret must not be kept for another
 * address than the one it was proven against. Throws CONFLICT.
 */
export async function demandUnmoved(tx: Tx, { id, orgId, url, headerName, headerPrefix, settings }: Proven): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM "Connection"
    WHERE "id" = ${id} AND "orgId" = ${orgId} AND "url" = ${url}
      AND "headerName" IS NOT DISTINCT FROM ${headerName} AND "headerPrefix" IS NOT DISTINCT FROM ${headerPrefix}
      AND "settings" IS NOT DISTINCT FROM ${settings === null ? null : JSON.stringify(settings)}::jsonb
    FOR SHARE`;
  if (rows.length === 0) throw new DomainError("CONFLICT", "The connection was changed or removed meanwhile. Nothing was connected.");
}
