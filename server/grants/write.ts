// Writing grants: the one way rows of AccessGrant come to be, for a new connection and for a replaced list.
import type { Prisma, Tx } from "#server/db.ts";
import { badInput } from "#server/errors.ts";

export interface Access {
  organization: boolean;
  membershipIds: readonly string[];
  teamIds: readonly string[];
}

/** The grant rows of an access list. Throws BAD_INPUT when a membership or team is not of this organization. */
async function rowsOf(tx: Tx, orgId: string, connectionId: string, access: Access): Promise<Prisma.AccessGrantCreateManyInput[]> {
  const membershipIds = [...new Set(access.membershipIds)];
  const teamIds = [...new Set(access.teamIds)];
  const [memberships, teams] = [
    membershipIds.length > 0 ? await tx.membership.count({ where: { orgId, id: { in: membershipIds } } }) : 0,
    teamIds.length > 0 ? await tx.team.count({ where: { orgId, id: { in: teamIds } } }) : 0,
  ];
  if (memberships !== membershipIds.length)
    throw badInput("access.membershipIds", "One of these people is not in the organization any more. Choose again.");
  if (teams !== teamIds.length) throw badInput("access.teamIds", "One of these teams does not exist any more. Choose again.");
  return [
    ...(access.organization ? [{ connectionId, grantee: "organization" }] : []),
    ...membershipIds.map((membershipId) => ({ connectionId, membershipId, grantee: granteeOf(membershipId) })),
    ...teamIds.map((teamId) => ({ connectionId, teamId, grantee: `team:${teamId}` })),
  ];
}

const granteeOf = (membershipId: string) => `membership:${membershipId}`;

/** Adds one person to the access lists of connections of the organization, inside `tx`. */
export async function grantTo(tx: Tx, orgId: string, membershipId: string, connectionIds: readonly string[]): Promise<void> {
  const data = connectionIds.map((connectionId) => ({ connectionId, membershipId, grantee: granteeOf(membershipId) }));
  await tx.accessGrant.createMany({ data, skipDuplicates: true });
  // The access lists changed: an admin who edits one right now has to see that.
  await tx.connection.updateMany({ where: { orgId, id: { in: [...connectionIds] } }, data: { version: { increment: 1 } } });
}

/** Makes the access list of a connection exactly `access`, inside `tx`. Throws BAD_INPUT as `rowsOf`. */
export async function writeGrants(tx: Tx, orgId: string, connectionId: string, access: Access): Promise<void> {
  const data = await rowsOf(tx, orgId, connectionId, access);
  await tx.accessGrant.deleteMany({ where: { connectionId, connection: { orgId } } });
  if (data.length > 0) await tx.accessGrant.createMany({ data });
}
