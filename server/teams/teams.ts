// Teams: named sets of memberships, for access lists.
import { z } from "zod";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, Prisma, transaction, type Tx } from "#server/db.ts";
import { badInput, DomainError, notFound } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";

const id = z.string().min(1).max(64);
const name = z.string().trim().min(1, "Give the team a name.").max(60, "The name is too long (60 characters at most).");
const membershipIds = z.array(id).max(5_000);

export const createTeamInput = z.object({ name, membershipIds: membershipIds.default([]) });
export const renameTeamInput = z.object({ id, name });
export const teamMembersInput = z.object({ id, membershipIds });

function nameTaken(cause: unknown): DomainError {
  const message = "Another team has this name already. Choose another one.";
  return new DomainError("CONFLICT", message, { issues: [{ path: "name", message }], cause });
}

/** A write whose only possible duplicate is the name. */
async function write<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
  try {
    return await transaction(work);
  } catch (error) {
    throw error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002" ? nameTaken(error) : error;
  }
}

/** The team under a lock that holds until `tx` ends: two replacements of its members take turns. */
async function lockTeam(tx: Tx, actor: Actor, teamId: string): Promise<{ id: string; name: string }> {
  await tx.$queryRaw`SELECT 1 FROM "Team" WHERE "id" = ${teamId} AND "orgId" = ${actor.orgId} FOR UPDATE`;
  const team = await tx.team.findFirst({ where: { id: teamId, orgId: actor.orgId }, select: { id: true, name: true } });
  if (!team) throw notFound("team");
  return team;
}

async function addMembers(tx: Tx, actor: Actor, teamId: string, wanted: readonly string[]): Promise<number> {
  const unique = [...new Set(wanted)];
  if ((await tx.membership.count({ where: { orgId: actor.orgId, id: { in: unique } } })) !== unique.length)
    throw badInput("membershipIds", "One of these people is not in the organization any more. Choose again.");
  await tx.teamMembership.createMany({ data: unique.map((membershipId) => ({ teamId, membershipId })) });
  return unique.length;
}

/** Every team of the organization, by name, with its size. */
export async function listTeams(actor: Actor) {
  const rows = await db.team.findMany({
    where: { orgId: actor.orgId },
    select: { id: true, name: true, createdAt: true, _count: { select: { members: true, grants: true } } },
    orderBy: { nameKey: "asc" },
  });
  return rows.map(({ _count, ...team }) => ({ ...team, members: _count.members, connections: _count.grants }));
}

/** Creates a team. Throws BAD_INPUT, CONFLICT (name). */
export async function createTeam(actor: Actor, input: z.output<typeof createTeamInput>): Promise<{ id: string }> {
  const team = await write(async (tx) => {
    const created = await tx.team.create({ data: { orgId: actor.orgId, name: input.name, nameKey: input.name.toLowerCase() } });
    const members = await addMembers(tx, actor, created.id, input.membershipIds);
    await record(tx, actor, { action: "team.created", target: { type: "team", id: created.id, name: created.name }, details: { members } });
    return created;
  });
  changed(actor.orgId);
  return { id: team.id };
}

/** Renames a team. Throws NOT_FOUND, CONFLICT (name). */
export async function renameTeam(actor: Actor, input: z.output<typeof renameTeamInput>): Promise<{ id: string }> {
  await write(async (tx) => {
    const team = await lockTeam(tx, actor, input.id);
    await tx.team.update({ where: { id: team.id }, data: { name: input.name, nameKey: input.name.toLowerCase() } });
    const target = { type: "team", id: team.id, name: input.name } as const;
    await record(tx, actor, { action: "team.renamed", target, details: { before: team.name } });
  });
  changed(actor.orgId);
  return { id: input.id };
}

/** Makes the members of a team exactly these. Throws NOT_FOUND, BAD_INPUT. */
export async function replaceTeamMembers(actor: Actor, input: z.output<typeof teamMembersInput>): Promise<{ members: number }> {
  const members = await write(async (tx) => {
    const team = await lockTeam(tx, actor, input.id);
    await tx.teamMembership.deleteMany({ where: { teamId: team.id } });
    const count = await addMembers(tx, actor, team.id, input.membershipIds);
    const target = { type: "team", id: team.id, name: team.name } as const;
    await record(tx, actor, { action: "team.members_replaced", target, details: { members: count } });
    return count;
  });
  changed(actor.orgId);
  return { members };
}

/** Deletes a team, and what was granted to it. Throws NOT_FOUND. Returns how many people and connections it touched. */
export async function removeTeam(actor: Actor, { id: teamId }: { id: string }): Promise<{ members: number; connections: number }> {
  const touched = await transaction(async (tx) => {
    const team = await lockTeam(tx, actor, teamId);
    const [members, granted] = [
      await tx.teamMembership.count({ where: { teamId } }),
      await tx.accessGrant.findMany({ where: { teamId }, select: { connectionId: true } }),
    ];
    // Their access lists change with it: an admin who edits one right now has to see that.
    const connectionIds = granted.map(({ connectionId }) => connectionId);
    await tx.connection.updateMany({ where: { orgId: actor.orgId, id: { in: connectionIds } }, data: { version: { increment: 1 } } });
    await tx.team.deleteMany({ where: { id: teamId, orgId: actor.orgId } });
    const details = { members, connections: granted.length };
    await record(tx, actor, { action: "team.removed", target: { type: "team", id: teamId, name: team.name }, details });
    return details;
  });
  changed(actor.orgId);
  return touched;
}
