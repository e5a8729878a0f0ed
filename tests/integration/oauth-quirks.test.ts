// Providers that bend the standards: each fails in words that say what to set, and works once it is set.
import { afterEach, expect, test } from "vitest";

import { byId } from "#server/connections/by-id.ts";
import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import { createInput, type CreateInput } from "#server/connections/schema.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { requireUsable } from "#server/grants/access.ts";
import { discover } from "#server/oauth/discover.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { targetOf } from "#server/upstream/target.ts";
import { type OAuthUpstream, startOAuthUpstream, type UpstreamOptions } from "#tests/fakes/oauth-upstream.ts";
import * as quirks from "#tests/fakes/quirks.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { goToProvider, oauthWorld, parametersOf, signInAtProvider } from "#tests/setup/oauth.ts";

useDatabase();

const running: OAuthUpstream[] = [];

afterEach(async () => {
  await closeAllSessions();
  await Promise.all(running.splice(0).map((upstream) => upstream.close()));
});

async function started(options: UpstreamOptions): Promise<OAuthUpstream> {
  const upstream = await startOAuthUpstream(options);
  running.push(upstream);
  return upstream;
}

/** Adds the connection, signs in and calls a tool, twice: with the first token, and with the next one where there is one. Throws in Gatehouse's words. */
async function connectAndCall(options: UpstreamOptions, inputOf: (upstream: OAuthUpstream) => Partial<CreateInput>): Promise<unknown[]> {
  const upstream = await started(options);
  const { owner, connectionId } = await oauthWorld(upstream.url, { input: inputOf(upstream) });
  const { callback } = await goToProvider(owner, connectionId);
  const finished = await finishAuthorization(owner, parametersOf(callback));
  if (finished.state !== "connected") throw new Error(finished.message ?? finished.state);
  const call = async () => {
    const target = targetOf(await requireUsable(owner, connectionId));
    return (await callTool(target, { name: "whoami", arguments: {} }, { caller: "somebody", signal: AbortSignal.timeout(10_000) }))
      .structuredContent;
  };
  const first = await call();
  if (upstream.count("RefreshToken") > 0 && options.bend !== quirks.noRefreshToken) upstream.expireAccessTokens();
  return [first, await call()];
}

const works = [{ account: "bookkeeping@harborpine.example" }, { account: "bookkeeping@harborpine.example" }];

const client = {
  client_id: "gatehouse",
  client_secret: "s3cret",
  redirect_uris: ["http://gatehouse.test/oauth/callback"],
  grant_types: ["authorization_code", "refresh_token"],
};
const ours = { clientId: "gatehouse", clientSecret: "s3cret" };
const callback = "http://gatehouse.test/oauth/callback";
const without = (...names: string[]) => ({
  metadata: (document: Record<string, unknown>) => Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name))),
});
const announced = "authorization_response_iss_parameter_supported";
const otherName = "https://login.provider.example";

interface Row {
  quirk: string;
  options: UpstreamOptions;
  /** What is set in both cases. */
  base?: CreateInput["advanced"];
  /** An OAuth client of the organization's own: entered in both cases, or what mends it. */
  ownClient?: "from the start" | "mends";
  /** What the failure says to do. */
  says: string | RegExp;
  mendedBy?: NonNullable<CreateInput["advanced"]> | ((upstream: OAuthUpstream) => NonNullable<CreateInput["advanced"]>);
}

