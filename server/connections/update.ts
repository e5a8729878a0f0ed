// Editing a connection's settings, under an optimistic lock.
import { isDeepStrictEqual } from "node:util";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { type Prisma, transaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import { badInput } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { discover } from "#server/oauth/discover.ts";
import { storedClient } from "#server/oauth/registration.ts";
import { type OAuthSettings, settingsFrom } from "#server/oauth/settings.ts";
import { checkUpstreamUrl } from "#server/outbound/url.ts";
import { staticHeaderColumns } from "#server/upstream/static-headers.ts";
import { forgetSessions } from "#server/upstream/sessions.ts";

import { preregistered } from "./create.ts";
import { editedMeanwhile, isDuplicate, nameTaken } from "./errors.ts";
import { findManaged } from "./find-managed.ts";
import { forgetCredentials } from "./forget.ts";
import { logged } from "./logged.ts";
import type { UpdateInput } from "./schema.ts";

/** As it is read back from JSON. */
const definedOf = (settings: OAuthSettings) => Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));

/** Whether this is the client people signed in with: a new secret for it ends no sign-in. */
async function isSameClient(connectionId: string, issuer: string, clientId: string): Promise<boolean> {
  const stored = await storedClient(connectionId, issuer);
  return stored?.source === "preregistered" && stored.information.client_id === clientId;
}

/**
 * Saves new settings. Another URL, key header, OAuth client or advanced setting means that the stored credentials were made for something else: they are revoked and
 * forgotten, and the connection has to be connected again (`disconnected` says so).
 * Throws NOT_FOUND, CONFLICT (edited meanwhile, name taken), BAD_INPUT, UPSTREAM_FAILED when a new OAuth client's issuer cannot be discovered.
 */
export async function update(actor: Actor, input: UpdateInput): Promise<{ version: number; disconnected: boolean }> {
  const { id, version, name, headerName, headerPrefix, oauthClient, advanced, enabled, requestable } = input;
  const connection = await findManaged(actor, id);
  if (connection.version !== version) throw editedMeanwhile();
  if (oauthClient && connection.authType !== "oauth") throw badInput("oauthClient", "Only a connection with OAuth has a client.");
  if ((headerName || headerPrefix) && connection.authType !== "api_key")
    throw badInput("headerName", "Only a connection with an API key has a key header.");
  if (advanced?.grantType === "client_credentials" && connection.credentialMode !== "shared")
    throw badInput("advanced.grantType", "A service account is one for everybody; here each person connects their own.");
  if (advanced && connection.authType !== "oauth") throw badInput("advanced", "Only a connection with OAuth has these settings.");
  const url = input.url === undefined ? connection.url : checkUpstreamUrl(input.url, { allowPrivate: env.ALLOW_PRIVATE_UPSTREAMS }).href;
  const moved = url !== connection.url;
  const before = settingsFrom(connection.settings);
  // They were entered for the provider at the old address.
  const settings = advanced ?? (moved ? {} : before);
  const discovery = oauthClient ? await logged(actor, "update", () => discover(url, settings)) : null;
  const reset = !isDeepStrictEqual(definedOf(settings), before);
  const rekeyed =
    (headerName !== undefined && headerName !== connection.headerName) ||
    (headerPrefix !== undefined && headerPrefix !== connection.headerPrefix);
  const switched = enabled !== undefined && enabled !== (connection.disabledAt === null);
  const renewedSecret = oauthClient && discovery ? await isSameClient(id, discovery.issuer, oauthClient.clientId) : false;
  // They were entered for the old address, too.
  const staticHeaders = input.staticHeaders ?? (moved && connection.staticHeaders !== null ? {} : undefined);
  if (staticHeaders && connection.headerName !== null && staticHeaders[connection.headerName.toLowerCase()] !== undefined)
    throw badInput("staticHeaders", "The key is sent in this header already.");
  const disconnected = moved || rekeyed || reset || (oauthClient !== undefined && !renewedSecret);
  const data: Prisma.ConnectionUpdateManyMutationInput = {
    version: { increment: 1 },
    url,
    ...(reset ? { settings } : {}),
    ...(name === undefined ? {} : { name, nameKey: name.toLowerCase() }),
    ...(headerName === undefined ? {} : { headerName }),
    ...(headerPrefix === undefined ? {} : { headerPrefix }),
    ...(requestable === undefined ? {} : { requestable }),
    ...(staticHeaders ? { ...staticHeaderColumns(id, staticHeaders), staticHeadersRevision: { increment: 1 } } : {}),
    ...(switched ? (enabled ? { disabledAt: null, disabledBy: null } : { disabledAt: new Date(), disabledBy: actor.name }) : {}),
  };
  try {
    const forgotten = await transaction(async (tx) => {
      const saved = await tx.connection.updateMany({ where: { id, orgId: actor.orgId, version }, data });
      if (saved.count === 0) throw editedMeanwhile();
      const forgotten = disconnected ? await forgetCredentials(tx, { connectionId: id }) : null;
      // Clients belong to the issuer of the old address; a new one is found when somebody connects. And a secret that was entered for one token
      // endpoint is not sent to another, which whoever edits this may have chosen to read it.
      if (moved || oauthClient || settings.tokenEndpoint !== before.tokenEndpoint)
        await tx.oAuthClient.deleteMany({ where: { connectionId: id } });
      if (oauthClient && discovery) await tx.oAuthClient.create({ data: preregistered(id, discovery.issuer, oauthClient) });
      const changes = [
        ...(name === undefined ? [] : ["name"]),
        ...(moved ? ["url"] : []),
        ...(rekeyed ? ["header"] : []),
        ...(oauthClient ? ["oauthClient"] : []),
        ...(reset ? ["advanced"] : []),
        ...(staticHeaders ? ["staticHeaders"] : []),
        ...(switched ? [enabled ? "enabled" : "disabled"] : []),
        ...(requestable === undefined || requestable === connection.requestable ? [] : [requestable ? "requestable" : "not requestable"]),
      ];
      await record(tx, actor, {
        action: "connection.updated",
        target: { type: "connection", id, name: name ?? connection.name },
        details: { changes, disconnected },
      });
      return forgotten;
    });
    changed(actor.orgId);
    if (disconnected || staticHeaders || enabled === false) forgetSessions({ connectionId: id });
    await forgotten?.revoke();
  } catch (error) {
    throw isDuplicate(error) ? nameTaken(error) : error;
  }
  return { version: version + 1, disconnected };
}
