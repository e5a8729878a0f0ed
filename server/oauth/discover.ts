// Finds out how a server wants people to sign in: RFC 9728 from the server to its authorization servers, RFC 8414 / OIDC from there.
import {
  type AuthorizationServerMetadata,
  checkResourceAllowed,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
  LATEST_PROTOCOL_VERSION,
} from "@modelcontextprotocol/client";

import { badInput, DomainError, upstreamFailed } from "#server/errors.ts";
import { OutboundError } from "#server/outbound/error.ts";
import { diagnose } from "#server/outbound/failure.ts";
import { outbound } from "#server/outbound/outbound.ts";

export interface Discovery {
  /** The resource identifier for RFC 8707, as the server names itself. */
  resource: string;
  issuer: string;
  serverMetadata: AuthorizationServerMetadata;
  /** What to ask for: the challenge's scope, else the resource's; null means leave `scope` out. */
  scope: string | null;
}

/** Documents are small and quick; a server that makes us wait here is not one people can sign in to. */
export const oauthFetch = outbound.withLimits({ timeoutMs: 10_000, maxBytes: 262_144 });

/** What an unauthenticated request is told. */
interface Challenge {
  metadataUrl: URL | undefined;
  scope: string | undefined;
  status: number;
}

async function askUnauthenticated(url: URL): Promise<Challenge> {
  const params = { protocolVersion: LATEST_PROTOCOL_VERSION, capabilities: {}, clientInfo: { name: "Gatehouse", version: "1.0.0" } };
  const response = await oauthFetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
  });
  await response.body?.cancel();
  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(response);
  return { metadataUrl: resourceMetadataUrl, scope, status: response.status };
}

/** The protected-resource metadata: where the challenge points, else the path form, else the root form. Null when the server has none. */
async function resourceMetadata(url: URL, metadataUrl: URL | undefined) {
  for (const options of metadataUrl ? [{ resourceMetadataUrl: metadataUrl }, {}] : [{}]) {
    try {
      return await discoverOAuthProtectedResourceMetadata(url, options, oauthFetch);
    } catch (error) {
      // A server that cannot be reached is not a server that has none.
      if (error instanceof OutboundError || diagnose(error, "discovery").phase !== "discovery") throw error;
    }
  }
  return null;
}

function failed(seen: string, advice: string, cause?: unknown): DomainError {
  return upstreamFailed({ phase: "discovery", seen, actor: "provider", advice }, cause);
}

/** The first authorization server with usable metadata; its `issuer` has to be the one it was found by (RFC 8414 section 3.3). */
async function serverMetadataOf(candidates: readonly string[]): Promise<{ issuer: string; serverMetadata: AuthorizationServerMetadata }> {
  let problem: unknown;
  for (const candidate of candidates) {
    try {
      const serverMetadata = await discoverAuthorizationServerMetadata(candidate, { fetchFn: oauthFetch });
      if (serverMetadata) return { issuer: serverMetadata.issuer, serverMetadata };
    } catch (error) {
      problem ??= error;
    }
  }
  const network = problem === undefined ? null : diagnose(problem, "discovery");
  if (network && network.phase !== "discovery") throw upstreamFailed({ ...network, seen: `The sign-in server: ${network.seen}` }, problem);
  throw failed("No usable description of the sign-in server was found (RFC 8414).", "Ask the provider, or use an API key if it offers one.", problem);
}

/** PKCE is not negotiable: a server that does not say it does S256 is refused (MCP authorization, 2025-11-25 and later). */
function demandPkce({ code_challenge_methods_supported: methods }: AuthorizationServerMetadata): void {
  if (!methods?.includes("S256")) {
    throw failed("The sign-in server does not say that it supports PKCE with S256.", "Gatehouse does not sign in without it; ask the provider to announce it.");
  }
}

/**
 * Discovers where and how to sign in to the MCP server at `url`.
 * Throws BAD_INPUT (authType) when the server asks for no sign-in, UPSTREAM_FAILED (phase discovery, or the network's) otherwise.
 */
export async function discover(url: string): Promise<Discovery> {
  const target = new URL(url);
  try {
    const challenge = await askUnauthenticated(target);
    const metadata = await resourceMetadata(target, challenge.metadataUrl);
    if (!metadata && !challenge.isProtected) throw badInput("authType", "This server does not ask for a sign-in. Choose No sign-in, or check the URL.");
    if (metadata && !covers(metadata.resource, target)) {
      throw failed("The server's sign-in description is for another address.", "Check the URL, or ask the provider: its resource metadata names a different resource.");
    }
    // Servers of 2025-03-26 have no resource metadata: their own origin is the authorization server.
    const candidates = metadata?.authorization_servers?.length ? metadata.authorization_servers : [target.origin];
    const { issuer, serverMetadata } = await serverMetadataOf(candidates);
    demandPkce(serverMetadata);
    const scopes = challenge.scope ?? metadata?.scopes_supported?.join(" ") ?? null;
    return { resource: metadata?.resource ?? withoutHash(target), issuer, serverMetadata, scope: withOffline(scopes, serverMetadata) };
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw upstreamFailed(diagnose(error, "discovery"), error);
  }
}

function withoutHash(url: URL): string {
  const copy = new URL(url);
  copy.hash = "";
  return copy.href;
}

/** Asks for a refresh token where that takes a scope (OpenID Connect Core section 11). */
function withOffline(scope: string | null, { scopes_supported: supported }: AuthorizationServerMetadata): string | null {
  if (scope === null || !supported?.includes("offline_access") || scope.split(" ").includes("offline_access")) return scope;
  return `${scope} offline_access`;
}