const rows: Row[] = [
  { quirk: "no registration (GitHub, Asana)", options: { dcr: false, clients: [client] }, says: callback, ownClient: "mends" },
  {
    quirk: "registration answered with 403 in plain text (Figma)",
    options: { bend: quirks.registrationForbidden, clients: [client] },
    says: /403: "Forbidden".*client id and secret/,
    ownClient: "mends",
  },
  {
    quirk: "the secret in the body alone, though Basic is announced (HubSpot)",
    options: { bend: quirks.basicRefused, clients: [{ ...client, token_endpoint_auth_method: "client_secret_post" }] },
    ownClient: "from the start",
    says: "Token endpoint authentication",
    mendedBy: { tokenEndpointAuthMethod: "client_secret_post" },
  },
  {
    quirk: "another issuer than the one it was found by (Atlassian, Slack)",
    options: {
      bend: quirks.issuerInCallback(null),
      metadata: (document) => ({ ...document, issuer: otherName, [announced]: undefined }),
    },
    says: /calls itself https:\/\/login\.provider\.example\..*Trusted issuer/,
    mendedBy: { trustedIssuer: otherName },
  },
  {
    quirk: "another `iss` in the callback (Namecheap)",
    options: { bend: quirks.issuerInCallback(otherName) },
    says: "Trusted issuer",
    mendedBy: { trustedIssuer: otherName },
  },
  {
    quirk: "PKCE is not announced (GitHub, Entra)",
    options: without("code_challenge_methods_supported"),
    says: "Allow missing PKCE metadata",
    mendedBy: { allowMissingPkce: true },
  },
  {
    quirk: "`resource` is refused (Entra)",
    options: { bend: quirks.resourceRefused, resourceByDefault: true },
    says: "Leave out the resource parameter",
    mendedBy: { omitResource: true },
  },
  {
    quirk: "`resource` is refused at the token endpoint, in Entra's own codes",
    options: { bend: quirks.resourceRefusedByEntra, resourceByDefault: true },
    says: "Leave out the resource parameter",
    mendedBy: { omitResource: true },
  },
  {
    quirk: "the token is inside an object (Slack)",
    options: { bend: quirks.nestedAlone },
    says: "Where the token is",
    mendedBy: { tokenPath: "authed_user" },
  },
  {
    quirk: "scopes in a parameter of another name (Slack)",
    options: { bend: quirks.userScope },
    says: /Scopes.*Scope parameter/,
    mendedBy: { scopeParameter: "user_scope" },
  },
  {
    quirk: "a refresh token only for who asks by a parameter (Google)",
    options: { bend: quirks.offlineByParameter },
    base: { expectRefreshToken: true },
    says: "Extra authorize parameters",
    mendedBy: { authorizeParameters: { access_type: "offline", prompt: "consent" } },
  },
  {
    quirk: "no refresh token where one is expected (Slack, GitHub OAuth apps)",
    options: { bend: quirks.noRefreshToken },
    base: { expectRefreshToken: true },
    says: "Refresh token",
    mendedBy: { expectRefreshToken: false },
  },
  {
    quirk: "no metadata at all",
    options: { bend: quirks.noMetadata, resourceMetadata: false, clients: [client] },
    ownClient: "from the start",
    says: "enter the authorize and token endpoints",
    mendedBy: ({ issuer }) => ({
      authorizationEndpoint: `${issuer}/auth`,
      tokenEndpoint: `${issuer}/token`,
      allowMissingPkce: true,
      scope: "ledger:read ledger:write offline_access",
    }),
  },
];

test.each(rows)("$quirk: says what to set, and works with it", async ({ options, base, ownClient, says, mendedBy }) => {
  const before = ownClient === "from the start" ? { oauthClient: ours } : {};
  await expect(connectAndCall(options, () => ({ ...before, advanced: base }))).rejects.toThrow(says);
  const mended = (upstream: OAuthUpstream) => ({ ...base, ...(typeof mendedBy === "function" ? mendedBy(upstream) : mendedBy) });
  const after = ownClient ? { oauthClient: ours } : {};
  expect(await connectAndCall(options, (upstream) => ({ ...after, advanced: mended(upstream) }))).toEqual(works);
});

const harmless: { quirk: string; options: UpstreamOptions }[] = [
  { quirk: "form-encoded tokens (GitHub)", options: { bend: quirks.formEncoded } },
  { quirk: "a slash behind the issuer where it is named (Google)", options: { resourceMetadata: slashed } },
  { quirk: "short lifetimes with rotation (Notion, Miro)", options: { accessTokenSeconds: 30, rotate: true } },
  { quirk: "no refresh token, which nobody expected", options: { bend: quirks.noRefreshToken } },
];

function slashed(document: Record<string, unknown>): Record<string, unknown> {
  return { ...document, authorization_servers: [`${new URL(String(document.resource)).origin}/`] };
}

test.each(harmless)("$quirk: works without any setting", async ({ options }) => {
  expect(await connectAndCall(options, () => ({}))).toEqual(works);
});

test("a refusal with status 200 is told as the refusal it is", async () => {
  const options = { bend: quirks.errorsWith200, dcr: false, clients: [client] };
  const wrong = { oauthClient: { clientId: "gatehouse", clientSecret: "wrong" } };
  await expect(connectAndCall(options, () => wrong)).rejects.toThrow("does not know Gatehouse under its client id and secret");
  expect(await connectAndCall(options, () => ({ oauthClient: ours }))).toEqual(works);
});

test("of two tokens in one answer, the one at the path is used and never the other", async () => {
  expect(await connectAndCall({ bend: quirks.nestedToken }, () => ({ advanced: { tokenPath: "authed_user" } }))).toEqual(works);
});

