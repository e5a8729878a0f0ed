// Turns the authorization code into tokens (RFC 6749 section 4.1.3, with PKCE and RFC 8707).
import { exchangeAuthorization } from "@modelcontextprotocol/client";

import { upstreamFailed } from "#server/errors.ts";
import { diagnose } from "#server/outbound/failure.ts";

import type { Attempt } from "./claim.ts";
import { oauthFetch } from "./discover.ts";
import { toTokenSet, type TokenSet } from "./token-set.ts";

/** Tokens for the code; nothing is stored yet. Throws UPSTREAM_FAILED (phase token). */
export async function exchange({ secrets, redirectUri }: Attempt, { code, iss }: { code: string; iss: string | null }): Promise<{ tokens: TokenSet; lifetimeSeconds: number | undefined }> {
  const { client, codeVerifier, discovery } = secrets;
  const { issuer, resource, serverMetadata } = discovery;
  try {
    const response = await exchangeAuthorization(issuer, {
      metadata: serverMetadata,
      clientInformation: client,
      authorizationCode: code,
      codeVerifier,
      redirectUri,
      resource,
      fetchFn: oauthFetch,
      ...(iss === null ? {} : { iss }),
    });
    return { tokens: toTokenSet(response, { resource, issuer, serverMetadata }), lifetimeSeconds: response.expires_in };
  } catch (error) {
    const network = diagnose(error, "token");
    if (network.phase !== "token") throw upstreamFailed(network, error);
    const seen = "The sign-in server did not hand out tokens for this sign-in.";
    throw upstreamFailed({ phase: "token", seen, actor: "member", advice: "Try again; if it stays like this, the provider or the client's settings there are the cause." }, error);
  }
}
