// How Gatehouse proves which client it is, at token and revocation endpoints (RFC 6749 section 2.3.1).
import { type AuthorizationServerMetadata, type OAuthClientInformationMixed, selectClientAuthMethod } from "@modelcontextprotocol/client";

/** Basic wants both parts form-encoded first, which the SDK leaves out: a colon or an umlaut in a secret would break it. */
const formEncoded = (part: string) => new URLSearchParams([["", part]]).toString().slice(1);

/** Adds the client's authentication to a request, by the method that both sides know. Fits the SDK's `addClientAuthentication`. */
export function clientAuthentication(client: OAuthClientInformationMixed, metadata: AuthorizationServerMetadata) {
  return (headers: Headers, body: URLSearchParams): void => {
    const { client_id: id, client_secret: secret } = client;
    const method = selectClientAuthMethod(client, metadata.token_endpoint_auth_methods_supported ?? []);
    if (secret !== undefined && method === "client_secret_basic") {
      headers.set("authorization", `Basic ${Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString("base64")}`);
      return;
    }
    body.set("client_id", id);
    if (secret !== undefined && method !== "none") body.set("client_secret", secret);
  };
}
