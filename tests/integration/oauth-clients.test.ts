// The client behind a sign-in: forgotten by the provider, run out, or with a new secret, without asking people more than needed.
import { afterEach, expect, test } from "vitest";

import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { requireUsable } from "#server/grants/access.ts";
import { links } from "#server/origin.ts";
import { clientColumns, storedClient } from "#server/oauth/registration.ts";
import { openTokens, tokenColumns } from "#server/oauth/token-set.ts";
import { accessToken } from "#server/oauth/tokens.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { targetOf } from "#server/upstream/target.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { connectedWorld, type ConnectedOptions, signInAtProvider } from "#tests/setup/oauth.ts";

useDatabase();

const running: { close: () => Promise<void> }[] = [];

afterEach(async () => {
  await closeAllSessions();
  await Promise.all(running.splice(0).map((upstream) => upstream.close()));
});

async function connected(options: ConnectedOptions) {
  const world = await connectedWorld(options);
  running.push(world.upstream);
  const { owner, connectionId } = world;
  const call = async () => {
    const usable = await requireUsable(owner, connectionId);
    return callTool(targetOf(usable), { name: "whoami", arguments: {} }, { caller: "somebody", signal: AbortSignal.timeout(15_000) });
  };
  return { ...world, call, registrations: () => world.upstream.requests.filter(({ path }) => path === "/reg").length };
}

test("a registration the provider forgot is made anew by the refresh, and the next sign-in uses it", async () => {
  const { shared, owner, connectionId, upstream, row, call, registrations } = await connected({ endsIn: -1 });
  const before = await storedClient(connectionId, upstream.issuer);
  upstream.forgetClients();
  await expect(call()).rejects.toMatchObject({ reason: "unauthorized" });
  const after = await storedClient(connectionId, upstream.issuer);
  expect(after?.information.client_id).not.toBe(before?.information.client_id);
  expect(await db.auditEvent.count({ where: { orgId: shared.orgId, action: "connection.registered" } })).toBe(1);
  // Refresh tokens belong to their client, so this provider said invalid_grant to the new one.
  expect(await row()).toMatchObject({ status: "rejected" });

  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  expect((await storedClient(connectionId, upstream.issuer))?.information.client_id).toBe(after?.information.client_id);
  expect(registrations()).toBe(2);
  expect((await call()).structuredContent).toEqual({ account: "bookkeeping@harborpine.example" });
});

test("a registration whose secret has ended is made anew before the next sign-in", async () => {
  const { owner, connectionId, upstream, registrations } = await connected({});
  const stored = await storedClient(connectionId, upstream.issuer);
  if (!stored) throw new Error("Nothing was registered.");
  const ended = { ...stored.information, client_secret: "short-lived", client_secret_expires_at: Math.floor(Date.now() / 1000) - 1 };
  await db.oAuthClient.updateMany({ where: { connectionId }, data: clientColumns(connectionId, upstream.issuer, "dcr", ended) });
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  expect(registrations()).toBe(2);
  expect((await storedClient(connectionId, upstream.issuer))?.information).not.toHaveProperty("client_secret", "short-lived");
});

test("a refused secret of an admin's client is the admin's to mend, and the new one serves the sign-ins there are", async () => {
  const [clientId, clientSecret] = ["of-the-admin", "the secret the provider knows"];
  const client = { client_id: clientId, client_secret: clientSecret, token_endpoint_auth_method: "client_secret_basic" };
  const clients = [
    {
      ...client,
      application_type: "web",
      redirect_uris: [links.oauthCallback("http://gatehouse.test")],
      grant_types: ["authorization_code", "refresh_token"],
      scope: "ledger:read ledger:write offline_access",
    },
  ];
  const input = { oauthClient: { clientId, clientSecret } };
  const { shared, owner, connectionId, upstream, row, call, refreshes } = await connected({ endsIn: -1, clients, dcr: false, input });
  // As if the secret had been another one until now.
  const old = { ...client, client_secret: "ended" };
  const tokens = { ...openTokens(connectionId, "shared", (await row()).sealed ?? ""), client: old };
  await db.credential.updateMany({ where: { connectionId }, data: tokenColumns(connectionId, "shared", tokens, -1) });
  const stored = clientColumns(connectionId, upstream.issuer, "preregistered", old);
  await db.oAuthClient.updateMany({ where: { connectionId }, data: stored });
  changed(shared.orgId);

  await expect(accessToken(shared)).rejects.toMatchObject({
    code: "UPSTREAM_FAILED",
    details: { failure: { phase: "token", actor: "organization_admin" } },
  });
  expect(await row()).toMatchObject({ status: "active", refreshUntil: null });

  const { version } = await db.connection.findUniqueOrThrow({ where: { id: connectionId } });
  expect(await update(owner, { id: connectionId, version, ...input })).toMatchObject({ disconnected: false });
  expect((await call()).structuredContent).toEqual({ account: "bookkeeping@harborpine.example" });
  expect(refreshes()).toBe(1);
});
