// Our authorization server: how agents that know nothing but the URL sign in (RFC 6749, 7591, 7636, 8414, 8628, 8707, 9207). oidc-provider does the
// protocol; this file says what it may do. Consent is a page of ours (app/routes/consent.$uid.tsx), and so is the entry of codes (device.tsx).
import { generateKeyPairSync, randomBytes } from "node:crypto";

import { LRUCache } from "lru-cache";
import { type Client, type Context, errors, Provider } from "oidc-provider";

import { db } from "#server/db.ts";
import { log } from "#server/log.ts";
import { links } from "#server/origin.ts";
import { outbound } from "#server/outbound/outbound.ts";
import { isStorable } from "#server/storable.ts";

import { signInErrorPage } from "./error-page.ts";
import { type Payload, recordsOf, storedOnce } from "./records.ts";

/** What an agent may ask for at `/mcp/agent`. */
export const agentScopes = ["mcp:read", "mcp:write"] as const;

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
const accessTokenSeconds = 45 * 60;
const refreshTokenSeconds = 30 * 86_400;
/** Agents' own schemes that may be sent back to: an exact list, a scheme can be claimed by any program. */
const customRedirects = ["cursor://anysphere.cursor-mcp/oauth/callback"];

const loopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/;
const documentFetch = outbound.withLimits({ timeoutMs: 5_000, maxBytes: 65_536 });

/** Client metadata as real agents send it, made into what the standards ask for. Shared by registration and metadata documents. */
export function tolerated(given: Record<string, unknown>): Record<string, unknown> {
  const uris: unknown[] = Array.isArray(given.redirect_uris) ? given.redirect_uris : [];
  const isNative = uris.some((uri) => typeof uri === "string" && (loopback.test(uri) || customRedirects.includes(uri)));
  const scope = typeof given.scope === "string" ? given.scope : "";
  const known = scope.split(" ").filter((name) => name === "offline_access" || agentScopes.some((ours) => ours === name));
  const grants: unknown[] = Array.isArray(given.grant_types) ? given.grant_types : [];
  // Without an address to be called back at a code typed by a person is the one way in.
  const redirected = uris.length > 0 ? ["authorization_code"] : [];
  const byDevice = uris.length === 0 || grants.includes(deviceGrant) ? [deviceGrant] : [];
  return {
    ...given,
    // Port-less loopback addresses, and no word about the kind of application: a program on somebody's machine (RFC 8252 section 7.3).
    application_type: given.application_type ?? (isNative ? "native" : "web"),
    scope: (known.length > 0 ? known : [...agentScopes, "offline_access"]).join(" "),
    grant_types: [...redirected, ...byDevice, "refresh_token"],
    response_types: uris.length > 0 ? ["code"] : [],
    token_endpoint_auth_method: given.token_endpoint_auth_method ?? "none",
  };
}