test("a server that moved to another sign-in server is not followed before an admin said so, and nothing of the old one goes to the new", async () => {
  let authorizationServer = "";
  const moving = (document: Record<string, unknown>) =>
    authorizationServer === "" ? document : { ...document, authorization_servers: [authorizationServer] };
  const upstream = await started({ resourceMetadata: moving });
  const elsewhere = await started({});
  const { owner, connectionId } = await oauthWorld(upstream.url);
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });

  authorizationServer = elsewhere.issuer;
  await expect(goToProvider(owner, connectionId)).rejects.toMatchObject({
    message: expect.stringContaining(`from ${upstream.issuer} to ${elsewhere.issuer}`),
    details: { failure: { phase: "discovery", actor: "organization_admin", advice: expect.stringContaining("Trusted issuer") } },
  });
  expect(elsewhere.requests.filter(({ method }) => method === "POST")).toEqual([]);

  expect(await update(owner, { id: connectionId, version: 1, advanced: { trustedIssuer: elsewhere.issuer } })).toMatchObject({
    disconnected: true,
  });
  const { callback } = await goToProvider(owner, connectionId);
  expect(callback.searchParams.get("iss")).toBe(elsewhere.issuer);
});

test("of several sign-in servers the first is taken, or the one an admin chose; one that is not named is refused", async () => {
  const first = await started({});
  const upstream = await started({
    resourceMetadata: (document) => ({ ...document, authorization_servers: [first.issuer, ...[document.authorization_servers].flat()] }),
  });
  const discovered = await discover(upstream.url);
  expect(discovered.issuer).toBe(first.issuer);
  const { owner, connectionId } = await oauthWorld(upstream.url, { input: { advanced: { authorizationServer: upstream.issuer } } });
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  await expect(discover(upstream.url, { authorizationServer: "https://other.example" })).rejects.toMatchObject({
    code: "BAD_INPUT",
    details: { issues: [{ path: "advanced.authorizationServer" }] },
  });
});

test("changing a setting forgets the accounts, saving the same ones does not, and another URL forgets the settings", async () => {
  const upstream = await started({});
  const advanced = { trustedIssuer: otherName, authorizeParameters: { audience: "ledger" } };
  const { owner, connectionId } = await oauthWorld(upstream.url, { input: { advanced } });
  await signInAtProvider(owner, connectionId);
  expect((await byId(owner, { id: connectionId })).advanced).toEqual(advanced);
  expect(await update(owner, { id: connectionId, version: 1, advanced: { ...advanced, scope: undefined } })).toMatchObject({
    disconnected: false,
  });
  expect(await update(owner, { id: connectionId, version: 2, advanced: {} })).toMatchObject({ disconnected: true });
  expect(await db.credential.count({ where: { connectionId } })).toBe(0);
  await update(owner, { id: connectionId, version: 3, advanced });
  await update(owner, { id: connectionId, version: 4, url: `${upstream.url}/v2` });
  expect((await byId(owner, { id: connectionId })).advanced).toEqual({});
});

test("the secret of an own client is kept sealed and shown to nobody; parameters that keep a sign-in safe cannot be set", async () => {
  const access = { organization: true, membershipIds: [], teamIds: [] };
  const input = { name: "Ledger", url: "https://mcp.example", authType: "oauth", credentialMode: "shared", access };
  expect(createInput.safeParse({ ...input, advanced: { clientSecret: "s3cret" } }).success).toBe(false);
  expect(createInput.safeParse({ ...input, advanced: { authorizeParameters: { redirect_uri: "https://evil.example" } } }).success).toBe(
    false,
  );
  const upstream = await started({ clients: [client] });
  const { owner, connectionId } = await oauthWorld(upstream.url, { input: { oauthClient: ours } });
  const rows = [
    await db.connection.findMany(),
    await db.oAuthClient.findMany(),
    await db.auditEvent.findMany(),
    await byId(owner, { id: connectionId }),
  ];
  expect(JSON.stringify(rows)).not.toContain("s3cret");
});

test("a server that was taken over names another sign-in server under the trusted name: it gets neither secret nor code", async () => {
  const evil = await started({ clients: [], dcr: false });
  let authorizationServers: string[] | null = null;
  const upstream = await started({
    dcr: false,
    clients: [client],
    bend: quirks.issuerInCallback(null),
    metadata: (document) => ({ ...document, issuer: otherName, [announced]: undefined }),
    resourceMetadata: (document) => ({ ...document, ...(authorizationServers ? { authorization_servers: authorizationServers } : {}) }),
  });
  const taken = await started({
    dcr: false,
    metadata: (document) => ({
      ...document,
      issuer: otherName,
      authorization_endpoint: `${upstream.issuer}/auth`,
      token_endpoint: `${evil.issuer}/token`,
    }),
  });
  const { owner, connectionId } = await oauthWorld(upstream.url, {
    input: { oauthClient: ours, advanced: { trustedIssuer: otherName } },
  });
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  authorizationServers = [taken.issuer];
  await expect(goToProvider(owner, connectionId)).rejects.toMatchObject({
    code: "UPSTREAM_FAILED",
    details: { failure: { phase: "discovery" } },
  });
  expect(evil.requests).toEqual([]);
});
