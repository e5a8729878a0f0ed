// Connecting without a person at the provider: an API key, a service account, or a server without sign-in that was disconnected.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { transaction } from "#server/db.ts";
import { badInput } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { demandSameProvider } from "#server/oauth/begin.ts";
import { discover } from "#server/oauth/discover.ts";
import { storedClient } from "#server/oauth/registration.ts";
import { demandServiceClient, signInService } from "#server/oauth/service-account.ts";
import { settingsFrom } from "#server/oauth/settings.ts";
import { tokenColumns } from "#server/oauth/token-set.ts";
import { bearer, fixedHeaders, keyHeader } from "#server/upstream/authorization.ts";
import { probe } from "#server/upstream/probe.ts";
import { openStaticHeaders } from "#server/upstream/static-headers.ts";
import { forgetSessions } from "#server/upstream/sessions.ts";

import { beginAllowed } from "./begin-authorization.ts";
import { demandMember } from "./demand-member.ts";
import { lasting, sealKey } from "./key.ts";
import { logged } from "./logged.ts";
import { saveCredential } from "./save-credential.ts";
import type { ConnectInput } from "./schema.ts";
import { demandUnmoved } from "./unmoved.ts";

type Connection = Awaited<ReturnType<typeof beginAllowed>>;

async function prove({ id, orgId, url, authType, settings, ...connection }: Connection, holder: string, apiKey: string | undefined) {
  const list = (credential: Record<string, string>) =>
    probe({ url, authorization: fixedHeaders({ ...openStaticHeaders(id, connection.staticHeaders), ...credential }) });
  if (authType !== "oauth") {
    const listing = await list(apiKey === undefined ? {} : keyHeader(apiKey, connection));
    return { listing, secret: { sealed: sealKey(id, holder, apiKey), ...lasting } };
  }
  const discovery = await discover(url, settingsFrom(settings));
  if (discovery.settings.grantType !== "client_credentials") throw badInput("id", "This connection is connected by signing in.");
  await demandSameProvider(orgId, id, discovery);
  const client = demandServiceClient((await storedClient(id, discovery.issuer))?.information);
  const { tokens, lifetimeSeconds } = await signInService(discovery, client);
  return { listing: await list(bearer(tokens.accessToken)), secret: tokenColumns(id, holder, tokens, lifetimeSeconds) };
}

/** Proves the server with this key (or none, or as its service account) and stores it. A shared one is for those who manage connections, an own one for everybody with access. Throws NOT_FOUND, FORBIDDEN, BAD_INPUT (apiKey), CONFLICT, UPSTREAM_FAILED; then the old credential stays. */
export async function connect(actor: Actor, { id, apiKey }: ConnectInput): Promise<{ tools: number }> {
  const connection = await beginAllowed(actor, id);
  if (connection.authType === "api_key" && !apiKey) throw badInput("apiKey", "Enter the API key.");
  if (connection.authType !== "api_key" && apiKey) throw badInput("apiKey", "This server takes no API key.");
  const holder = connection.credentialMode === "shared" ? sharedHolder : actor.membershipId;
  const { listing, secret } = await logged(actor, "connect", () => prove(connection, holder, apiKey));
  await transaction(async (tx) => {
    await demandMember(tx, actor);
    await demandUnmoved(tx, connection);
    await saveCredential(tx, { connectionId: id, holder }, secret, listing);
    await record(tx, actor, {
      action: "connection.connected",
      target: { type: "connection", id, name: connection.name },
      details: { tools: listing.tools.length },
    });
  });
  changed(actor.orgId);
  forgetSessions({ connectionId: id, holder });
  return { tools: listing.tools.length };
}
