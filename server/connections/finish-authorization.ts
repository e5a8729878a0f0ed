// The way back from a provider: code -> tokens -> a listing with those tokens -> connected. Only then, and all at once.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, transaction } from "#server/db.ts";
import { DomainError, type UpstreamFailure, upstreamFailed } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { type Attempt, checkIssuer, claim } from "#server/oauth/claim.ts";
import { exchange, resourceRefused } from "#server/oauth/exchange.ts";
import { revokeTokens } from "#server/oauth/revoke.ts";
import { tokenColumns } from "#server/oauth/token-set.ts";
import { bearer, fixedHeaders } from "#server/upstream/authorization.ts";
import { probe } from "#server/upstream/probe.ts";
import { openStaticHeaders } from "#server/upstream/static-headers.ts";
import { forgetSessions } from "#server/upstream/sessions.ts";

import { beginAllowed, browserOf } from "./begin-authorization.ts";
import { demandMember } from "./demand-member.ts";
import { logged } from "./logged.ts";
import { saveCredential } from "./save-credential.ts";
import { demandUnmoved, type Proven } from "./unmoved.ts";

export interface CallbackParameters {
  state: string | null;
  code: string | null;
  iss: string | null;
  /** The provider's error code; its description is never shown. */
  error: string | null;
}

export interface FinishedAuthorization {
  state: "connected" | "denied" | "failed" | "expired" | "foreign";
  connectionId: string | null;
  connectionName: string | null;
  message: string | null;
}

/** Handles the redirect back from a provider. Never throws for what a provider or a browser sent: the outcome says it in our words. */
export async function finishAuthorization(actor: Actor | null, parameters: CallbackParameters): Promise<FinishedAuthorization> {
  const nothing = { connectionId: null, connectionName: null };
  let attempt: Attempt;
  try {
    if (parameters.state === null)
      throw new DomainError("EXPIRED", "This address is where providers send people back to. Start from a connection.");
    attempt = await claim({ state: parameters.state, sessionId: actor && browserOf(actor) });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { ...nothing, state: error.code === "FORBIDDEN" ? "foreign" : "expired", message: error.message };
  }
  // `claim` matched this actor's session; without one there is no match.
  if (!actor) return { ...nothing, state: "foreign", message: null };
  const connection = await db.connection.findFirst({
    where: { id: attempt.connectionId, orgId: actor.orgId },
    select: { id: true, orgId: true, name: true, url: true, headerName: true, headerPrefix: true, settings: true, staticHeaders: true },
  });
  if (!connection || attempt.orgId !== actor.orgId)
    return { ...nothing, state: "expired", message: "The connection was removed meanwhile." };
  const known = { connectionId: connection.id, connectionName: connection.name };
  try {
    await logged(actor, "callback", () => complete(actor, attempt, connection, parameters));
    return { ...known, state: "connected", message: null };
  } catch (error) {
    if (!(error instanceof DomainError)) {
      await close(actor, attempt, connection, "Something went wrong on our side.");
      throw error;
    }
    await close(actor, attempt, connection, error.message, error.details.failure);
    return { ...known, state: parameters.error === "access_denied" ? "denied" : "failed", message: error.message };
  }
}

async function complete(
  actor: Actor,
  attempt: Attempt,
  connection: Proven & { name: string; staticHeaders: string | null },
  { code, iss, error }: CallbackParameters,
): Promise<void> {
  checkIssuer(iss, attempt.secrets.discovery);
  if (error === "access_denied") throw new DomainError("FORBIDDEN", "Access was not granted at the provider. Nothing was connected.");
  if (error === "invalid_target") throw upstreamFailed({ phase: "authorization", actor: "organization_admin", ...resourceRefused });
  if (error === "invalid_scope") {
    const advice =
      'Enter the scopes it documents as "Scopes" in the advanced settings, and if it wants them in a parameter of another name, that name as "Scope parameter".';
    throw upstreamFailed({
      phase: "authorization",
      seen: "The provider refuses the scopes asked for.",
      actor: "organization_admin",
      advice,
    });
  }
  if (error !== null || code === null)
    throw upstreamFailed({
      phase: "authorization",
      seen: "The provider ended the sign-in without granting access.",
      actor: "member",
      advice: "Try again.",
    });
  const { url } = attempt.secrets;
  // Not even the code is used up for a connection that went elsewhere: what comes back belongs to the address that the person was sent for.
  if (connection.url !== url) throw new DomainError("CONFLICT", "The connection was changed meanwhile. Nothing was connected.");
  // Rights may have changed while the person was away.
  await beginAllowed(actor, connection.id);
  const { tokens, lifetimeSeconds } = await exchange(attempt, code);
  const { holder } = attempt;
  const target = { type: "connection", id: connection.id, name: connection.name } as const;
  try {
    const listing = await probe({
      url,
      authorization: fixedHeaders({ ...openStaticHeaders(connection.id, connection.staticHeaders), ...bearer(tokens.accessToken) }),
    });
    await transaction(async (tx) => {
      await demandMember(tx, actor);
      await demandUnmoved(tx, { ...connection, url });
      await saveCredential(
        tx,
        { connectionId: connection.id, holder },
        tokenColumns(connection.id, holder, tokens, lifetimeSeconds),
        listing,
      );
      const { count } = await tx.oAuthAttempt.updateMany({ where: { id: attempt.id }, data: { outcome: "connected", sealed: "" } });
      // Disconnecting ends the sign-ins under way too.
      if (count === 0) throw new DomainError("CONFLICT", "The connection was disconnected meanwhile. Start again.");
      await record(tx, actor, { action: "connection.connected", target, details: { issuer: tokens.issuer, tools: listing.tools.length } });
    });
  } catch (error) {
    // Nobody would ever use or revoke them.
    await revokeTokens(connection.id, tokens);
    throw error;
  }
  changed(actor.orgId);
  forgetSessions({ connectionId: connection.id, holder });
}

/** Notes a failed attempt, so that the page that waits for it can say why. */
async function close(
  actor: Actor,
  attempt: Attempt,
  connection: { id: string; name: string },
  message: string,
  failure?: UpstreamFailure,
): Promise<void> {
  // The reference is this request's, and its log line's.
  const diagnosis = failure && { failure: { ...failure, reference: actor.requestId } };
  await transaction(async (tx) => {
    await tx.oAuthAttempt.updateMany({ where: { id: attempt.id }, data: { outcome: "failed", message, sealed: "", ...diagnosis } });
    const target = { type: "connection", id: connection.id, name: connection.name } as const;
    await record(tx, actor, { action: "connection.authorization_failed", target, outcome: "failed", details: { message } });
  });
}
