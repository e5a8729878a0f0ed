// Members, invitations, teams and requests: what the rules promise, and what bad input gets.
import { beforeEach, expect, test } from "vitest";

import { authenticate } from "#server/auth/authenticate.ts";
import { signIn } from "#server/auth/sign-in.ts";
import { startSession } from "#server/auth/sessions.ts";
import { db, transaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import { changed } from "#server/freshness.ts";
import { usableConnections } from "#server/grants/access.ts";
import { explain } from "#server/grants/explain.ts";
import { answerRequest, listRequests, requestAccess } from "#server/grants/requests.ts";
import { replace } from "#server/grants/replace.ts";
import { invite, listInvitations, renewInvitation, revokeInvitation } from "#server/orgs/invite.ts";
import { acceptInvitation, readInvitation } from "#server/orgs/join.ts";
import { changeRole, leaveOrganization, removeMember } from "#server/orgs/members.ts";
import { listOrganizations, switchOrganization } from "#server/orgs/organizations.ts";
import { addOrganization, signUp } from "#server/orgs/sign-up.ts";
import { createCaller } from "#server/trpc/root.ts";
import { createTeam, listTeams, removeTeam, renameTeam, replaceTeamMembers } from "#server/teams/teams.ts";
import { createMember, createOrganization, createTeam as makeTeam, type Person } from "#prisma/factories.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();

const password = "correct horse battery";
let addresses = 0;
/** A browser at an address of its own: the brakes count by address. */
function visit() {
  addresses += 1;
  return { origin: "http://gatehouse.test", address: `203.0.113.${addresses % 250}-${addresses}`, requestId: "people" };
}

let org: { id: string; name: string };
let owner: Person;
let admin: Person;
let member: Person;

beforeEach(async () => {
  await resetDatabase();
  org = await createOrganization("Acme");
  owner = await createMember(org, { role: "owner", name: "Olga" });
  admin = await createMember(org, { role: "admin", name: "Adam" });
  member = await createMember(org, { name: "Mia" });
});

const tokenOf = (link: string) => link.split("/join/")[1] ?? "";
const nothing = { teamIds: [], connectionIds: [] };

async function actorOf(setCookie: string | null) {
  const cookie = setCookie?.split(";")[0] ?? "";
  return (await authenticate({ headers: { cookie }, origin: "http://gatehouse.test", requestId: "people" })).actor;
}

async function connectionNamed(id: string) {
  return db.connection.create({
    data: { id, orgId: org.id, name: id, nameKey: id, url: "https://mcp.example.com/", authType: "none", credentialMode: "shared" },
  });
}

async function sessionOf({ actor }: Person) {
  const setCookie = await transaction((tx) => startSession(tx, { userId: actor.userId, orgId: actor.orgId }, actor.origin));
  const found = await actorOf(setCookie);
  if (!found) throw new Error("The session was not found.");
  return { actor: found, setCookie };
}

test("an invitation gives its role, teams and connections to somebody new, once", async () => {
  const team = await makeTeam(org, "Support");
  const connection = await connectionNamed("books0000001");
  const made = await invite(admin.actor, { email: "nina@example.com", role: "member", teamIds: [team.id], connectionIds: [connection.id] });
  expect(made).toMatchObject({ mail: "off", link: expect.stringContaining("http://gatehouse.test/join/") });
  const token = tokenOf(made.link);
  // The token is kept as a hash alone.
  expect(JSON.stringify(await db.invitation.findMany())).not.toContain(token);
  expect(await readInvitation(visit(), null, token)).toEqual({
    organization: "Acme",
    email: "nina@example.com",
    role: "member",
    invitedBy: "Adam",
    hasAccount: false,
    visitor: "nobody",
  });
  await expect(acceptInvitation(visit(), null, token, { name: "Nina", password: "short" })).rejects.toMatchObject({
    code: "BAD_INPUT",
    details: { issues: [{ path: "password" }] },
  });
  const { setCookie } = await acceptInvitation(visit(), null, token, { name: "Nina", password });
  const nina = await actorOf(setCookie);
  expect(nina).toMatchObject({ orgId: org.id, role: "member", name: "Nina" });
  expect((await usableConnections({ orgId: org.id, membershipId: nina?.membershipId ?? "" })).map(({ id }) => id)).toEqual([connection.id]);
  expect(await db.teamMembership.count({ where: { teamId: team.id, membershipId: nina?.membershipId ?? "" } })).toBe(1);

  await expect(readInvitation(visit(), null, token)).rejects.toMatchObject({ code: "EXPIRED" });
  await expect(acceptInvitation(visit(), null, token, { name: "Again", password })).rejects.toMatchObject({ code: "EXPIRED" });
  expect(await signIn(visit(), { email: "nina@example.com", password })).toHaveProperty("setCookie");
});

test("the same link pressed twice at once: one membership, the other press is told", async () => {
  const token = tokenOf((await invite(admin.actor, { email: "nina@example.com", role: "member", ...nothing })).link);
  const presses = await Promise.allSettled([1, 2, 3].map(() => acceptInvitation(visit(), null, token, { name: "Nina", password })));
  expect(presses.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const press of presses) if (press.status === "rejected") expect(press.reason).toMatchObject({ code: "EXPIRED" });
  expect(await db.membership.count({ where: { user: { email: "nina@example.com" } } })).toBe(1);
});

test("expired, replaced, taken-back and invented links are all over, and nothing is written", async () => {
  const first = await invite(admin.actor, { email: "a@example.com", role: "member", ...nothing });
  await db.invitation.update({ where: { id: first.id }, data: { expiresAt: new Date(Date.now() - 1) } });
  const second = await invite(admin.actor, { email: "b@example.com", role: "member", ...nothing });
  const renewed = await renewInvitation(admin.actor, { id: second.id });
  const third = await invite(admin.actor, { email: "c@example.com", role: "member", ...nothing });
  await revokeInvitation(admin.actor, { id: third.id });
  const users = await db.user.count();
  for (const token of [tokenOf(first.link), tokenOf(second.link), tokenOf(third.link), "invented"]) {
    await expect(acceptInvitation(visit(), null, token, { name: "X", password })).rejects.toMatchObject({ code: "EXPIRED" });
  }
  expect(await db.user.count()).toBe(users);
  expect(await acceptInvitation(visit(), null, tokenOf(renewed.link), { name: "B", password })).toHaveProperty("setCookie");
  // An expired invitation does not stand in the way of a new one.
  expect(await invite(admin.actor, { email: "a@example.com", role: "member", ...nothing })).toHaveProperty("link");
  expect((await listInvitations(admin.actor)).map(({ email, expired }) => ({ email, expired }))).toEqual([
    { email: "a@example.com", expired: false },
  ]);
});

test("an address invited twice, a member, a foreign team, an owner by an admin: refused by name", async () => {
  await invite(admin.actor, { email: "nina@example.com", role: "member", ...nothing });
  await expect(invite(owner.actor, { email: "nina@example.com", role: "admin", ...nothing })).rejects.toMatchObject({
    code: "CONFLICT",
    details: { issues: [{ path: "email" }] },
  });
  await expect(invite(owner.actor, { email: member.email, role: "member", ...nothing })).rejects.toMatchObject({ code: "CONFLICT" });
  const elsewhere = await createOrganization("Elsewhere");
  const foreign = await makeTeam(elsewhere, "Theirs");
  await expect(invite(owner.actor, { email: "x@example.com", role: "member", ...nothing, teamIds: [foreign.id] })).rejects.toMatchObject({
    code: "BAD_INPUT",
    details: { issues: [{ path: "teamIds" }] },
  });
  await expect(invite(admin.actor, { email: "x@example.com", role: "owner", ...nothing })).rejects.toMatchObject({ code: "FORBIDDEN" });
  const ofOwner = await invite(owner.actor, { email: "x@example.com", role: "owner", ...nothing });
  await expect(renewInvitation(admin.actor, { id: ofOwner.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
});

test("an existing account joins with its password, or with the session it has; a foreign session is told whose link it is", async () => {
  const elsewhere = await createOrganization("Elsewhere");
  const nina = await createMember(elsewhere, { name: "Nina", email: "nina@example.com", password });
  const token = tokenOf((await invite(admin.actor, { email: "nina@example.com", role: "admin", ...nothing })).link);

  const foreign = await sessionOf(member);
  expect(await readInvitation(visit(), foreign.actor, token)).toMatchObject({ hasAccount: true, visitor: "other" });
  await expect(acceptInvitation(visit(), foreign.actor, token, { password })).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(acceptInvitation(visit(), null, token, { password: "wrong password" })).rejects.toMatchObject({
    code: "BAD_INPUT",
    details: { issues: [{ path: "password" }] },
  });

  const own = await sessionOf(nina);
  expect(await acceptInvitation(visit(), own.actor, token, {})).toEqual({ setCookie: null });
  // The browser is in the new organization now, and can go back.
  const here = await actorOf(own.setCookie);
  expect(here).toMatchObject({ orgId: org.id, role: "admin" });
  if (!here) return;
  expect((await listOrganizations(here)).map(({ name, current }) => ({ name, current }))).toEqual([
    { name: "Acme", current: true },
    { name: "Elsewhere", current: false },
  ]);
  await switchOrganization(here, { id: elsewhere.id });
  expect(await actorOf(own.setCookie)).toMatchObject({ orgId: elsewhere.id, role: "member" });
  await expect(switchOrganization(here, { id: (await createOrganization("Third")).id })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("roles: only owners make and change owners, and the last owner stays, also when two of them go at once", async () => {
  await expect(changeRole(admin.actor, { id: member.membershipId, role: "owner" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(changeRole(admin.actor, { id: owner.membershipId, role: "member" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(removeMember(admin.actor, { id: owner.membershipId })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(changeRole(owner.actor, { id: owner.membershipId, role: "member" })).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(leaveOrganization(owner.actor)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(removeMember(owner.actor, { id: owner.membershipId })).rejects.toMatchObject({ code: "CONFLICT" });

  await changeRole(owner.actor, { id: admin.membershipId, role: "owner" });
  const second = { ...admin.actor, role: "owner" as const };
  const goings = await Promise.allSettled([leaveOrganization(owner.actor), leaveOrganization(second)]);
  expect(goings.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await db.membership.count({ where: { orgId: org.id, role: "owner" } })).toBe(1);
});

test("a link made by somebody who is no admin any more is no way back", async () => {
  const [first, second] = [
    tokenOf((await invite(admin.actor, { email: "again@example.com", role: "admin", ...nothing })).link),
    tokenOf((await invite(owner.actor, { email: "other@example.com", role: "admin", ...nothing })).link),
  ];
  await changeRole(owner.actor, { id: admin.membershipId, role: "member" });
  await expect(acceptInvitation(visit(), null, first, { name: "Again", password })).rejects.toMatchObject({ code: "EXPIRED" });
  await changeRole(owner.actor, { id: admin.membershipId, role: "admin" });
  const third = tokenOf((await invite(admin.actor, { email: "again@example.com", role: "admin", ...nothing })).link);
  await removeMember(owner.actor, { id: admin.membershipId });
  await expect(acceptInvitation(visit(), null, third, { name: "Again", password })).rejects.toMatchObject({ code: "EXPIRED" });
  expect(await acceptInvitation(visit(), null, second, { name: "Other", password })).toHaveProperty("setCookie");
});

test("nobody's mailbox is flooded: an address is invited and reminded five times an hour", async () => {
  const { id } = await invite(owner.actor, { email: "flooded@example.com", role: "member", ...nothing });
  for (let times = 0; times < 4; times += 1) await renewInvitation(owner.actor, { id });
  await expect(renewInvitation(owner.actor, { id })).rejects.toMatchObject({ code: "RATE_LIMITED" });
});

test("text that no database can keep is refused by name, and spoils nothing", async () => {
  await expect(signIn(visit(), { email: "a\u0000b@example.com", password })).rejects.toMatchObject({ code: "BAD_INPUT" });
  const caller = createCaller({ actor: admin.actor, requestId: "people" });
  await expect(caller.team.create({ name: "Sup\u0000port" })).rejects.toMatchObject({ code: "BAD_REQUEST" });
  await expect(caller.team.create({ name: "half \ud800" })).rejects.toMatchObject({ code: "BAD_REQUEST" });
  // What only looks like it is text.
  expect(await caller.team.create({ name: "back\\u0000slash" })).toHaveProperty("id");
});

test("whoever was removed from their only organization is told so at sign-in, and their session is over", async () => {
  const nina = await createMember(org, { name: "Nina", email: "nina@example.com", password });
  const { setCookie } = await sessionOf(nina);
  await removeMember(admin.actor, { id: nina.membershipId });
  expect(await actorOf(setCookie)).toBeNull();
  await expect(signIn(visit(), { email: "nina@example.com", password })).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(signIn(visit(), { email: "nina@example.com", password: "wrong password" })).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
  });
});

test("teams: names are unique whatever their case, members are replaced whole, deleting one takes its access", async () => {
  const { id } = await createTeam(admin.actor, { name: "Support", membershipIds: [member.membershipId] });
  await expect(createTeam(admin.actor, { name: "SUPPORT", membershipIds: [] })).rejects.toMatchObject({ code: "CONFLICT" });
  const other = await createTeam(admin.actor, { name: "Sales", membershipIds: [] });
  await expect(renameTeam(admin.actor, { id: other.id, name: "support" })).rejects.toMatchObject({ code: "CONFLICT" });
  const connection = await connectionNamed("books0000001");
  await replace(admin.actor, {
    connectionId: connection.id,
    version: 1,
    access: { organization: false, membershipIds: [], teamIds: [id] },
  });
  const usable = async (person: Person) => (await usableConnections(person.actor)).length;
  expect([await usable(member), await usable(admin)]).toEqual([1, 0]);
  await replaceTeamMembers(admin.actor, { id, membershipIds: [admin.membershipId] });
  expect([await usable(member), await usable(admin)]).toEqual([0, 1]);
  const stranger = await createMember(await createOrganization("Elsewhere"));
  await expect(replaceTeamMembers(admin.actor, { id, membershipIds: [stranger.membershipId] })).rejects.toMatchObject({
    code: "BAD_INPUT",
  });
  expect((await listTeams(admin.actor)).map(({ name, members }) => ({ name, members }))).toEqual([
    { name: "Sales", members: 0 },
    { name: "Support", members: 1 },
  ]);
  expect(await removeTeam(admin.actor, { id })).toEqual({ members: 1, connections: 1 });
  expect(await usable(admin)).toBe(0);
  // Whoever was editing the access list meanwhile is told.
  await expect(
    replace(admin.actor, { connectionId: connection.id, version: 2, access: { organization: true, membershipIds: [], teamIds: [] } }),
  ).rejects.toMatchObject({ code: "CONFLICT" });
});

test("asking for access: seen only where it is offered, answered with one click, gone after the answer", async () => {
  const connection = await connectionNamed("books0000001");
  await expect(requestAccess(member.actor, { connectionId: connection.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await db.connection.update({ where: { id: connection.id }, data: { requestable: true } });
  await requestAccess(member.actor, { connectionId: connection.id });
  await requestAccess(member.actor, { connectionId: connection.id });
  const [request] = await listRequests(admin.actor);
  expect(request).toMatchObject({ connection: { id: connection.id }, member: { name: "Mia" } });
  await answerRequest(admin.actor, { id: request?.id ?? "", approve: true });
  expect((await usableConnections(member.actor)).map(({ id }) => id)).toEqual([connection.id]);
  expect(await listRequests(admin.actor)).toEqual([]);
  await expect(answerRequest(admin.actor, { id: request?.id ?? "", approve: false })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("why somebody can or cannot use a connection, step by step", async () => {
  const connection = await connectionNamed("books0000001");
  const ask = () => explain(admin.actor, { connectionId: connection.id, membershipId: member.membershipId });
  expect(await ask()).toMatchObject({
    canUse: false,
    steps: [
      { question: "grant", ok: false },
      { question: "switch", ok: true },
    ],
  });
  const team = await createTeam(admin.actor, { name: "Support", membershipIds: [member.membershipId] });
  await replace(admin.actor, {
    connectionId: connection.id,
    version: 1,
    access: { organization: false, membershipIds: [], teamIds: [team.id] },
  });
  expect(await ask()).toMatchObject({
    canUse: false,
    steps: [
      { question: "grant", ok: true, answer: "Access is granted to the team Support." },
      { question: "switch", ok: true },
      { question: "account", ok: false },
    ],
  });
  await db.credential.create({ data: { connectionId: connection.id, holder: "shared" } });
  changed(org.id);
  expect(await ask()).toMatchObject({ canUse: true, steps: [{}, {}, { question: "account", ok: true }, { question: "server", ok: true }] });
  try {
    env.CONNECTIONS_GATING = true;
    changed(org.id);
    expect(await ask()).toMatchObject({
      canUse: false,
      steps: [
        { question: "rollout", ok: false },
        { question: "grant", ok: true },
        { question: "switch", ok: true },
      ],
    });
  } finally {
    env.CONNECTIONS_GATING = false;
    changed(org.id);
  }
});

test("sign-up is closed by default; open, it makes an account with an organization, or adds one to an account that proves itself", async () => {
  const input = { organization: "New & Co", name: "Nina", email: "nina@example.com", password };
  await expect(signUp(visit(), input)).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(addOrganization(member.actor, { name: "Mine" })).rejects.toMatchObject({ code: "FORBIDDEN" });
  try {
    env.SIGNUP = "open";
    const nina = await actorOf((await signUp(visit(), input)).setCookie);
    expect(nina).toMatchObject({ role: "owner", orgName: "New & Co" });
    await expect(signUp(visit(), { ...input, password: "another password" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const again = await actorOf((await signUp(visit(), input)).setCookie);
    expect(again?.userId).toBe(nina?.userId);
    expect(await db.organization.findMany({ where: { name: "New & Co" }, select: { slug: true }, orderBy: { slug: "asc" } })).toEqual([
      { slug: "new-co" },
      { slug: "new-co-2" },
    ]);
  } finally {
    env.SIGNUP = "invite";
  }
});

test("every change of people leaves its audit row", async () => {
  const { id } = await createTeam(admin.actor, { name: "Support", membershipIds: [] });
  await renameTeam(admin.actor, { id, name: "Help" });
  await replaceTeamMembers(admin.actor, { id, membershipIds: [member.membershipId] });
  await removeTeam(admin.actor, { id });
  const made = await invite(admin.actor, { email: "trail@example.com", role: "member", ...nothing });
  const renewed = await renewInvitation(admin.actor, { id: made.id });
  await acceptInvitation(visit(), null, tokenOf(renewed.link), { name: "Nina", password });
  await changeRole(owner.actor, { id: member.membershipId, role: "admin" });
  await removeMember(owner.actor, { id: admin.membershipId });
  await leaveOrganization({ ...member.actor, role: "admin" });
  const rows = await db.auditEvent.findMany({ where: { orgId: org.id }, orderBy: { id: "asc" }, select: { action: true, outcome: true } });
  expect(rows.map(({ action }) => action)).toEqual([
    "team.created",
    "team.renamed",
    "team.members_replaced",
    "team.removed",
    "invitation.created",
    "invitation.renewed",
    "member.joined",
    "member.role_changed",
    "member.removed",
    "member.left",
  ]);
});
