// The members of an organization, for pickers and pages, and whom a member can ask.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";

/** Everybody in the organization, by name. */
export async function listMembers(actor: Actor) {
  const rows = await db.membership.findMany({
    where: { orgId: actor.orgId },
    select: {
      id: true,
      role: true,
      createdAt: true,
      user: { select: { name: true, email: true } },
      teams: { select: { teamId: true } },
      _count: { select: { credentials: true, agentTokens: { where: { revokedAt: null } } } },
    },
    orderBy: [{ user: { name: "asc" } }, { id: "asc" }],
  });
  return rows.map(({ user, teams, _count, ...membership }) => ({
    ...membership,
    ...user,
    teamIds: teams.map(({ teamId }) => teamId),
    accounts: _count.credentials,
    tokens: _count.agentTokens,
  }));
}

/** The owners and admins: whom to ask for access, or to connect a shared account. */
export async function listAdmins(actor: Actor) {
  const rows = await db.membership.findMany({
    where: { orgId: actor.orgId, role: { in: ["owner", "admin"] } },
    select: { role: true, user: { select: { name: true, email: true } } },
    orderBy: [{ role: "asc" }, { user: { name: "asc" } }],
  });
  return rows.map(({ role, user }) => ({ ...user, role }));
}
