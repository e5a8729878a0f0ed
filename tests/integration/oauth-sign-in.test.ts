// Signing in at a provider, the whole way, against a real authorization server: registration, redirect, callback, tokens, tools.
import { afterEach, expect, test } from "vitest";

import { attemptStatus } from "#server/connections/attempt-status.ts";
import { beginAuthorization } from "#server/connections/begin-authorization.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { requireUsable } from "#server/grants/access.ts";
import { clientMetadata } from "#server/oauth/client-metadata.ts";
import { accessToken } from "#server/oauth/tokens.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { targetOf } from "#server/upstream/target.ts";
import { type OAuthUpstream, startOAuthUpstream, type UpstreamOptions } from "#tests/fakes/oauth-upstream.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { goToProvider, oauthWorld, parametersOf, signInAtProvider } from "#tests/setup/oauth.ts";

useDatabase();

const running: OAuthUpstream[] = [];

async function upstreamWith(options: UpstreamOptions = {}): Promise<OAuthUpstream> {
  const upstream = await startOAuthUpstream(options);
  running.push(upstream);
  return upstream;
}

afterEach(async () => {
  await closeAllSessions();
  await Promise.all(running.splice(0).map((upstream) => upstream.close()));
});

async function whoAmI(caller: { orgId: string; membershipId: string }, connectionId: string): Promise<unknown> {
  const usable = await requireUsable(caller, connectionId);
  const result = await callTool(
    targetOf(usable),
    { name: "whoami", arguments: {} },
    { caller: "somebody", signal: AbortSignal.timeout(10_000) },
  );
  return result.structuredContent;
}

async function tokenOf(connectionId: string): Promise<string> {
  const { id, revision, holder, connection } = await db.credential.findFirstOrThrow({
    where: { connectionId },
    include: { connection: true },
  });
  return accessToken({ orgId: connection.orgId, connectionId, holder, url: connection.url, credential: { id, revision } });
}

const requestsTo = (upstream: OAuthUpstream, path: string) =>
  upstream.requests.filter((request) => request.path === path && request.method === "POST");

test("with dynamic registration: begin, sign in, come back, and the tools can be called as that account", async () => {
  const upstream = await upstreamWith({ account: "bookkeeping@harborpine.example" });
  const { owner, member, connectionId } = await oauthWorld(upstream.url);
  expect((await requireUsable(member, connectionId)).state.name).toBe("needs_connection");

  const { attemptId, authorizationUrl, callback } = await goToProvider(owner, connectionId);
  const asked = new URL(authorizationUrl).searchParams;
  expect(asked.get("resource")).toBe(upstream.url);
  expect(asked.get("code_challenge_method")).toBe("S256");
  expect(asked.get("scope")).toBe("ledger:read ledger:write offline_access");
  expect(asked.get("redirect_uri")).toBe("http://gatehouse.test/oauth/callback");
  expect(await attemptStatus(owner, { attemptId })).toEqual({ state: "pending", message: null, failure: null });

  expect(await finishAuthorization(owner, parametersOf(callback))).toMatchObject({ state: "connected", connectionName: "Ledger" });
  expect(await attemptStatus(owner, { attemptId })).toEqual({ state: "connected", message: null, failure: null });
  expect((await requireUsable(member, connectionId)).state.name).toBe("ready");
  expect(await whoAmI(member, connectionId)).toEqual({ account: "bookkeeping@harborpine.example" });
});

test("nothing secret is stored in the open, and the state not at all", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const { callback } = await goToProvider(owner, connectionId);
  const pending = JSON.stringify(await db.oAuthAttempt.findMany());
  await finishAuthorization(owner, parametersOf(callback));
  const rows = [
    await db.credential.findMany(),
    await db.oAuthClient.findMany(),
    await db.oAuthAttempt.findMany(),
    await db.auditEvent.findMany(),
  ];
  const stored = pending + JSON.stringify(rows);
  for (const secret of [await tokenOf(connectionId), callback.searchParams.get("state"), callback.searchParams.get("code")]) {
    expect(secret).toBeTruthy();
    expect(stored).not.toContain(secret);
  }
});

test("with a client metadata document nothing is registered, and the document is what the provider reads", async () => {
  const origin = "https://gatehouse.example";
  const read: string[] = [];
  const fetchDocument = (url: string) => {
    read.push(url);
    return Promise.resolve(Response.json(clientMetadata(origin)));
  };
  const upstream = await upstreamWith({ cimd: true, fetchDocument });
  const { owner, connectionId } = await oauthWorld(upstream.url, { origin });
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  expect(read).toEqual([`${origin}/oauth/client-metadata.json`]);
  expect(requestsTo(upstream, "/reg")).toEqual([]);
  expect(await db.oAuthClient.findFirst({ where: { connectionId } })).toMatchObject({
    source: "cimd",
    clientId: `${origin}/oauth/client-metadata.json`,
    issuer: upstream.issuer,
  });
});

