// The teams of an organization, for pickers and pages.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";

/** Every team of the organization, by name, with its size. */
export async function listTeams(actor: Actor) {
  const rows = await db.team.findMany({
    where: { orgId: actor.orgId },
    select: { id: true, name: true, _count: { select: { members: true } } },
    orderBy: { name: "asc" },
  });
  return rows.map(({ _count, ...team }) => ({ ...team, members: _count.members }));
}
