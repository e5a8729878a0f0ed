// Service accounts: tokens for the client itself (RFC 6749 section 4.4). Nobody signs in; the client's secret is the sign-in, and it renews itself.
import { ClientCredentialsProvider, fetchToken, type OAuthTokens } from "@modelcontextprotocol/client";

import { badInput, upstreamFailed } from "#server/errors.ts";
import { wordless } from "#server/outbound/loggable.ts";

import { clientAuthentication } from "./client-authentication.ts";
import type { Discovery } from "./discover.ts";
import { tokenRefusal } from "./exchange.ts";
import type { ClientInformation } from "./registration.ts";
import { tokenFetch } from "./token-response.ts";
import { toTokenSet, type TokenSet } from "./token-set.ts";

type Request = Pick<TokenSet, "issuer" | "resource" | "tokenPath" | "serverMetadata" | "client" | "scope">;

/** A fresh access token for the client. Throws what the SDK and the network throw: OAuthError for a refusal. */
export function requestServiceToken({ issuer, resource, tokenPath, serverMetadata, client, scope }: Request): Promise<OAuthTokens> {
  const account = new ClientCredentialsProvider({
    clientId: client.client_id,
    clientSecret: client.client_secret ?? "",
    expectedIssuer: serverMetadata.issuer,
  });
  return fetchToken(Object.assign(account, { addClientAuthentication: clientAuthentication(client, serverMetadata) }), issuer, {
    metadata: serverMetadata,
    fetchFn: tokenFetch(tokenPath),
    ...(resource ? { resource } : {}),
    ...(scope ? { scope } : {}),
  });
}

/** The first tokens of a service account; nothing is stored yet. Throws UPSTREAM_FAILED (phase token, or the network's). */
export async function signInService(
  { issuer, resource, serverMetadata, scope: offered, settings }: Discovery,
  client: ClientInformation,
): Promise<{ tokens: TokenSet; lifetimeSeconds: number | undefined }> {
  // There is nobody to be offline.
  const scope =
    settings.scope ??
    (offered
      ?.split(" ")
      .filter((word) => word !== "offline_access")
      .join(" ") ||
      null);
  const request = { issuer, resource, tokenPath: settings.tokenPath, serverMetadata, client };
  const response = await requestServiceToken({ ...request, scope }).catch((error: unknown) => {
    throw upstreamFailed(tokenRefusal(error), wordless(error));
  });
  // A refresh token is of no use here (RFC 6749 section 4.4.3): the next token is asked for in the same way.
  const tokens = { ...toTokenSet(response, request, { scope }), refreshToken: null, isService: true };
  return { tokens, lifetimeSeconds: response.expires_in };
}

/** The client of a service account. Throws BAD_INPUT (oauthClient) for one that cannot sign in by itself. */
export function demandServiceClient(client: ClientInformation | undefined): ClientInformation {
  if (client?.client_secret === undefined)
    throw badInput("oauthClient", "A service account signs in with a client id and a client secret: enter both.");
  return client;
}