test("a metadata document that nobody could fetch is not offered: an origin without https registers instead", async () => {
  const upstream = await upstreamWith({ cimd: true });
  const { owner, connectionId } = await oauthWorld(upstream.url);
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  expect(await db.oAuthClient.findFirst({ where: { connectionId } })).toMatchObject({ source: "dcr" });
});

test.each(["client_secret_basic", "client_secret_post"])(
  "a client entered by hand comes first and proves itself by %s, whatever its secret is made of",
  async (method) => {
    const oauthClient = { clientId: "gate house", clientSecret: "s%cret: +/=&" };
    const redirect_uris = ["http://gatehouse.test/oauth/callback"];
    const client = {
      client_id: oauthClient.clientId,
      client_secret: oauthClient.clientSecret,
      redirect_uris,
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: method,
    };
    const metadata = (document: Record<string, unknown>) => ({ ...document, token_endpoint_auth_methods_supported: [method] });
    const upstream = await upstreamWith({ clients: [client], metadata });
    const { owner, connectionId } = await oauthWorld(upstream.url, { input: { oauthClient } });
    expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
    expect(requestsTo(upstream, "/reg")).toEqual([]);
  },
);

test("where nobody can register, adding the connection asks for a client and says which redirect URL it needs", async () => {
  const upstream = await upstreamWith({ dcr: false });
  await expect(oauthWorld(upstream.url)).rejects.toMatchObject({
    code: "BAD_INPUT",
    message: expect.stringContaining("http://gatehouse.test/oauth/callback"),
    details: { issues: [{ path: "oauthClient" }] },
  });
});

test("a wrong client secret is told as such, and nothing is connected", async () => {
  const client = {
    client_id: "gatehouse",
    client_secret: "right",
    redirect_uris: ["http://gatehouse.test/oauth/callback"],
    grant_types: ["authorization_code"],
  };
  const upstream = await upstreamWith({ clients: [client] });
  const { owner, connectionId } = await oauthWorld(upstream.url, {
    input: { oauthClient: { clientId: "gatehouse", clientSecret: "wrong" } },
  });
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({
    state: "failed",
    message: expect.stringContaining("client id and secret"),
  });
  expect(await db.credential.count({ where: { connectionId } })).toBe(0);
});

test("each person signs in with their own account over one registered client, and calls run as them", async () => {
  const upstream = await upstreamWith();
  const { owner, member, connectionId } = await oauthWorld(upstream.url, { input: { credentialMode: "per_member" } });
  upstream.account = "mira@harborpine.example";
  await signInAtProvider(owner, connectionId);
  upstream.account = "priya@harborpine.example";
  await signInAtProvider(member, connectionId);
  expect(await whoAmI(owner, connectionId)).toEqual({ account: "mira@harborpine.example" });
  expect(await whoAmI(member, connectionId)).toEqual({ account: "priya@harborpine.example" });
  expect(requestsTo(upstream, "/reg")).toHaveLength(1);
});

test("attempts at the same time do not touch each other, whichever comes back first", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const first = await goToProvider(owner, connectionId);
  const second = await goToProvider(owner, connectionId);
  expect(await finishAuthorization(owner, parametersOf(second.callback))).toMatchObject({ state: "connected" });
  expect(await finishAuthorization(owner, parametersOf(first.callback))).toMatchObject({ state: "connected" });
});

test("a state that is unknown, missing, used or too old connects nothing and says which", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const { callback } = await goToProvider(owner, connectionId);
  const good = parametersOf(callback);

  expect(await finishAuthorization(owner, { ...good, state: "made-up" })).toMatchObject({
    state: "expired",
    message: expect.stringContaining("not known here"),
  });
  expect(await finishAuthorization(owner, { ...good, state: null })).toMatchObject({ state: "expired" });
  expect(requestsTo(upstream, "/token")).toEqual([]);

  expect(await finishAuthorization(owner, good)).toMatchObject({ state: "connected" });
  expect(await finishAuthorization(owner, good)).toMatchObject({ state: "expired", message: expect.stringContaining("finished already") });

  const late = await goToProvider(owner, connectionId);
  await db.oAuthAttempt.update({ where: { id: late.attemptId }, data: { expiresAt: new Date(Date.now() - 1) } });
  expect(await finishAuthorization(owner, parametersOf(late.callback))).toMatchObject({
    state: "expired",
    message: expect.stringContaining("ten minutes"),
  });
  expect(await attemptStatus(owner, { attemptId: late.attemptId })).toMatchObject({ state: "expired" });
  expect(requestsTo(upstream, "/token")).toHaveLength(1);
});

