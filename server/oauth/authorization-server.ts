// From the names of authorization servers to the one Gatehouse will send people and credentials to.
import { type AuthorizationServerMetadata, discoverAuthorizationServerMetadata, IssuerMismatchError } from "@modelcontextprotocol/client";

import { env } from "#server/env.ts";
import { DomainError, upstreamFailed } from "#server/errors.ts";
import { diagnose } from "#server/outbound/failure.ts";

import { oauthFetch } from "./oauth-fetch.ts";

/** UPSTREAM_FAILED in the discovery phase, which the provider has to mend. */
export function discoveryFailed(seen: string, advice: string, cause?: unknown): DomainError {
  return upstreamFailed({ phase: "discovery", seen, actor: "provider", advice }, cause);
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

/** What is demanded of an authorization server before anybody is sent there: PKCE with S256 is not negotiable, nor is TLS. */
function demandUsable(metadata: AuthorizationServerMetadata): void {
  const { code_challenge_methods_supported: methods, authorization_endpoint, token_endpoint, registration_endpoint } = metadata;
  if (!methods?.includes("S256")) {
    throw discoveryFailed(
      "The sign-in server does not say that it supports PKCE with S256.",
      "Gatehouse does not sign in without it; ask the provider to announce it.",
    );
  }
  const endpoints = [authorization_endpoint, token_endpoint, registration_endpoint, revocationEndpointOf(metadata)];
  if (!endpoints.every((endpoint) => endpoint === undefined || isSecure(endpoint))) {
    throw discoveryFailed("The sign-in server names an address without https.", "Gatehouse sends no credentials there; ask the provider.");
  }
}

/**
 * The first usable authorization server, by RFC 8414 or OpenID discovery; its `issuer` has to be the one it was found by (RFC 8414 section 3.3).
 * Throws UPSTREAM_FAILED (phase discovery, or the network's) with the first problem when there is none.
 */
export async function authorizationServerOf(
  candidates: readonly string[],
): Promise<{ issuer: string; serverMetadata: AuthorizationServerMetadata }> {
  let problem: unknown;
  for (const candidate of candidates) {
    try {
      const serverMetadata = await discoverAuthorizationServerMetadata(candidate, { fetchFn: oauthFetch });
      if (!serverMetadata) continue;
      demandUsable(serverMetadata);
      return { issuer: serverMetadata.issuer, serverMetadata };
    } catch (error) {
      problem ??= error;
    }
  }
  if (problem instanceof DomainError) throw problem;
  if (problem instanceof IssuerMismatchError) {
    throw discoveryFailed(
      "The sign-in server gives another name than the one it was found by.",
      "Gatehouse does not trust it; ask the provider to correct its issuer.",
      problem,
    );
  }
  const network = problem === undefined ? null : diagnose(problem, "discovery");
  if (network && network.phase !== "discovery") throw upstreamFailed({ ...network, seen: `The sign-in server: ${network.seen}` }, problem);
  throw discoveryFailed(
    "No usable description of the sign-in server was found (RFC 8414).",
    "Ask the provider, or use an API key if it offers one.",
    problem,
  );
}
