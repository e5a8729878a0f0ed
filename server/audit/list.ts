// The audit trail as an admin reads it: newest first, page by page.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";

import type { AuditAction } from "./record.ts";

export interface AuditFilter {
  action?: AuditAction;
  membershipId?: string;
  outcome?: "ok" | "failed" | "denied" | "started";
  /** The id of the last row of the page before. */
  cursor?: string;
  limit: number;
}

/** One page of the organization's audit rows, and the cursor of the next page if there is one. */
export async function list(actor: Actor, filter: AuditFilter) {
  const rows = await db.auditEvent.findMany({
    where: { orgId: actor.orgId, action: filter.action, membershipId: filter.membershipId, outcome: filter.outcome },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: filter.limit + 1,
    ...(filter.cursor ? { cursor: { id: filter.cursor }, skip: 1 } : {}),
    omit: { orgId: true },
  });
  const events = rows.slice(0, filter.limit);
  return { events, nextCursor: rows.length > filter.limit ? (events.at(-1)?.id ?? null) : null };
}
