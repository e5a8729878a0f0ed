// Begins a sign-in at a third-party server: one attempt, one state, one verifier. Concurrent attempts do not touch each other.
import { randomUUID } from "node:crypto";

import { startAuthorization } from "@modelcontextprotocol/client";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, transaction } from "#server/db.ts";
import { hashSecret, randomSecret } from "#server/seal.ts";
import { sealer } from "#server/secrets.ts";
import { links } from "#server/origin.ts";

import { discover, type Discovery } from "./discover.ts";
import { clientFor, type ClientInformation } from "./registration.ts";

/** How long a person may take at the provider, in milliseconds. */
const attemptMs = 10 * 60_000;

/** What is kept sealed across the redirect. */
export interface AttemptSecrets {
  codeVerifier: string;
  discovery: Discovery;
  client: ClientInformation;
}

export const attemptBinding = (attemptId: string) => `oauth-attempt:${attemptId}`;

export interface BeginInput {
  connection: { id: string; name: string; url: string };
  /** The credential identity that will hold the tokens. */
  holder: string;
  /** What ties the attempt to this browser or token: the session's id, or the token's. */
  sessionId: string;
}

/**
 * Discovers, registers where needed, stores the attempt and returns where to send the person.
 * Throws BAD_INPUT (oauthClient) when the provider wants a pre-registered client, UPSTREAM_FAILED with the phase otherwise.
 */
export async function begin(
  actor: Actor,
  { connection, holder, sessionId }: BeginInput,
): Promise<{ attemptId: string; authorizationUrl: string; expiresAt: Date }> {
  const discovery = await discover(connection.url);
  const { orgId, membershipId, origin } = actor;
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
    resource: discovery.resource,
    ...(discovery.scope ? { scope: discovery.scope } : {}),
  });
  const id = randomUUID();
  const expiresAt = new Date(Date.now() + attemptMs);
  const secrets: AttemptSecrets = { codeVerifier, discovery, client: information };
  await transaction(async (tx) => {
    if (newRow) {
      const { connectionId, issuer } = newRow;
      await tx.oAuthClient.upsert({ where: { connectionId_issuer: { connectionId, issuer } }, create: newRow, update: newRow });
    }
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
