// One connection, one registered client, an account per person: two members at once through a real authorization server, and what happens to
// an account when its person goes.
import { beforeEach, expect, onTestFinished, test } from "vitest";

import { disconnect } from "#server/connections/disconnect.ts";
import { byId } from "#server/connections/by-id.ts";
import { create } from "#server/connections/create.ts";
import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { removeMember } from "#server/orgs/members.ts";
import { createMember, type Person } from "#prisma/factories.ts";
import { type OAuthUpstream, startOAuthUpstream } from "#tests/fakes/oauth-upstream.ts";
import { everyone, execute, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { goToProvider, parametersOf, signInAtProvider } from "#tests/setup/oauth.ts";

const world = useAgentWorld();
let provider: OAuthUpstream;
let connectionId: string;
let priya: Person;
let tomas: Person;

beforeEach(async () => {
  provider = await startOAuthUpstream();
  onTestFinished(() => provider.close());
  const org = { id: world.owner.actor.orgId, name: "Acme" };
  [priya, tomas] = [await createMember(org, { name: "Priya" }), await createMember(org, { name: "Tomás" })];
  const connection = await create(world.owner.actor, {
    name: "Ledger",
    url: provider.url,
    authType: "oauth",
    credentialMode: "per_member",
    access: everyone,
  });
  connectionId = connection.id;
});

async function signIn(person: Person, account: string): Promise<void> {
  provider.account = account;
  expect(await signInAtProvider(person.actor, connectionId)).toMatchObject({ state: "connected" });
}

const whoAmI = () => `mcp:${connectionId}:whoami`;

test("two members in parallel: each of 200 interleaved calls is seen upstream with the right account", async () => {
  await signIn(priya, "priya@ledger.example");
  await signIn(tomas, "tomas@ledger.example");
  expect(provider.count("Client")).toBe(1);
  const agents = [
    { client: await legacyClient(world, await tokenFor(priya.actor)), account: "priya@ledger.example" },
    { client: await legacyClient(world, await tokenFor(tomas.actor)), account: "tomas@ledger.example" },
  ];
  const before = provider.requests.length;
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, number) => {
      const agent = agents[number % 2];
      if (!agent) throw new Error("There are two agents.");
      // In the middle both tokens run out: the refreshes must not mix the people up either.
      if (number === 100) provider.expireAccessTokens();
      const { structuredContent } = await execute(agent.client, whoAmI());
      return { expected: agent.account, structuredContent };
    }),
  );
  for (const { expected, structuredContent } of answers) expect(structuredContent).toEqual({ account: expected });
  const calls = provider.requests.slice(before).filter(({ tool, status }) => tool === "whoami" && status === 200);
  expect(calls.filter(({ account }) => account === "priya@ledger.example")).toHaveLength(100);
  expect(calls.filter(({ account }) => account === "tomas@ledger.example")).toHaveLength(100);
});

test("whoever has not connected, an admin without an own account too, gets needs_connection and no other's account", async () => {
  await signIn(priya, "priya@ledger.example");
  for (const person of [tomas, world.owner]) {
    const client = await legacyClient(world, await tokenFor(person.actor));
    expect(await execute(client, whoAmI())).toMatchObject({ isError: true, structuredContent: { error: "needs_connection" } });
    expect((await search(client, "who am i ledger", { connection: "Ledger" })).matches).toEqual([]);
  }
  const detail = await byId(world.owner.actor, { id: connectionId });
  expect(detail.accounts).toMatchObject([{ membershipId: priya.membershipId, name: "Priya", status: "active" }]);
  expect(detail.connectedForMe).toBe(false);
});

