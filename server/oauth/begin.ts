// Begins a sign-in at a third-party server: one attempt, one state, one verifier. Concurrent attempts do not touch each other.
import { randomUUID } from "node:crypto";

import { startAuthorization } from "@modelcontextprotocol/client";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, transaction, type Tx } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { hashSecret, randomSecret } from "#server/seal.ts";
import { sealer } from "#server/secrets.ts";
import { links } from "#server/origin.ts";

import { discoveryFailed, shown } from "./authorization-server.ts";
import { discover, type Discovery } from "./discover.ts";
import { unionOfScopes } from "./token-set.ts";
import { scopesSoFar } from "./wanted-scope.ts";
import { type ChosenClient, clientFor, type ClientInformation } from "./registration.ts";
import { type OAuthSettings, settingsFrom } from "./settings.ts";

/** How long a person may take at the provider, in milliseconds. */
const attemptMs = 10 * 60_000;

/** What is kept sealed across the redirect. */
export interface AttemptSecrets {
  /** The address the sign-in is for: its tokens go nowhere else, wherever the connection has moved to by then. */
  url: string;
  codeVerifier: string;
  discovery: Discovery;
  client: ClientInformation;
}

export const attemptBinding = (attemptId: string) => `oauth-attempt:${attemptId}`;

export interface BeginInput {
  connection: { id: string; name: string; url: string; settings: unknown };
  /** The credential identity that will hold the tokens. */
  holder: string;
  /** What ties the attempt to this browser or token: the session's id, or the token's. */
  sessionId: string;
  /** Makes sure until the transaction ends that the connection still is what `connection` says. Throws CONFLICT. */
  demandUnmoved: (tx: Tx) => Promise<void>;
}

/** Keeps a new registration, but not in place of a client that an admin entered while it was made. */
async function keepClient(tx: Tx, newRow: NonNullable<ChosenClient["newRow"]>): Promise<void> {
  const { connectionId, issuer } = newRow;
  const { count: created } = await tx.oAuthClient.createMany({ data: [newRow], skipDuplicates: true });
  if (created > 0) return;
  const { count: replaced } = await tx.oAuthClient.updateMany({
    where: { connectionId, issuer, source: { not: "preregistered" } },
    data: newRow,
  });
  if (replaced === 0) throw new DomainError("CONFLICT", "The connection's client was changed meanwhile. Start again.");
}

/**
 * A server that points people to another authorization server than before may have been taken over: an admin looks at it first. What belongs to
 * the old one never goes to the new one in any case; tokens and clients are bound to their issuer. Throws UPSTREAM_FAILED (phase discovery).
 */
export async function demandSameProvider(orgId: string, connectionId: string, { issuer, settings }: Discovery): Promise<void> {
  const known = await db.credential.findFirst({
    where: { connectionId, connection: { orgId }, issuer: { not: null } },
    orderBy: { updatedAt: "desc" },
    select: { issuer: true },
  });
  if (!known || known.issuer === issuer || settings.trustedIssuer === issuer) return;
  throw discoveryFailed(
    `The server has moved to another sign-in server: from ${known.issuer ?? ""} to ${shown(issuer)}. Nothing was sent there.`,
    'If the provider announced it, enter the new one as "Trusted issuer" in the advanced settings, or disconnect; then connect again.',
    { actor: "organization_admin" },
  );
}

/** Puts in what an admin entered for a provider with parameters of its own. */
function adjust({ searchParams }: URL, { scopeParameter, authorizeParameters }: OAuthSettings): void {
  const scope = searchParams.get("scope");
  if (scopeParameter !== undefined && scope !== null) {
    searchParams.delete("scope");
    searchParams.set(scopeParameter, scope);
  }
  for (const [name, value] of Object.entries(authorizeParameters ?? {})) searchParams.set(name, value);
}

/**
 * Discovers, registers where needed, stores the attempt and returns where to send the person.
 * Throws BAD_INPUT (oauthClient) when the provider wants a pre-registered client, CONFLICT when the connection was changed meanwhile,
 * UPSTREAM_FAILED with the phase otherwise.
 */
export async function begin(
  actor: Actor,
  { connection, holder, sessionId, demandUnmoved }: BeginInput,
): Promise<{ attemptId: string; authorizationUrl: string; expiresAt: Date }> {
  const found = await discover(connection.url, settingsFrom(connection.settings));
  const { issuer } = found;
  // Step-up (2026-07-28, authorization, "Scope Challenge Handling"): what is granted already is asked for again, or it would be lost.
  const scope = unionOfScopes(found.scope, await scopesSoFar({ connectionId: connection.id, holder, issuer }));
  const discovery = { ...found, scope };
  const { orgId, membershipId, origin } = actor;
  await demandSameProvider(orgId, connection.id, discovery);
  const last = await db.oAuthAttempt.findFirst({
    where: { orgId, membershipId, connectionId: connection.id, issuer: discovery.issuer },
    orderBy: { createdAt: "desc" },
    select: { consumedAt: true },
  });
  const { information, newRow } = await clientFor(connection.id, discovery, { origin, distrusted: last?.consumedAt === null });
  const state = randomSecret();
  const redirectUri = links.oauthCallback(origin);
  const { authorizationUrl, codeVerifier } = await startAuthorization(discovery.issuer, {
    metadata: discovery.serverMetadata,
    clientInformation: information,
    redirectUrl: redirectUri,
    state,
    ...(discovery.resource ? { resource: discovery.resource } : {}),
    ...(discovery.scope ? { scope: discovery.scope } : {}),
  });
  adjust(authorizationUrl, discovery.settings);
  const id = randomUUID();
  const expiresAt = new Date(Date.now() + attemptMs);
  const secrets: AttemptSecrets = { url: connection.url, codeVerifier, discovery, client: information };
  await transaction(async (tx) => {
    // An edit ends the sign-ins under way, and one stored after it would live on.
    await demandUnmoved(tx);
    if (newRow) await keepClient(tx, newRow);
    await tx.oAuthAttempt.deleteMany({
      where: { orgId, connectionId: connection.id, expiresAt: { lt: new Date(Date.now() - attemptMs) } },
    });
    await tx.oAuthAttempt.create({
      data: {
        id,
        stateHash: hashSecret(state),
        orgId,
        connectionId: connection.id,
        membershipId,
        sessionId,
        holder,
        issuer: discovery.issuer,
        redirectUri,
        sealed: sealer.seal(JSON.stringify(secrets), attemptBinding(id)),
        expiresAt,
      },
    });
    await record(tx, actor, {
      action: "connection.authorization_began",
      target: { type: "connection", id: connection.id, name: connection.name },
      details: { issuer: discovery.issuer },
    });
  });
  return { attemptId: id, authorizationUrl: authorizationUrl.href, expiresAt };
}
