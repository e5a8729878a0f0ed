// Tells a provider that tokens are no longer wanted (RFC 7009). Best effort: forgetting them here does not wait for it.
import { log } from "#server/log.ts";
import { outbound } from "#server/outbound/outbound.ts";

import { storedClient } from "./registration.ts";
import { openTokens } from "./token-set.ts";

const revocationFetch = outbound.withLimits({ timeoutMs: 5_000, maxBytes: 65_536 });

function endpointOf(metadata: object): string | null {
  return "revocation_endpoint" in metadata && typeof metadata.revocation_endpoint === "string" ? metadata.revocation_endpoint : null;
}

/** Client authentication of RFC 6749 section 2.3.1; Basic wants both parts form-encoded first. */
function authenticate(client: { client_id: string; client_secret?: string }, body: URLSearchParams): Record<string, string> {
  if (client.client_secret === undefined) {
    body.set("client_id", client.client_id);
    return {};
  }
  const encode = (part: string) => new URLSearchParams({ "": part }).toString().slice(1);
  return { authorization: `Basic ${Buffer.from(`${encode(client.client_id)}:${encode(client.client_secret)}`).toString("base64")}` };
}

/** Everything needed to revoke, read while the rows are still there; call the result after they are gone. Never throws. */
export async function prepareRevocation({ connectionId, holder, sealed }: { connectionId: string; holder: string; sealed: string | null }): Promise<() => Promise<void>> {
  const nothing = () => Promise.resolve();
  if (sealed === null) return nothing;
  try {
    const tokens = openTokens(connectionId, holder, sealed);
    const endpoint = endpointOf(tokens.serverMetadata);
    const client = await storedClient(connectionId, tokens.issuer);
    if (!endpoint || !client) return nothing;
    const { refreshToken, accessToken } = tokens;
    const body = new URLSearchParams(
      refreshToken === null ? { token: accessToken, token_type_hint: "access_token" } : { token: refreshToken, token_type_hint: "refresh_token" },
    );
    const headers = authenticate(client.information, body);
    return async () => {
      try {
        const response = await revocationFetch(endpoint, { method: "POST", body, headers });
        await response.body?.cancel();
      } catch (error) {
        log.info({ connectionId, reason: error instanceof Error ? error.message : "unknown" }, "the provider could not be told to revoke");
      }
    };
  } catch (error) {
    log.warn({ connectionId, reason: error instanceof Error ? error.message : "unknown" }, "revocation could not be prepared");
    return nothing;
  }
}
