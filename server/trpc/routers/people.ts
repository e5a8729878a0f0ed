// Who is here: the caller, the members and the teams of the organization.
import { listMembers } from "#server/orgs/list-members.ts";
import { listTeams } from "#server/teams/list-teams.ts";
import { memberProcedure, procedureFor, router } from "#server/trpc/init.ts";

export const memberRouter = router({
  /** The signed-in person and their organization. */
  me: memberProcedure.query(({ ctx: { actor } }) => ({
    membershipId: actor.membershipId,
    name: actor.name,
    role: actor.role,
    organization: { id: actor.orgId, name: actor.orgName },
    origin: actor.origin,
  })),
  list: procedureFor("member.read").query(({ ctx }) => listMembers(ctx.actor)),
});

export const teamRouter = router({
  list: procedureFor("team.read").query(({ ctx }) => listTeams(ctx.actor)),
});
