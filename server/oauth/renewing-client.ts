// The client a sign-in is renewed with: the one it was given to, with its newest secret, or another one once the provider refuses it.
import { record } from "#server/audit/record.ts";
import { transaction } from "#server/db.ts";

import { type ClientInformation, clientColumns, registerDynamically, storedClient } from "./registration.ts";
import type { TokenSet } from "./token-set.ts";

/** The client of these tokens. An admin may have entered a new secret for it since they were handed out. */
export async function clientOf(connectionId: string, { issuer, client }: TokenSet): Promise<ClientInformation> {
  const stored = await storedClient(connectionId, issuer);
  return stored?.information.client_id === client.client_id ? stored.information : client;
}

/** Where the sign-in of a registered client came back to; null for a client that Gatehouse did not register. */
function originOf(client: ClientInformation): string | null {
  const [redirectUri] = "redirect_uris" in client ? client.redirect_uris : [];
  return redirectUri !== undefined && URL.canParse(redirectUri) ? new URL(redirectUri).origin : null;
}

/**
 * Another client to try once the provider refused `client` (invalid_client), or null when only an admin can help: the one that took its place
 * meanwhile, or for a dynamic registration that the provider forgot or that ended (RFC 7591 section 3.2.1), a new one. Refresh tokens are bound
 * to their client (RFC 6749 section 6), so a strict provider answers invalid_grant then; the next sign-in finds the registration made.
 * Throws UPSTREAM_FAILED (registration).
 */
export async function clientInstead(
  { orgId, connectionId }: { orgId: string; connectionId: string },
  { issuer, serverMetadata, scope }: TokenSet,
  client: ClientInformation,
): Promise<ClientInformation | null> {
  const stored = await storedClient(connectionId, issuer);
  if (stored && stored.information.client_id !== client.client_id) return stored.information;
  const origin = originOf(client);
  if (stored?.source !== "dcr" || origin === null || !serverMetadata.registration_endpoint) return null;
  // What was granted may be less than the next sign-in asks for.
  const registered = "scope" in client ? client.scope : undefined;
  const information = await registerDynamically({ issuer, serverMetadata, scope: registered ?? scope }, origin);
  const isKept = await transaction(async (tx) => {
    const { count } = await tx.oAuthClient.updateMany({
      where: { connectionId, issuer, clientId: client.client_id, source: "dcr", connection: { orgId } },
      data: clientColumns(connectionId, issuer, "dcr", information),
    });
    if (count === 0) return false;
    const { name } = await tx.connection.findUniqueOrThrow({ where: { id: connectionId }, select: { name: true } });
    await record(
      tx,
      { via: "system", orgId, name: "Gatehouse", requestId: "background" },
      { action: "connection.registered", target: { type: "connection", id: connectionId, name }, details: { issuer } },
    );
    return true;
  });
  // Somebody else was quicker: theirs is the one that the next sign-in uses.
  return isKept ? information : ((await storedClient(connectionId, issuer))?.information ?? null);
}
