// "Connect" for a connection with OAuth: who may press it, and as whom the tokens will be kept.
import type { Actor } from "#server/auth/actor.ts";
import { demand, may } from "#server/auth/permissions.ts";
import { db, type Tx } from "#server/db.ts";
import { badInput, notFound } from "#server/errors.ts";
import { requireUsable } from "#server/grants/access.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { begin } from "#server/oauth/begin.ts";
import { settingsFrom } from "#server/oauth/settings.ts";

import { logged } from "./logged.ts";
import { demandUnmoved } from "./unmoved.ts";

/** What an attempt is bound to: the browser session, or the admin token that began it. */
export function browserOf({ sessionId, tokenId }: Pick<Actor, "sessionId" | "tokenId">): string {
  return sessionId ?? `token:${tokenId ?? ""}`;
}

/** The connection, if this actor may connect it: the shared account those who manage connections, an own account everybody with a grant. Throws NOT_FOUND, FORBIDDEN. */
export async function beginAllowed(actor: Actor, connectionId: string) {
  const connection = await db.connection.findFirst({
    where: { id: connectionId, orgId: actor.orgId },
    select: {
      id: true,
      orgId: true,
      name: true,
      url: true,
      authType: true,
      credentialMode: true,
      headerName: true,
      headerPrefix: true,
      settings: true,
      staticHeaders: true,
      disabledAt: true,
    },
  });
  if (!connection) throw notFound("connection");
  // Who may not manage learns of nothing that was not granted, not even by being forbidden it.
  if (!may(actor, "connection.manage") || connection.credentialMode === "per_member") await requireUsable(actor, connectionId);
  if (connection.credentialMode === "shared") demand(actor, "connection.manage");
  return connection;
}

/** Begins a sign-in. Throws NOT_FOUND, FORBIDDEN, BAD_INPUT, CONFLICT, UPSTREAM_FAILED with the phase. */
export async function beginAuthorization(actor: Actor, { connectionId }: { connectionId: string }) {
  const connection = await beginAllowed(actor, connectionId);
  if (connection.authType !== "oauth") throw badInput("connectionId", "This connection does not use a sign-in.");
  if (settingsFrom(connection.settings).grantType === "client_credentials")
    throw badInput("connectionId", "This connection has a service account: it is connected without anybody signing in.");
  const holder = connection.credentialMode === "shared" ? sharedHolder : actor.membershipId;
  const unmoved = (tx: Tx) => demandUnmoved(tx, connection);
  return logged(actor, "authorize", () => begin(actor, { connection, holder, sessionId: browserOf(actor), demandUnmoved: unmoved }));
}
