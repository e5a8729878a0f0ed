// Turns the authorization code into tokens (RFC 6749 section 4.1.3, with PKCE and RFC 8707).
import { exchangeAuthorization, OAuthError, OAuthErrorCode } from "@modelcontextprotocol/client";

import { upstreamFailed, type UpstreamFailure } from "#server/errors.ts";
import { diagnose } from "#server/outbound/failure.ts";
import { wordless } from "#server/outbound/loggable.ts";

import type { Attempt } from "./claim.ts";
import { clientAuthentication } from "./client-authentication.ts";
import { forgetRegistration } from "./registration.ts";
import { revokeTokens } from "./revoke.ts";
import { tokenFetch } from "./token-response.ts";
import { toTokenSet, type TokenSet } from "./token-set.ts";

const byAdmin = (seen: string, advice: string): UpstreamFailure => ({ phase: "token", seen, actor: "organization_admin", advice });

/** RFC 8707 section 2. Entra-backed servers say it in other codes. */
export const resourceRefused = {
  seen: "The provider refuses the resource parameter (RFC 8707).",
  advice: 'Set "Leave out the resource parameter" in the advanced settings, or enter the identifier it wants as "Resource".',
};

/** Why a token endpoint handed out nothing, in words. */
export function tokenRefusal(error: unknown): UpstreamFailure {
  const network = diagnose(error, "token");
  if (network.phase !== "token") return network;
  if (error instanceof OAuthError && error.code === OAuthErrorCode.InvalidClient) {
    return byAdmin(
      "The sign-in server does not know Gatehouse under its client id and secret.",
      'Connect again; if it stays like this, check the client id and secret, and "Token endpoint authentication" in the advanced settings.',
    );
  }
  if (error instanceof OAuthError && error.code === OAuthErrorCode.InvalidTarget)
    return byAdmin(resourceRefused.seen, resourceRefused.advice);
  if (error instanceof OAuthError) {
    const advice = "Try again; if it stays like this, the provider or the client's settings there are the cause.";
    return { phase: "token", seen: "The sign-in server did not hand out tokens for this sign-in.", actor: "member", advice };
  }
  return byAdmin(
    "The token is not where it should be in the sign-in server's answer.",
    'Look up the provider\'s documentation and enter the field it sits in as "Where the token is" in the advanced settings, for example authed_user.',
  );
}

/** Tokens for the code; nothing is stored yet. The callback's issuer was checked before. Throws UPSTREAM_FAILED (phase token, or the network's). */
export async function exchange(attempt: Attempt, code: string): Promise<{ tokens: TokenSet; lifetimeSeconds: number | undefined }> {
  const { client, codeVerifier, discovery } = attempt.secrets;
  const { issuer, resource, serverMetadata, settings } = discovery;
  const { tokenPath } = settings;
  const response = await exchangeAuthorization(issuer, {
    metadata: serverMetadata,
    clientInformation: client,
    addClientAuthentication: clientAuthentication(client, serverMetadata),
    authorizationCode: code,
    codeVerifier,
    redirectUri: attempt.redirectUri,
    fetchFn: tokenFetch(tokenPath),
    iss: serverMetadata.issuer,
    ...(resource ? { resource } : {}),
  }).catch(async (error: unknown) => {
    if (error instanceof OAuthError && error.code === OAuthErrorCode.InvalidClient) await forgetRegistration(attempt, client.client_id);
    // The SDK's error may hold the whole answer, and that the code, the secret or tokens.
    throw upstreamFailed(tokenRefusal(error), wordless(error));
  });
  // A response that names no scope granted what was asked for (RFC 6749 section 5.1).
  const tokens = toTokenSet(response, { resource, issuer, tokenPath, serverMetadata, client }, { scope: discovery.scope });
  if (settings.expectRefreshToken === true && tokens.refreshToken === null) {
    await revokeTokens(attempt.connectionId, tokens);
    throw upstreamFailed(
      byAdmin(
        "The provider gave no refresh token, so that people would soon have to sign in again.",
        'Enter what it wants for one as "Extra authorize parameters" or "Scopes" in the advanced settings (Google: access_type=offline and prompt=consent), or set "Refresh token" to not expected.',
      ),
    );
  }
  return { tokens, lifetimeSeconds: response.expires_in };
}