/** Whether every address a client wants to be called back at may be: https, a program on the person's own machine, or a scheme of the list. */
export function mayBeCalledBack(given: Record<string, unknown>): boolean {
  const uris: unknown[] = Array.isArray(given.redirect_uris) ? given.redirect_uris : [];
  return uris.every((uri) => typeof uri === "string" && (/^https:\/\//i.test(uri) || loopback.test(uri) || customRedirects.includes(uri)));
}

/** Documents that could not be read a moment ago. oidc-provider asks a second time to find out how to word its refusal, and strangers may ask for ever. */
const unreadable = new LRUCache<string, true>({ max: 1_000, ttl: 10_000 });

/** Fetches a client's metadata document through the guard. Throws what the guard throws, and for an address that just failed. */
async function fetchDocument(url: string | URL): Promise<Response> {
  const address = String(url);
  if (unreadable.has(address)) throw new Error("This document could not be read a moment ago.");
  const response = await readDocument(address).catch((error: unknown) => {
    unreadable.set(address, true);
    throw error;
  });
  if (!response.ok) unreadable.set(address, true);
  return response;
}

async function readDocument(url: string): Promise<Response> {
  const response = await documentFetch(url, { headers: { accept: "application/json" }, redirect: "manual" });
  if (!response.ok) return response;
  const document: unknown = JSON.parse(await response.text());
  const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
  if (isObject && !(mayBeCalledBack({ ...document }) && isStorable(document))) return new Response(null, { status: 422 });
  return Response.json(isObject ? tolerated({ ...document }) : document, {
    headers: { "cache-control": response.headers.get("cache-control") ?? "" },
  });
}

interface Keys extends Payload {
  jwks: unknown;
  cookies: unknown;
}

function newKeys(): Keys {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = randomBytes(8).toString("hex");
  return {
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", kid }] },
    cookies: [randomBytes(32).toString("base64url")],
  };
}

async function findAccount(_ctx: unknown, accountId: string) {
  // The account is a membership: one that is gone ends everything that was ever issued for it.
  const member = await db.membership.count({ where: { id: accountId } });
  return member > 0 ? { accountId, claims: () => ({ sub: accountId }) } : undefined;
}

interface Failure {
  error: string;
  error_description?: string;
}

/** People get a page that says what to do; programs get the error as it is. Neither is sent anywhere. */
function answerError(ctx: Context, { error, error_description: description }: Failure, thrown: Error): void {
  if (!ctx.req.headers.accept?.includes("text/html")) {
    ctx.body = { error, ...(description ? { error_description: description } : {}) };
    return;
  }
  const nonce = randomBytes(16).toString("base64url");
  ctx.res.setHeader("content-security-policy", `default-src 'none'; style-src 'nonce-${nonce}'; frame-ancestors 'none'`);
  const isDocument = error === "invalid_client" && String(ctx.query.client_id).startsWith("https:");
  const reason = thrown.name === "SessionNotFound" ? "expired" : isDocument ? "unreadable_client" : error;
  ctx.body = signInErrorPage(reason, { nonce, reference: String(ctx.res.getHeader("x-request-id")) });
}

function configuration(origin: string, keys: Payload) {
  const audience = links.agentEndpoint(origin);
  return {
    adapter: recordsOf,
    jwks: keys.jwks,
    cookies: {
      keys: keys.cookies,
      names: { session: "gatehouse_as", interaction: "gatehouse_as_interaction", resume: "gatehouse_as_resume" },
    },
    scopes: [...agentScopes, "offline_access"],
    routes: {
      authorization: "/authorize",
      token: "/token",
      registration: "/register",
      revocation: "/revoke",
      jwks: "/oauth/jwks.json",
      device_authorization: "/device_authorization",
      code_verification: "/device",
    },
    responseTypes: ["code"],
    clientAuthMethods: ["none", "client_secret_basic", "client_secret_post"],
    clientDefaults: { token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] },
    pkce: { required: () => true, methods: ["S256"] },
    rotateRefreshToken: true,
    // Also by its access token alone an agent signs out: the refresh token goes with it (RFC 7009 section 2.1), and a grant without tokens is none.
    revokeGrantPolicy: () => true,
    issueRefreshToken: (_ctx: unknown, client: Client) => Promise.resolve(client.grantTypeAllowed("refresh_token")),
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: refreshTokenSeconds + 86_400,
      DeviceCode: 600,
      Interaction: 3_600,
      RefreshToken: refreshTokenSeconds,
      Session: 3_600,
    },
    findAccount,
    // Everybody is asked each time: which organization, and whether at all.
    loadExistingGrant: async (ctx: Context & { oidc: { provider: Provider } }) => {
      const grantId = ctx.oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId);
    },
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/consent/${uid}` },
    expiresWithSession: () => false,
    clientBasedCORS: () => true,
    extraClientMetadata: { properties: [] },
    fetch: fetchDocument,
    renderError: answerError,
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      // Nobody changes a registration afterwards: a token for that would be one more secret that lies around.
      registration: { enabled: true, issueRegistrationAccessToken: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx: unknown, client: Client, token: { clientId: string }) => token.clientId === client.clientId,
      },
      clientIdMetadataDocument: { enabled: true, ack: "draft-02" },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: unknown, resource: string) => {
          if (resource !== audience) throw new errors.InvalidTarget();
          return { scope: agentScopes.join(" "), audience, accessTokenTTL: accessTokenSeconds, accessTokenFormat: "opaque" };
        },
      },
    },
  };
}

// One for each origin that people use this Gatehouse under; with PUBLIC_URL that is one.
const providers = new LRUCache<string, Promise<Provider>>({ max: 8 });

async function build(origin: string): Promise<Provider> {
  const provider = new Provider(origin, configuration(origin, await storedOnce("Keys", newKeys)));
  // The host names the public origin in X-Forwarded-* itself (http/sign-in-routes.ts).
  provider.proxy = true;
  provider.on("server_error", ({ res }, error) => {
    log.error({ err: error, requestId: res.getHeader("x-request-id") }, "the authorization server failed");
  });
  return provider;
}

/** The authorization server whose issuer is `origin`. */
export function providerFor(origin: string): Promise<Provider> {
  const held = providers.get(origin);
  if (held) return held;
  const building = build(origin);
  providers.set(origin, building);
  building.catch(() => providers.delete(origin));
  return building;
}
