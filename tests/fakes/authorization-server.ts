// The authorization server of the fake OAuth upstream: oidc-provider, set up the way providers of MCP servers do it.
import { generateKeyPairSync, randomBytes } from "node:crypto";

import { Provider } from "oidc-provider";

import { memoryAdapter, type Records } from "./memory-adapter.ts";
import type { Quirk } from "./quirks.ts";

export const scopes = ["ledger:read", "ledger:write"] as const;

export interface AuthorizationServerOptions {
  issuer: string;
  /** The resource its tokens are for. */
  resource: string;
  records: Records;
  cimd: boolean;
  dcr: boolean;
  revocation: boolean;
  /** Whether a refresh token is good for one use. */
  rotate: boolean;
  accessTokenSeconds: number;
  /** Clients that were registered by hand, in RFC 7591 terms. */
  clients: readonly object[];
  /** Fetches client metadata documents; the client id is its address. */
  fetchDocument: (url: string) => Promise<Response>;
  /** The last word on the metadata document, for servers that get it wrong. */
  metadata: (document: Record<string, unknown>) => Record<string, unknown>;
  /** Whether tokens are for the resource also where nobody asked for it. */
  resourceByDefault: boolean;
  bend: Quirk;
}

function isDocument(body: unknown): body is Record<string, unknown> {
  return typeof body === "object" && body !== null && "issuer" in body;
}

// Making one takes a third of a second, so that all servers of a process share it; it signs nothing that anybody looks at.
const signingKey = { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), use: "sig", kid: "fake" };

/** The server; its interactions are at /interaction/<uid>. */
export function authorizationServer(options: AuthorizationServerOptions): Provider {
  const { issuer, resource, records, cimd, dcr, revocation, rotate, accessTokenSeconds, clients } = options;
  const provider = new Provider(issuer, {
    adapter: memoryAdapter(records),
    clients,
    jwks: { keys: [signingKey] },
    renderError: (ctx: { body: unknown }, { error, error_description: description }: { error: string; error_description?: string }) => {
      ctx.body = `Ledger cannot go on: ${error} ${description ?? ""}`;
    },
    cookies: { keys: [randomBytes(16).toString("hex")], short: { path: "/" } },
    scopes: [...scopes, "offline_access"],
    pkce: { required: () => true },
    rotateRefreshToken: rotate,
    ttl: {
      Grant: 86_400,
      Session: 86_400,
      Interaction: 3_600,
      RefreshToken: 86_400,
      AuthorizationCode: 60,
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
    },
    findAccount: (_ctx: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    fetch: (url: string | URL) => options.fetchDocument(String(url)),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      registration: { enabled: dcr },
      clientCredentials: { enabled: true },
      revocation: { enabled: revocation, allowedPolicy: () => true },
      ...(cimd ? { clientIdMetadataDocument: { enabled: true, ack: "draft-02" } } : {}),
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        ...(options.resourceByDefault ? { defaultResource: () => resource } : {}),
        getResourceServerInfo: () => ({
          scope: scopes.join(" "),
          audience: resource,
          accessTokenTTL: accessTokenSeconds,
          accessTokenFormat: "opaque",
        }),
      },
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path.startsWith("/.well-known/") && isDocument(ctx.body)) ctx.body = options.metadata(ctx.body);
  });
  options.bend(provider);
  return provider;
}

/** Gives a client everything it asked for, as `accountId`, and finishes the interaction. */
export async function consentTo(
  provider: Provider,
  ...[req, res, accountId]: [...Parameters<Provider["interactionDetails"]>, string]
): Promise<void> {
  const { params } = await provider.interactionDetails(req, res);
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  const asked = typeof params.scope === "string" ? params.scope.split(" ") : [];
  // oidc-provider counts every scope it announces as one of its own, also those of the resource.
  grant.addOIDCScope(asked.join(" "));
  if (typeof params.resource === "string") grant.addResourceScope(params.resource, asked.join(" "));
  await provider.interactionFinished(
    req,
    res,
    { login: { accountId }, consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: false },
  );
}
