// How Gatehouse introduces itself to authorization servers: the document behind a URL client id, and the body of a registration.
import type { OAuthClientMetadata } from "@modelcontextprotocol/client";

import { links } from "#server/origin.ts";

/** The registration request (RFC 7591 section 2) of the product at `origin`. */
export function registrationRequest(
  origin: string,
  authMethod: "none" | "client_secret_post" | "client_secret_basic",
): OAuthClientMetadata {
  return {
    client_name: "Gatehouse",
    client_uri: origin,
    redirect_uris: [links.oauthCallback(origin)],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: authMethod,
    application_type: "web",
  };
}

/** The Client ID Metadata Document served at `/oauth/client-metadata.json`; its own URL is the client id. */
export function clientMetadata(origin: string): OAuthClientMetadata & { client_id: string } {
  return { client_id: links.clientMetadata(origin), ...registrationRequest(origin, "none") };
}