test("of callbacks with one state at the same time, one wins", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const { callback } = await goToProvider(owner, connectionId);
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => finishAuthorization(owner, parametersOf(callback))));
  expect(outcomes.map(({ state }) => state).sort()).toEqual(["connected", "expired", "expired", "expired", "expired"]);
  expect(requestsTo(upstream, "/token")).toHaveLength(1);
});

test("another session's state is refused, tells nothing, and stays good for whoever began it", async () => {
  const upstream = await upstreamWith();
  const { owner, member, connectionId } = await oauthWorld(upstream.url);
  const { callback } = await goToProvider(owner, connectionId);
  for (const other of [member, null, { ...owner, sessionId: "another-browser" }]) {
    expect(await finishAuthorization(other, parametersOf(callback))).toMatchObject({ state: "foreign", connectionName: null });
  }
  expect(requestsTo(upstream, "/token")).toEqual([]);
  expect(await finishAuthorization(owner, parametersOf(callback))).toMatchObject({ state: "connected" });
});

test.each([
  ["another issuer", "https://evil.example"],
  ["the issuer with a slash", "slash"],
  ["no issuer although it is announced", null],
])("an answer with %s connects nothing, sends the code nowhere, and uses the attempt up", async (_words, iss) => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const { attemptId, callback } = await goToProvider(owner, connectionId);
  const good = parametersOf(callback);
  expect(good.iss).toBe(upstream.issuer);
  const outcome = await finishAuthorization(owner, { ...good, iss: iss === "slash" ? `${upstream.issuer}/` : iss });
  expect(outcome).toMatchObject({ state: "failed", message: expect.stringContaining("another sign-in server") });
  expect(outcome.message).not.toContain("evil");
  expect(requestsTo(upstream, "/token")).toEqual([]);
  expect(await finishAuthorization(owner, good)).toMatchObject({ state: "expired" });
  expect(await attemptStatus(owner, { attemptId })).toMatchObject({ state: "failed" });
  expect(await db.credential.count({ where: { connectionId } })).toBe(0);
});

test("a server that does not announce `iss` need not send it, but a wrong one is refused all the same", async () => {
  const metadata = ({ authorization_response_iss_parameter_supported: _announced, ...document }: Record<string, unknown>) => document;
  const upstream = await upstreamWith({ metadata });
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const first = await goToProvider(owner, connectionId);
  expect(await finishAuthorization(owner, { ...parametersOf(first.callback), iss: "https://evil.example" })).toMatchObject({
    state: "failed",
  });
  const second = await goToProvider(owner, connectionId);
  expect(await finishAuthorization(owner, { ...parametersOf(second.callback), iss: null })).toMatchObject({ state: "connected" });
});

test("a person who says no, and a provider that fails, are told apart", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const back = async (error: string) => {
    const { callback } = await goToProvider(owner, connectionId);
    return finishAuthorization(owner, { ...parametersOf(callback), code: null, error });
  };
  expect(await back("access_denied")).toMatchObject({ state: "denied", message: expect.stringContaining("not granted") });
  const failed = await back("<script>server_error");
  expect(failed).toMatchObject({ state: "failed" });
  expect(failed.message).not.toContain("script");
});

test("who may no longer manage connections when they come back connects nothing", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const { callback } = await goToProvider(owner, connectionId);
  expect(await finishAuthorization({ ...owner, role: "member" }, parametersOf(callback))).toMatchObject({ state: "failed" });
  expect(requestsTo(upstream, "/token")).toEqual([]);
});

test("a registration is used again, made anew for another origin, and after a sign-in that never came back", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const registrations = () => requestsTo(upstream, "/reg").length;
  await signInAtProvider(owner, connectionId);
  await signInAtProvider(owner, connectionId);
  expect(registrations()).toBe(1);
  const moved = { ...owner, origin: "https://new.example" };
  await signInAtProvider(moved, connectionId);
  expect(registrations()).toBe(2);
  await beginAuthorization(moved, { connectionId });
  expect(registrations()).toBe(2);
  // That one was never finished: perhaps the provider no longer knows the client.
  await signInAtProvider(moved, connectionId);
  expect(registrations()).toBe(3);
  await signInAtProvider(moved, connectionId);
  expect(registrations()).toBe(3);
});

test("tokens go on with the client they were given to when a later sign-in registers another one", async () => {
  const upstream = await upstreamWith({ accessTokenSeconds: 600 });
  const { owner, connectionId } = await oauthWorld(upstream.url);
  await signInAtProvider(owner, connectionId);
  await beginAuthorization({ ...owner, origin: "https://new.example" }, { connectionId });
  const before = await tokenOf(connectionId);
  upstream.expireAccessTokens();
  expect(await whoAmI(owner, connectionId)).toEqual({ account: "bookkeeping@harborpine.example" });
  expect(await tokenOf(connectionId)).not.toBe(before);
});

