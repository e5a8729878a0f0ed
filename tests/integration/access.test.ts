// The one access rule: who may use a connection, seen from list, and what its state is for them.
import { expect, test } from "vitest";

import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { requireUsable, usableConnections } from "#server/grants/access.ts";
import { replace } from "#server/grants/replace.ts";
import { createMember, createOrganization, createTeam } from "#prisma/factories.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();

async function connectionIn(orgId: string, id: string, credentialMode: "shared" | "per_member" = "shared") {
  return db.connection.create({
    data: { id, orgId, name: id, nameKey: id, url: "https://mcp.example.com/mcp", authType: "api_key", credentialMode },
  });
}

async function world() {
  await resetDatabase();
  const org = await createOrganization();
  const [owner, member, other] = [await createMember(org, { role: "owner" }), await createMember(org), await createMember(org)];
  const stranger = await createMember(await createOrganization(), { role: "owner" });
  const connection = await connectionIn(org.id, "notion000001");
  return { org, owner, member, other, stranger, connection };
}

const nobody = { organization: false, membershipIds: [], teamIds: [] };

test("zero grants is nobody, the owner included", async () => {
  const { owner, member, connection } = await world();
  expect(await usableConnections(owner.actor)).toEqual([]);
  expect(await usableConnections(member.actor)).toEqual([]);
  await expect(requireUsable(owner.actor, connection.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a grant to a member, a team or the organization opens it to exactly those, at once", async () => {
  const { org, owner, member, other, stranger, connection } = await world();
  const team = await createTeam(org, "Support", [other.membershipId]);
  const names = async (person: typeof member) => (await usableConnections(person.actor)).map(({ id }) => id);

  await replace(owner.actor, { connectionId: connection.id, version: 1, access: { ...nobody, membershipIds: [member.membershipId] } });
  expect([await names(member), await names(other), await names(owner), await names(stranger)]).toEqual([[connection.id], [], [], []]);
  await replace(owner.actor, { connectionId: connection.id, version: 2, access: { ...nobody, teamIds: [team.id] } });
  expect([await names(member), await names(other), await names(owner), await names(stranger)]).toEqual([[], [connection.id], [], []]);
  await replace(owner.actor, { connectionId: connection.id, version: 3, access: { ...nobody, organization: true } });
  expect([await names(member), await names(other), await names(owner), await names(stranger)]).toEqual([
    [connection.id],
    [connection.id],
    [connection.id],
    [],
  ]);
  await replace(owner.actor, { connectionId: connection.id, version: 4, access: nobody });
  expect([await names(member), await names(other), await names(owner), await names(stranger)]).toEqual([[], [], [], []]);
});

test("two admins editing the same access list: the second is told, nothing is lost", async () => {
  const { owner, member, connection } = await world();
  await replace(owner.actor, { connectionId: connection.id, version: 1, access: { ...nobody, organization: true } });
  await expect(
    replace(owner.actor, { connectionId: connection.id, version: 1, access: { ...nobody, membershipIds: [member.membershipId] } }),
  ).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await db.accessGrant.findMany({ select: { grantee: true } })).toEqual([{ grantee: "organization" }]);
});

test("people and teams of another organization cannot be granted, and another organization's connection does not exist", async () => {
  const { owner, stranger, connection } = await world();
  const foreignTeam = await createTeam({ id: stranger.actor.orgId }, "Theirs");
  const grant = (access: Partial<typeof nobody>) =>
    replace(owner.actor, { connectionId: connection.id, version: 1, access: { ...nobody, ...access } });
  await expect(
    replace(owner.actor, { connectionId: connection.id, version: 1, access: { ...nobody, membershipIds: [stranger.membershipId] } }),
  ).rejects.toMatchObject({ code: "BAD_INPUT", details: { issues: [{ path: "access.membershipIds" }] } });
  await expect(
    replace(owner.actor, { connectionId: connection.id, version: 1, access: { ...nobody, teamIds: [foreignTeam.id] } }),
  ).rejects.toMatchObject({ code: "BAD_INPUT", details: { issues: [{ path: "access.teamIds" }] } });
  await expect(replace(stranger.actor, { connectionId: connection.id, version: 1, access: nobody })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  // Nothing of the refused edits was kept, not even the version.
  await grant({ organization: true });
});

test("a member with a per-member connection never sees another member's credential or catalog", async () => {
  const { org, owner, member, other } = await world();
  const connection = await connectionIn(org.id, "linear000001", "per_member");
  await replace(owner.actor, { connectionId: connection.id, version: 1, access: { ...nobody, organization: true } });
  await db.credential.create({
    data: { connectionId: connection.id, holder: other.membershipId, membershipId: other.membershipId, sealed: "x" },
  });
  // A shared row is left over from a former mode: it is nobody's.
  await db.credential.create({ data: { connectionId: connection.id, holder: "shared", sealed: "y" } });
  changed(org.id);
  expect((await requireUsable(other.actor, connection.id)).state.name).toBe("ready");
  const mine = await requireUsable(member.actor, connection.id);
  expect(mine).toMatchObject({ credential: null, state: { name: "needs_connection", actor: "member" } });
});