test("an admin disconnects one account: the provider is told, the other one keeps working", async () => {
  await signIn(priya, "priya@ledger.example");
  await signIn(tomas, "tomas@ledger.example");
  const before = provider.count("RefreshToken");
  expect(await disconnect(world.owner.actor, { id: connectionId, membershipId: priya.membershipId })).toEqual({ accounts: 1 });
  expect(provider.count("RefreshToken")).toBe(before - 1);
  const [one, other] = [await legacyClient(world, await tokenFor(priya.actor)), await legacyClient(world, await tokenFor(tomas.actor))];
  expect(await execute(one, whoAmI())).toMatchObject({ structuredContent: { error: "needs_connection" } });
  expect(await execute(other, whoAmI())).toMatchObject({ structuredContent: { account: "tomas@ledger.example" } });
});

test("a member disconnects their own account and nobody else's", async () => {
  await signIn(priya, "priya@ledger.example");
  await signIn(tomas, "tomas@ledger.example");
  await expect(disconnect(priya.actor, { id: connectionId, membershipId: tomas.membershipId })).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
  await expect(disconnect(priya.actor, { id: connectionId })).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(await disconnect(priya.actor, { id: connectionId, membershipId: priya.membershipId })).toEqual({ accounts: 1 });
  expect(await db.credential.findMany({ select: { membershipId: true } })).toEqual([{ membershipId: tomas.membershipId }]);
});

test("removing a member cuts everything at once, at the provider too; coming back starts clean", async () => {
  await signIn(priya, "priya@ledger.example");
  const client = await legacyClient(world, await tokenFor(priya.actor));
  expect(await execute(client, whoAmI())).toMatchObject({ structuredContent: { account: "priya@ledger.example" } });
  await db.accessGrant.create({ data: { connectionId, membershipId: priya.membershipId, grantee: `membership:${priya.membershipId}` } });
  await db.session.create({
    data: { id: "priyas-session", userId: priya.actor.userId, orgId: priya.actor.orgId, expiresAt: new Date(Date.now() + 60_000) },
  });
  const atProvider = provider.requests.length;

  await removeMember(world.owner.actor, { id: priya.membershipId });
  await expect(execute(client, whoAmI())).rejects.toThrow(/401|unauthorized|unknown, expired or revoked/i);
  expect(provider.requests.slice(atProvider).map(({ path }) => path)).toEqual(["/token/revocation"]);
  expect(provider.count("RefreshToken")).toBe(0);
  const mine = { membershipId: priya.membershipId };
  expect([
    await db.credential.count({ where: mine }),
    await db.catalog.count({ where: mine }),
    await db.accessGrant.count({ where: mine }),
    await db.agentToken.count({ where: mine }),
    await db.oAuthAttempt.count({ where: mine }),
    await db.session.count({ where: { userId: priya.actor.userId } }),
  ]).toEqual([0, 0, 0, 0, 0, 0]);

  const again = await db.membership.create({ data: { orgId: priya.actor.orgId, userId: priya.actor.userId, role: "member" } });
  changed(priya.actor.orgId);
  const back = await legacyClient(world, await tokenFor({ ...priya.actor, membershipId: again.id }));
  expect(await execute(back, whoAmI())).toMatchObject({ structuredContent: { error: "needs_connection" } });
});

test("a member who is removed while at the provider connects nothing", async () => {
  const { callback } = await goToProvider(priya.actor, connectionId);
  await removeMember(world.owner.actor, { id: priya.membershipId });
  // The session is gone as well by now; the actor here is the worst case of a request that was already under way.
  expect(await finishAuthorization(priya.actor, parametersOf(callback))).toMatchObject({ state: "expired" });
  expect(await db.credential.count()).toBe(0);
});

test("a member who is removed between the provider's answer and our write connects nothing", async () => {
  const { callback } = await goToProvider(priya.actor, connectionId);
  let release: () => void = () => undefined;
  provider.tokenGate = new Promise((resolve) => (release = resolve));
  const finishing = finishAuthorization(priya.actor, parametersOf(callback));
  await expect.poll(() => provider.requests.some(({ path }) => path === "/token")).toBe(true);
  await removeMember(world.owner.actor, { id: priya.membershipId });
  release();
  expect(await finishing).toMatchObject({ state: "failed" });
  expect(await db.credential.count()).toBe(0);
});
