// Connections with a service account (client_credentials): connected without anybody at a browser, renewed by asking again.
import { afterEach, expect, test } from "vitest";

import { connect } from "#server/connections/connect.ts";
import { beginAuthorization } from "#server/connections/begin-authorization.ts";
import { byId } from "#server/connections/by-id.ts";
import { create } from "#server/connections/create.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { createInput } from "#server/connections/schema.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { requireUsable } from "#server/grants/access.ts";
import { openTokens, tokenColumns } from "#server/oauth/token-set.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { targetOf } from "#server/upstream/target.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { type OAuthUpstream, startOAuthUpstream } from "#tests/fakes/oauth-upstream.ts";
import { useDatabase } from "#tests/setup/database.ts";

useDatabase();

const running: OAuthUpstream[] = [];

afterEach(async () => {
  await closeAllSessions();
  await Promise.all(running.splice(0).map((upstream) => upstream.close()));
});

const robot = {
  client_id: "ledger-robot",
  client_secret: "a secret of the robot",
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
  scope: "ledger:read ledger:write",
};
const access = { organization: true, membershipIds: [], teamIds: [] };
const shared = { name: "Ledger", authType: "oauth", credentialMode: "shared", access } as const;
const advanced = { grantType: "client_credentials" } as const;
const oauthClient = { clientId: robot.client_id, clientSecret: robot.client_secret };

async function world() {
  const upstream = await startOAuthUpstream({ clients: [robot] });
  running.push(upstream);
  const org = await createOrganization();
  const { actor: owner } = await createMember(org, { role: "owner", origin: "http://gatehouse.test" });
  const input = { ...shared, url: upstream.url, advanced, oauthClient };
  const grants = () => upstream.requests.filter(({ path }) => path === "/token").map(({ grantType, status }) => `${grantType} ${status}`);
  const callOn = async (connectionId: string) => {
    const target = targetOf(await requireUsable(owner, connectionId));
    return (await callTool(target, { name: "whoami", arguments: {} }, { caller: "somebody", signal: AbortSignal.timeout(10_000) }))
      .structuredContent;
  };
  return { upstream, owner, input, grants, callOn };
}

const asked = "client_credentials 200";

test("is connected when it is added, calls as its client, and is renewed on a 401 and ahead of the end, each time once", async () => {
  const { upstream, owner, input, grants, callOn } = await world();
  const { id, connected } = await create(owner, input);
  expect(connected).toBe(true);
  expect(await callOn(id)).toEqual({ account: robot.client_id });
  expect(grants()).toEqual([asked]);

  upstream.expireAccessTokens();
  expect(await Promise.all(Array.from({ length: 10 }, () => callOn(id)))).toEqual(Array(10).fill({ account: robot.client_id }));
  expect(grants()).toEqual([asked, asked]);

  const { id: credentialId, sealed } = await db.credential.findFirstOrThrow({ where: { connectionId: id } });
  const tokens = openTokens(id, "shared", sealed ?? "");
  expect(tokens.refreshToken).toBeNull();
  await db.credential.update({ where: { id: credentialId }, data: tokenColumns(id, "shared", tokens, -1) });
  changed(owner.orgId);
  expect(await callOn(id)).toEqual({ account: robot.client_id });
  expect(grants()).toEqual([asked, asked, asked]);
  expect((await byId(owner, { id })).endsAt).toBeNull();
});

test("a wrong secret creates nothing and says who acts; so does a missing one", async () => {
  const { owner, input } = await world();
  await expect(create(owner, { ...input, oauthClient: { ...oauthClient, clientSecret: "wrong" } })).rejects.toMatchObject({
    code: "UPSTREAM_FAILED",
    details: { failure: { phase: "token", actor: "organization_admin", seen: expect.stringContaining("client id and secret") } },
  });
  await expect(create(owner, { ...input, oauthClient: { clientId: robot.client_id } })).rejects.toMatchObject({
    code: "BAD_INPUT",
    details: { issues: [{ path: "oauthClient" }] },
  });
  expect(await db.connection.count({ where: { orgId: owner.orgId } })).toBe(0);
  const own = createInput.safeParse({ ...input, credentialMode: "per_member" });
  expect(own.error?.issues.map(({ path }) => path.join("."))).toEqual(["credentialMode"]);
});

test("is connected again without a browser, and a secret that ended at the provider is the admin's to mend", async () => {
  const { upstream, owner, input, callOn } = await world();
  const { id } = await create(owner, input);
  await expect(beginAuthorization(owner, { connectionId: id })).rejects.toMatchObject({ code: "BAD_INPUT" });
  await disconnect(owner, { id });
  expect(await connect(owner, { id })).toEqual({ tools: 4 });
  expect(await callOn(id)).toEqual({ account: robot.client_id });

  const { version } = await byId(owner, { id });
  await update(owner, { id, version, oauthClient: { ...oauthClient, clientSecret: "ended" } });
  upstream.expireAccessTokens();
  await expect(callOn(id)).rejects.toMatchObject({ message: expect.stringContaining("no longer accepts Gatehouse as its client") });
  expect(await db.credential.findFirstOrThrow({ where: { connectionId: id } })).toMatchObject({ status: "active" });
  await update(owner, { id, version: version + 1, oauthClient });
  expect(await callOn(id)).toEqual({ account: robot.client_id });
});

test("a secret is not sent to another token endpoint than the one it was entered for", async () => {
  const { owner, input } = await world();
  const { id } = await create(owner, input);
  const elsewhere = await startOAuthUpstream();
  running.push(elsewhere);
  const tokenEndpoint = `${elsewhere.issuer}/token`;
  const { version } = await byId(owner, { id });
  expect(await update(owner, { id, version, advanced: { ...advanced, tokenEndpoint } })).toMatchObject({ disconnected: true });
  await expect(connect(owner, { id })).rejects.toMatchObject({ code: "BAD_INPUT", details: { issues: [{ path: "oauthClient" }] } });
  expect(elsewhere.requests.filter(({ path }) => path === "/token")).toEqual([]);
});
