// From the names of authorization servers to the one Gatehouse will send people and credentials to.
import { type AuthorizationServerMetadata, discoverAuthorizationServerMetadata } from "@modelcontextprotocol/client";

import { env } from "#server/env.ts";
import { DomainError, upstreamFailed } from "#server/errors.ts";
import { diagnose } from "#server/outbound/failure.ts";

import { oauthFetch } from "./oauth-fetch.ts";
import type { OAuthSettings } from "./settings.ts";

/** UPSTREAM_FAILED in the discovery phase, which the provider has to mend, or an admin who knows better can overrule by a setting. */
export function discoveryFailed(
  seen: string,
  advice: string,
  { cause, actor = "provider" }: { cause?: unknown; actor?: "provider" | "organization_admin" } = {},
): DomainError {
  return upstreamFailed({ phase: "discovery", seen, actor, advice }, cause);
}

/** Whether credentials may be sent there. */
export function isSecure(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname } = new URL(endpoint);
  // Plain http stays on this machine, and only where the operator opened private networks (the outbound guard refuses it elsewhere).
  return (
    protocol === "https:" || (protocol === "http:" && env.ALLOW_PRIVATE_UPSTREAMS && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname))
  );
}

/** Where tokens are revoked (RFC 7009), where that is offered. */
export function revocationEndpointOf(metadata: object): string | undefined {
  return "revocation_endpoint" in metadata && typeof metadata.revocation_endpoint === "string" ? metadata.revocation_endpoint : undefined;
}

/** What is demanded of an authorization server before anybody is sent there: PKCE with S256 is always used, and TLS is not negotiable. */
function demandUsable(metadata: AuthorizationServerMetadata, { allowMissingPkce }: OAuthSettings): void {
  const { code_challenge_methods_supported: methods, authorization_endpoint, token_endpoint, registration_endpoint } = metadata;
  if (!(methods === undefined && allowMissingPkce) && !methods?.includes("S256")) {
    throw discoveryFailed(
      "The sign-in server does not say that it supports PKCE with S256.",
      methods === undefined
        ? 'Ask the provider to announce it. If you know that it does support it, set "Allow missing PKCE metadata" in the advanced settings.'
        : "Gatehouse does not sign in without it; ask the provider to announce it.",
      { actor: methods === undefined ? "organization_admin" : "provider" },
    );
  }
  const endpoints = [authorization_endpoint, token_endpoint, registration_endpoint, revocationEndpointOf(metadata)];
  if (!endpoints.every((endpoint) => endpoint === undefined || isSecure(endpoint))) {
    throw discoveryFailed("The sign-in server names an address without https.", "Gatehouse sends no credentials there; ask the provider.");
  }
}

/** A name from a document of theirs, if it is short and plain enough to be shown. */
export function shown(issuer: string): string {
  return /^https?:\/\/[\w.:/%~-]{1,200}$/.test(issuer) ? issuer : "something that is no address";
}

/** RFC 8414 section 3.3: it is called what it was found by, or what an admin trusts. */
function demandIssuer(candidate: string, { issuer }: AuthorizationServerMetadata, { trustedIssuer }: OAuthSettings): void {
  // Google names it with a slash where it is found and without in its own document.
  if (issuer === candidate || `${issuer}/` === candidate || issuer === trustedIssuer) return;
  throw discoveryFailed(
    `The sign-in server gives another name than the one it was found by: it calls itself ${shown(issuer)}.`,
    'Ask the provider to correct its issuer. If you know that this name is theirs, enter it as "Trusted issuer" in the advanced settings.',
    { actor: "organization_admin" },
  );
}

/** What an admin entered by hand, in place of what the server says. */
function corrected(metadata: AuthorizationServerMetadata, settings: OAuthSettings): AuthorizationServerMetadata {
  const { authorizationEndpoint, tokenEndpoint, tokenEndpointAuthMethod } = settings;
  return {
    ...metadata,
    ...(authorizationEndpoint ? { authorization_endpoint: authorizationEndpoint } : {}),
    ...(tokenEndpoint ? { token_endpoint: tokenEndpoint } : {}),
    ...(tokenEndpointAuthMethod ? { token_endpoint_auth_methods_supported: [tokenEndpointAuthMethod] } : {}),
  };
}

/** For a provider without any metadata: both endpoints by hand are enough. */
function byHand(settings: OAuthSettings): AuthorizationServerMetadata | null {
  const { authorizationEndpoint: authorization_endpoint, tokenEndpoint: token_endpoint, trustedIssuer } = settings;
  if (!authorization_endpoint || !token_endpoint) return null;
  const issuer = trustedIssuer ?? new URL(authorization_endpoint).origin;
  return { issuer, authorization_endpoint, token_endpoint, response_types_supported: ["code"] };
}

/**
 * The first usable authorization server, by RFC 8414 or OpenID discovery, as the admin's settings correct it.
 * Throws UPSTREAM_FAILED (phase discovery, or the network's) with the first problem when there is none.
 */
export async function authorizationServerOf(
  candidates: readonly string[],
  settings: OAuthSettings,
): Promise<{ issuer: string; serverMetadata: AuthorizationServerMetadata }> {
  const usable = (metadata: AuthorizationServerMetadata) => {
    const serverMetadata = corrected(metadata, settings);
    demandUsable(serverMetadata, settings);
    return { issuer: serverMetadata.issuer, serverMetadata };
  };
  let problem: unknown;
  for (const candidate of candidates) {
    try {
      // The check is ours (below), because an admin may know another name.
      const metadata = await discoverAuthorizationServerMetadata(candidate, { fetchFn: oauthFetch, skipIssuerValidation: true });
      if (!metadata) continue;
      demandIssuer(candidate, metadata, settings);
      const isOwnName = metadata.issuer === candidate || `${metadata.issuer}/` === candidate;
      // A name that only an admin's trust lets pass proves nothing: what is kept is bound to where it was found.
      return { ...usable(metadata), ...(isOwnName ? {} : { issuer: candidate }) };
    } catch (error) {
      problem ??= error;
    }
  }
  if (problem instanceof DomainError) throw problem;
  const entered = byHand(settings);
  if (entered) return usable(entered);
  const network = problem === undefined ? null : diagnose(problem, "discovery");
  if (network && network.phase !== "discovery") throw upstreamFailed({ ...network, seen: `The sign-in server: ${network.seen}` }, problem);
  throw discoveryFailed(
    "No usable description of the sign-in server was found (RFC 8414).",
    "Ask the provider, use an API key if it offers one, or enter the authorize and token endpoints in the advanced settings.",
    { cause: problem },
  );
}