test("disconnecting revokes at the provider and forgets; a provider that is gone does not stop it", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  await signInAtProvider(owner, connectionId);
  expect(upstream.count("RefreshToken")).toBe(1);
  await disconnect(owner, { id: connectionId });
  expect(upstream.count("RefreshToken")).toBe(0);
  expect(upstream.count("AccessToken")).toBe(0);
  expect(await db.credential.count({ where: { connectionId } })).toBe(0);

  await signInAtProvider(owner, connectionId);
  await upstream.close();
  await disconnect(owner, { id: connectionId });
  expect(await db.credential.count({ where: { connectionId } })).toBe(0);
});

test("a connection that moved while its person was away is not connected with what they bring", async () => {
  const [upstream, other] = [await upstreamWith(), await upstreamWith()];
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const { callback } = await goToProvider(owner, connectionId);
  await update(owner, { id: connectionId, version: 1, url: other.url });
  expect(await finishAuthorization(owner, parametersOf(callback))).toMatchObject({ state: "expired" });
  expect(await db.credential.count({ where: { connectionId } })).toBe(0);
});

test("a connection that moved after its person went sends nothing from the old address to the new one", async () => {
  const [upstream, other] = [await upstreamWith(), await upstreamWith()];
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const { callback } = await goToProvider(owner, connectionId);
  // As an edit leaves it that came between two steps of the sign-in: the attempt is still there.
  await db.connection.update({ where: { id: connectionId }, data: { url: other.url } });
  expect(await finishAuthorization(owner, parametersOf(callback))).toMatchObject({
    state: "failed",
    message: expect.stringContaining("changed meanwhile"),
  });
  expect(requestsTo(upstream, "/token")).toEqual([]);
  expect(other.requests).toEqual([]);
  expect(await db.credential.count({ where: { connectionId } })).toBe(0);
});

/** Runs `edit` once, when the next request for `path` arrives at the upstream. */
function onceAskedFor(upstream: OAuthUpstream, path: string, edit: () => Promise<unknown>): void {
  const push = upstream.requests.push.bind(upstream.requests);
  upstream.requests.push = (...entries) => {
    if (entries.some((entry) => entry.path === path)) {
      upstream.requests.push = push;
      // Prisma begins when somebody waits.
      void edit().then(() => undefined);
    }
    return push(...entries);
  };
}

test("a connection that moves while a sign-in begins has no sign-in under way", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  onceAskedFor(upstream, "/reg", () => db.connection.updateMany({ data: { url: "https://moved.example/mcp" } }));
  await expect(beginAuthorization(owner, { connectionId })).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await db.oAuthAttempt.count({ where: { connectionId } })).toBe(0);
  expect(await db.oAuthClient.count({ where: { connectionId } })).toBe(0);
});

test("a client entered while a sign-in registers another one stays", async () => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const byHand = { connectionId, issuer: upstream.issuer, source: "preregistered", clientId: "by-hand", sealed: "" };
  onceAskedFor(upstream, "/reg", () => db.oAuthClient.create({ data: byHand }));
  await expect(beginAuthorization(owner, { connectionId })).rejects.toMatchObject({ code: "CONFLICT" });
  expect(await db.oAuthClient.findFirst({ where: { connectionId } })).toMatchObject({ clientId: "by-hand" });
});

test.each([
  ["the server cannot be listed with them", "/mcp", (id: string) => db.connection.update({ where: { id }, data: { name: "Ledger" } })],
  [
    "the connection was moved meanwhile",
    "/token",
    (id: string) => db.connection.update({ where: { id }, data: { url: "https://m.example/" } }),
  ],
])("tokens that are not kept because %s are revoked", async (_why, path, edit) => {
  const upstream = await upstreamWith();
  const { owner, connectionId } = await oauthWorld(upstream.url);
  const { callback } = await goToProvider(owner, connectionId);
  onceAskedFor(upstream, path, () => {
    if (path === "/mcp") upstream.expireAccessTokens();
    return edit(connectionId);
  });
  expect(await finishAuthorization(owner, parametersOf(callback))).toMatchObject({ state: "failed" });
  expect(requestsTo(upstream, "/token")).toHaveLength(1);
  expect(requestsTo(upstream, "/token/revocation")).toMatchObject([{ status: 200 }]);
  expect(upstream.count("RefreshToken")).toBe(0);
  expect(await db.credential.count({ where: { connectionId } })).toBe(0);
});
