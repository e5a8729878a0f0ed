// Finds out how a server wants people to sign in: RFC 9728 from the server to its authorization servers, RFC 8414 / OIDC from there.
import {
  type AuthorizationServerMetadata,
  checkResourceAllowed,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
  LATEST_PROTOCOL_VERSION,
} from "@modelcontextprotocol/client";

import { badInput, DomainError, upstreamFailed } from "#server/errors.ts";
import { OutboundError } from "#server/outbound/error.ts";
import { diagnose } from "#server/outbound/failure.ts";

import { authorizationServerOf, discoveryFailed } from "./authorization-server.ts";
import { oauthFetch } from "./oauth-fetch.ts";
import type { OAuthSettings } from "./settings.ts";

export interface Discovery {
  /** The resource identifier for RFC 8707, as the server names itself; null: it is left out. */
  resource: string | null;
  issuer: string;
  serverMetadata: AuthorizationServerMetadata;
  /** What to ask for: the challenge's scope, else the resource's; null means leave `scope` out. */
  scope: string | null;
  /** What it was asked with; the whole sign-in goes by it. */
  settings: OAuthSettings;
}

/** What an unauthenticated request is told. */
interface Challenge {
  metadataUrl: URL | undefined;
  scope: string | undefined;
  status: number;
}

const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };

async function askUnauthenticated(url: URL): Promise<Challenge> {
  const params = { protocolVersion: LATEST_PROTOCOL_VERSION, capabilities: {}, clientInfo: { name: "Gatehouse", version: "1.0.0" } };
  const response = await oauthFetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
  });
  await response.body?.cancel();
  if (!response.ok || response.headers.has("www-authenticate")) return challengeOf(response);
  // Some servers shake hands with anybody, and ask for a sign-in at the first real request.
  const sessionId = response.headers.get("mcp-session-id");
  const listed = await oauthFetch(url, {
    method: "POST",
    headers: {
      ...headers,
      "mcp-protocol-version": LATEST_PROTOCOL_VERSION,
      ...(sessionId === null ? {} : { "mcp-session-id": sessionId }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  await listed.body?.cancel();
  return challengeOf(listed.status === 401 || listed.status === 403 ? listed : response);
}

function challengeOf(response: Response): Challenge {
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

/** For a server without resource metadata: whether its answer was a demand to sign in at all. Throws where it was not. */
function demandChallenge(status: number): void {
  if (status === 401 || status === 403) return;
  if (status < 300) throw badInput("authType", "This server does not ask for a sign-in. Choose No sign-in, or check the URL.");
  const seen = `The server answered ${status} to an MCP request and does not say how to sign in.`;
  if (status >= 500)
    throw upstreamFailed({
      phase: "http",
      seen,
      actor: "provider",
      advice: "Try again later; if it stays like this, check the provider's status page.",
    });
  throw upstreamFailed({
    phase: "http",
    seen,
    actor: "organization_admin",
    advice: "Check that the URL is the MCP endpoint of the server; it often ends in /mcp.",
  });
}

/** The authorization servers to try: all that the server names, or the one of them that an admin chose. */
function candidatesOf(named: readonly string[], { authorizationServer: chosen }: OAuthSettings): readonly string[] {
  if (chosen === undefined) return named;
  const found = named.find((candidate) => candidate.replace(/\/$/, "") === chosen.replace(/\/$/, ""));
  if (found === undefined) throw badInput("advanced.authorizationServer", "The server does not name this sign-in server.");
  return [found];
}

/**
 * Discovers where and how to sign in to the MCP server at `url`, with the settings of its connection.
 * Throws BAD_INPUT (authType) when the server asks for no sign-in, (advanced.authorizationServer) when it does not name the chosen one,
 * UPSTREAM_FAILED (phase discovery, or the network's) otherwise.
 */
export async function discover(url: string, settings: OAuthSettings = {}): Promise<Discovery> {
  const target = new URL(url);
  try {
    const challenge = await askUnauthenticated(target);
    const metadata = await resourceMetadata(target, challenge.metadataUrl);
    if (!metadata) demandChallenge(challenge.status);
    if (
      metadata &&
      metadata.resource !== settings.resource &&
      !checkResourceAllowed({ requestedResource: target, configuredResource: metadata.resource })
    ) {
      throw discoveryFailed(
        "The server's sign-in description is for another address.",
        'Check the URL, or ask the provider: its resource metadata names a different resource. If you know that it is right, enter it as "Resource" in the advanced settings.',
        { actor: "organization_admin" },
      );
    }
    // Servers of 2025-03-26 have no resource metadata: their own origin is the authorization server, named with or without the slash.
    const named = metadata?.authorization_servers?.length ? metadata.authorization_servers : [`${target.origin}/`];
    const { issuer, serverMetadata } = await authorizationServerOf(candidatesOf(named, settings), settings);
    const scope = settings.scope ?? challenge.scope ?? metadata?.scopes_supported?.join(" ");
    // Scopes that an admin entered are meant as they are.
    const offline = settings.scope === undefined && settings.expectRefreshToken !== false;
    return {
      resource: settings.omitResource ? null : (settings.resource ?? metadata?.resource ?? target.href),
      issuer,
      serverMetadata,
      scope: scope ? (offline ? withOffline(scope, serverMetadata) : scope) : null,
      settings,
    };
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw upstreamFailed(diagnose(error, "discovery"), error);
  }
}

/** Asks for a refresh token where that takes a scope (OpenID Connect Core section 11). */
function withOffline(scope: string, { scopes_supported: supported }: AuthorizationServerMetadata): string {
  return supported?.includes("offline_access") && !scope.split(" ").includes("offline_access") ? `${scope} offline_access` : scope;
}
