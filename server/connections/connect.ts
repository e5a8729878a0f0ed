// Connecting again without OAuth: a new API key, or a server without sign-in that was disconnected.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { transaction } from "#server/db.ts";
import { badInput } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { fixedHeaders, keyHeader } from "#server/upstream/authorization.ts";
import { probe } from "#server/upstream/probe.ts";
import { forgetSessions } from "#server/upstream/sessions.ts";

import { beginAllowed } from "./begin-authorization.ts";
import { demandMember } from "./demand-member.ts";
import { sealKey } from "./key.ts";
import { logged } from "./logged.ts";
import { saveCredential } from "./save-credential.ts";
import type { ConnectInput } from "./schema.ts";
import { demandUnmoved } from "./unmoved.ts";

/** Proves the server with this key (or none) and stores it. A shared one is for those who manage connections, an own one for everybody with access. Throws NOT_FOUND, FORBIDDEN, BAD_INPUT (apiKey), CONFLICT, UPSTREAM_FAILED; then the old credential stays. */
export async function connect(actor: Actor, { id, apiKey }: ConnectInput): Promise<{ tools: number }> {
  const connection = await beginAllowed(actor, id);
  if (connection.authType === "oauth") throw badInput("id", "This connection is connected by signing in.");
  if (connection.authType === "api_key" && !apiKey) throw badInput("apiKey", "Enter the API key.");
  if (connection.authType === "none" && apiKey) throw badInput("apiKey", "This server takes no API key.");
  const headers = apiKey === undefined ? {} : keyHeader(apiKey, connection);
  const listing = await logged(actor, "connect", () => probe({ url: connection.url, authorization: fixedHeaders(headers) }));
  const holder = connection.credentialMode === "shared" ? sharedHolder : actor.membershipId;
  await transaction(async (tx) => {
    await demandMember(tx, actor);
    await demandUnmoved(tx, connection);
    await saveCredential(
      tx,
      { connectionId: id, holder },
      { sealed: sealKey(id, holder, apiKey), issuer: null, expiresAt: null, renewable: true },
      listing,
    );
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
