// The tools of one connection as somebody sees them who may use it.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { requireUsable } from "#server/grants/access.ts";

import type { ToolView } from "./view.ts";

/** The connection's name and the stored tools of the caller's credential identity, in the server's own order. Throws NOT_FOUND without a grant. */
export async function tools(actor: Actor, { id }: { id: string }): Promise<{ name: string; tools: ToolView[] }> {
  const { name, catalog } = await requireUsable(actor, id);
  const rows = await db.catalogTool.findMany({
    where: { catalogId: catalog?.id ?? "", removedAt: null, catalog: { connection: { orgId: actor.orgId } } },
    select: { name: true, title: true, description: true, inputSchema: true, firstSeenAt: true, changedAt: true },
    orderBy: { position: "asc" },
  });
  return { name, tools: rows };
}
