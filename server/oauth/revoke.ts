// Tells a provider that tokens are no longer wanted (RFC 7009). Best effort: forgetting them here does not wait for its consent.
import { log } from "#server/log.ts";
import { loggableCauses } from "#server/outbound/loggable.ts";
import { outbound } from "#server/outbound/outbound.ts";

import { isSecure, revocationEndpointOf } from "./authorization-server.ts";
import { clientAuthentication } from "./client-authentication.ts";
import { openTokens, type TokenSet } from "./token-set.ts";

const revocationFetch = outbound.withLimits({ timeoutMs: 5_000, maxBytes: 65_536 });

/** Revokes tokens where the provider offers it; waits at most five seconds. Never throws. */
export async function revokeTokens(
  connectionId: string,
  { refreshToken, accessToken, client, serverMetadata }: Pick<TokenSet, "refreshToken" | "accessToken" | "client" | "serverMetadata">,
): Promise<void> {
  try {
    const endpoint = revocationEndpointOf(serverMetadata);
    // The metadata was kept with the tokens, perhaps before this was demanded of it.
    if (endpoint === undefined || !isSecure(endpoint)) return;
    // Revoking the refresh token ends the access tokens made with it (section 2.1).
    const body = new URLSearchParams(
      refreshToken === null
        ? { token: accessToken, token_type_hint: "access_token" }
        : { token: refreshToken, token_type_hint: "refresh_token" },
    );
    const headers = new Headers();
    clientAuthentication(client, serverMetadata)(headers, body);
    const response = await revocationFetch(endpoint, { method: "POST", body, headers });
    await response.body?.cancel();
    if (!response.ok) log.info({ connectionId, status: response.status }, "the provider refused to revoke");
  } catch (error) {
    log.info({ connectionId, causes: loggableCauses(error) }, "the provider could not be told to revoke");
  }
}

/** Revokes the tokens of a Credential row, which may be gone by now. Never throws. */
export async function revoke({
  connectionId,
  holder,
  sealed,
}: {
  connectionId: string;
  holder: string;
  sealed: string | null;
}): Promise<void> {
  if (sealed === null) return;
  let tokens: TokenSet;
  try {
    tokens = openTokens(connectionId, holder, sealed);
  } catch (error) {
    log.info({ connectionId, causes: loggableCauses(error) }, "tokens to revoke cannot be read");
    return;
  }
  await revokeTokens(connectionId, tokens);
}
