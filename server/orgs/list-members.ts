// The members of an organization, for pickers and pages.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";

/** Everybody in the organization, by name. */
export async function listMembers(actor: Actor) {
  const rows = await db.membership.findMany({
    where: { orgId: actor.orgId },
    select: { id: true, role: true, createdAt: true, user: { select: { name: true, email: true } }, teams: { select: { teamId: true } } },
    orderBy: { user: { name: "asc" } },
  });
  return rows.map(({ user, teams, ...membership }) => ({ ...membership, ...user, teamIds: teams.map(({ teamId }) => teamId) }));
}
