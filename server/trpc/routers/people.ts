// Who is here: the caller, the members, teams and invitations of the organization, and the caller's other organizations.
import { z } from "zod";

import { idInput } from "#server/connections/schema.ts";
import { organizationName } from "#server/orgs/account.ts";
import { invite, inviteInput, listInvitations, renewInvitation, revokeInvitation } from "#server/orgs/invite.ts";
import { listAdmins, listMembers } from "#server/orgs/list-members.ts";
import { changeRole, leaveOrganization, removeMember } from "#server/orgs/members.ts";
import { listOrganizations, readOrganization, switchOrganization, updateOrganization } from "#server/orgs/organizations.ts";
import { addOrganization, addOrganizationInput, isSignUpOpen } from "#server/orgs/sign-up.ts";
import {
  createTeam,
  createTeamInput,
  listTeams,
  removeTeam,
  renameTeam,
  renameTeamInput,
  replaceTeamMembers,
  teamMembersInput,
} from "#server/teams/teams.ts";
import { memberProcedure, procedureFor, router } from "#server/trpc/init.ts";

const manageMembers = procedureFor("member.manage");
const manageTeams = procedureFor("team.manage");

export const memberRouter = router({
  /** The signed-in person and their organization. */
  me: memberProcedure
    .meta({ agent: { title: "Who am I", description: "The person this agent acts for: name, role and organization in Gatehouse." } })
    .query(({ ctx: { actor } }) => ({
      membershipId: actor.membershipId,
      name: actor.name,
      role: actor.role,
      organization: { id: actor.orgId, name: actor.orgName },
      origin: actor.origin,
    })),
  list: procedureFor("member.read").query(({ ctx }) => listMembers(ctx.actor)),
  admins: memberProcedure
    .meta({
      agent: {
        title: "Who to ask for access",
        description:
          "The owners and admins of the organization: whom a person can ask for access to a connection, or to connect a shared account.",
      },
    })
    .query(({ ctx }) => listAdmins(ctx.actor)),
  changeRole: manageMembers
    .input(idInput.extend({ role: z.enum(["owner", "admin", "member"]) }))
    .mutation(({ ctx, input }) => changeRole(ctx.actor, input)),
  remove: manageMembers.input(idInput).mutation(({ ctx, input }) => removeMember(ctx.actor, input)),
  leave: memberProcedure.mutation(({ ctx }) => leaveOrganization(ctx.actor)),
});

export const invitationRouter = router({
  list: manageMembers.query(({ ctx }) => listInvitations(ctx.actor)),
  create: manageMembers.input(inviteInput).mutation(({ ctx, input }) => invite(ctx.actor, input)),
  renew: manageMembers.input(idInput).mutation(({ ctx, input }) => renewInvitation(ctx.actor, input)),
  revoke: manageMembers.input(idInput).mutation(({ ctx, input }) => revokeInvitation(ctx.actor, input)),
});

export const teamRouter = router({
  list: procedureFor("team.read").query(({ ctx }) => listTeams(ctx.actor)),
  create: manageTeams.input(createTeamInput).mutation(({ ctx, input }) => createTeam(ctx.actor, input)),
  rename: manageTeams.input(renameTeamInput).mutation(({ ctx, input }) => renameTeam(ctx.actor, input)),
  replaceMembers: manageTeams.input(teamMembersInput).mutation(({ ctx, input }) => replaceTeamMembers(ctx.actor, input)),
  remove: manageTeams.input(idInput).mutation(({ ctx, input }) => removeTeam(ctx.actor, input)),
});

export const organizationRouter = router({
  list: memberProcedure.query(({ ctx }) => listOrganizations(ctx.actor)),
  /** Whether this installation lets people make organizations of their own. */
  signUp: memberProcedure.query(() => ({ open: isSignUpOpen() })),
  read: procedureFor("organization.manage").query(({ ctx }) => readOrganization(ctx.actor)),
  create: memberProcedure.input(addOrganizationInput).mutation(({ ctx, input }) => addOrganization(ctx.actor, input)),
  switch: memberProcedure.input(idInput).mutation(({ ctx, input }) => switchOrganization(ctx.actor, input)),
  update: procedureFor("organization.manage")
    .input(z.object({ name: organizationName }))
    .mutation(({ ctx, input }) => updateOrganization(ctx.actor, input)),
});
