// Turns the authorization code into tokens (RFC 6749 section 4.1.3, with PKCE and RFC 8707).
import { exchangeAuthorization, OAuthError, OAuthErrorCode } from "@modelcontextprotocol/client";

import { upstreamFailed, type UpstreamFailure } from "#server/errors.ts";
import { diagnose } from "#server/outbound/failure.ts";
import { wordless } from "#server/outbound/loggable.ts";

import type { Attempt } from "./claim.ts";
import { clientAuthentication } from "./client-authentication.ts";
import { oauthFetch } from "./oauth-fetch.ts";
import { forgetRegistration } from "./registration.ts";
import { toTokenSet, type TokenSet } from "./token-set.ts";

function refusal(error: unknown): UpstreamFailure {
  const network = diagnose(error, "token");
  if (network.phase !== "token") return network;
  if (error instanceof OAuthError && error.code === OAuthErrorCode.InvalidClient) {
    const advice = "Connect again; if it stays like this, check the client id and secret in the connection's settings.";
    return {
      phase: "token",
      seen: "The sign-in server does not know Gatehouse under its client id and secret.",
      actor: "organization_admin",
      advice,
    };
  }
  const advice = "Try again; if it stays like this, the provider or the client's settings there are the cause.";
  return { phase: "token", seen: "The sign-in server did not hand out tokens for this sign-in.", actor: "member", advice };
}

/** Tokens for the code; nothing is stored yet. Throws UPSTREAM_FAILED (phase token, or the network's). */
export async function exchange(
  attempt: Attempt,
  { code, iss }: { code: string; iss: string | null },
): Promise<{ tokens: TokenSet; lifetimeSeconds: number | undefined }> {
  const { client, codeVerifier, discovery } = attempt.secrets;
  const { issuer, resource, serverMetadata } = discovery;
  try {
    const response = await exchangeAuthorization(issuer, {
      metadata: serverMetadata,
      clientInformation: client,
      addClientAuthentication: clientAuthentication(client, serverMetadata),
      authorizationCode: code,
      codeVerifier,
      redirectUri: attempt.redirectUri,
      resource,
      fetchFn: oauthFetch,
      ...(iss === null ? {} : { iss }),
    });
    // A response that names no scope granted what was asked for (RFC 6749 section 5.1).
    const tokens = toTokenSet(response, { resource, issuer, serverMetadata, client }, { scope: discovery.scope });
    return { tokens, lifetimeSeconds: response.expires_in };
  } catch (error) {
    if (error instanceof OAuthError && error.code === OAuthErrorCode.InvalidClient) await forgetRegistration(attempt, client.client_id);
    // The SDK's error may hold the whole answer, and that the code, the secret or tokens.
    throw upstreamFailed(refusal(error), wordless(error));
  }
}
