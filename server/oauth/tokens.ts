// The access token of a credential, renewed ahead of its end: one refresh at a time, in this process and across processes.
import { OAuthError, OAuthErrorCode, refreshAuthorization } from "@modelcontextprotocol/client";
import { LRUCache } from "lru-cache";

import { record } from "#server/audit/record.ts";
import { orUnavailable } from "#server/database-error.ts";
import { db, transaction } from "#server/db.ts";
import { DomainError, upstreamFailed } from "#server/errors.ts";
import { changed, remembered } from "#server/freshness.ts";
import { log } from "#server/log.ts";
import { diagnose } from "#server/outbound/failure.ts";
import { loggableCauses, wordless } from "#server/outbound/loggable.ts";

import { clientAuthentication } from "./client-authentication.ts";
import { forgetRegistration } from "./registration.ts";
import { revokeTokens } from "./revoke.ts";
import { tokenFetch } from "./token-response.ts";
import { openTokens, tokenColumns, toTokenSet, type TokenSet, unionOfScopes } from "./token-set.ts";

/**
 * Exactly one sign-in at one address: a session from before must not get the tokens of an account that was connected after it. The revision
 * alone does not tell them apart, a credential that was removed and made anew begins at 1 again.
 */
export interface CredentialKey {
  orgId: string;
  connectionId: string;
  holder: string;
  /** Where the tokens go. Of a connection that has moved since there are none. */
  url: string;
  credential: { id: string; revision: number };
}

/** At most this many milliseconds before its end a token is renewed. */
const aheadMs = 60_000;
/** Milliseconds that one process may take for a refresh before another may try. */
const leaseMs = 30_000;
const pollMs = 100;
/** After a failed refresh, milliseconds for which a token that is still good is used without trying again. */
const restMs = 10_000;

interface Held {
  id: string;
  tokens: TokenSet;
  expiresAt: Date | null;
  refreshCount: number;
}

const idOf = ({ connectionId, holder, url, credential }: CredentialKey) =>
  [connectionId, holder, credential.id, credential.revision, url].join("\0");

/** The row of a key, and no other. */
function rowOf({ orgId, connectionId, holder, url, credential }: CredentialKey) {
  return { id: credential.id, revision: credential.revision, connectionId, holder, connection: { orgId, url } };
}

async function load(key: CredentialKey): Promise<Held> {
  const { connectionId, holder } = key;
  const row = await db.credential.findFirst({ where: rowOf(key) }).catch((error: unknown) => {
    throw orUnavailable(error);
  });
  if (!row?.sealed || row.status === "rejected") throw reconnectNeeded();
  return { id: row.id, tokens: openTokens(connectionId, holder, row.sealed), expiresAt: row.expiresAt, refreshCount: row.refreshCount };
}

const held = remembered<CredentialKey, Held>(idOf, load);

function reconnectNeeded(cause?: unknown): DomainError {
  return new DomainError("UNAUTHENTICATED", "The provider no longer accepts the stored sign-in. It has to be connected again.", { cause });
}

/** A short-lived token is renewed in its last tenth, so that it is not renewed at every call. */
function isDue({ expiresAt, tokens }: Held): boolean {
  if (expiresAt === null || tokens.refreshToken === null) return false;
  const lifetime = expiresAt.getTime() - tokens.issuedAt;
  return expiresAt.getTime() - Date.now() < Math.min(aheadMs, lifetime / 10);
}

/** When this process may try to refresh a credential again, by its id. */
const restingUntil = new LRUCache<string, true>({ max: 1_000, ttl: restMs });

/**
 * An access token to send now. Throws UNAUTHENTICATED when only a new sign-in helps, UPSTREAM_FAILED (phase token) when the refresh failed
 * otherwise, UNAVAILABLE when the database did.
 */
export async function accessToken(key: CredentialKey): Promise<string> {
  const current = await held(key);
  const isAlive = () => current.expiresAt === null || current.expiresAt.getTime() > Date.now();
  if (!isDue(current) || (isAlive() && restingUntil.has(current.id))) return current.tokens.accessToken;
  try {
    return await refreshed(key, current);
  } catch (error) {
    // The old token is good until its very end: a provider that cannot renew it right now costs nothing yet.
    if (isAlive() && error instanceof DomainError && error.code === "UPSTREAM_FAILED") return current.tokens.accessToken;
    throw error;
  }
}

/** Another token after the server refused `refused` with a 401; null when there is none to be had. Throws as `accessToken`. */
export async function refreshAfter401({ refused, ...key }: CredentialKey & { refused: string }): Promise<string | null> {
  const current = await held(key);
  if (current.tokens.accessToken !== refused) return current.tokens.accessToken;
  if (current.tokens.refreshToken === null) return null;
  return refreshed(key, current);
}

const running = new Map<string, Promise<string>>();

function refreshed(key: CredentialKey, seen: Held): Promise<string> {
  const id = idOf(key);
  const already = running.get(id);
  if (already) return already;
  const refresh = refreshUnderLease(key, seen)
    .catch((error: unknown) => {
      throw orUnavailable(error);
    })
    .finally(() => running.delete(id));
  running.set(id, refresh);
  return refresh;
}

/** Takes the lease (one short statement, no transaction across the network) and refreshes, or waits for the process that has it. */
async function refreshUnderLease(key: CredentialKey, seen: Held): Promise<string> {
  for (const giveUp = Date.now() + leaseMs; Date.now() < giveUp;) {
    const now = new Date();
    const giveUpAt = now.getTime() + leaseMs;
    const lease = await db.credential.updateMany({
      where: {
        ...rowOf(key),
        refreshCount: seen.refreshCount,
        OR: [{ refreshUntil: null }, { refreshUntil: { lt: now } }],
      },
      data: { refreshUntil: new Date(giveUpAt) },
    });
    if (lease.count === 1) return keep(key, seen, await askProvider(key, seen), giveUpAt);
    const current = await load(key);
    if (current.refreshCount !== seen.refreshCount) {
      changed(key.orgId);
      return current.tokens.accessToken;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw upstreamFailed({
    phase: "token",
    seen: "Another process is still renewing this sign-in.",
    actor: "provider",
    advice: "Try again in a moment.",
  });
}

interface Renewed {
  tokens: TokenSet;
  columns: ReturnType<typeof tokenColumns>;
}

async function askProvider(key: CredentialKey, seen: Held): Promise<Renewed> {
  const { issuer, resource, tokenPath, serverMetadata, client, refreshToken } = seen.tokens;
  try {
    if (refreshToken === null) throw reconnectNeeded();
    const response = await refreshAuthorization(issuer, {
      metadata: serverMetadata,
      clientInformation: client,
      addClientAuthentication: clientAuthentication(client, serverMetadata),
      refreshToken,
      fetchFn: tokenFetch(tokenPath),
      ...(resource ? { resource } : {}),
    });
    const tokens = toTokenSet(response, { issuer, resource, tokenPath, serverMetadata, client }, seen.tokens);
    return { tokens, columns: tokenColumns(key.connectionId, key.holder, tokens, response.expires_in) };
  } catch (error) {
    throw await failedRefresh(key, seen, error);
  }
}

/**
 * Stores what the provider handed out, before anybody uses it: the old refresh token may be void already, and this the only copy of the new one.
 * That is why it is tried until the lease ends; until then nobody else spends the old one.
 */
async function keep(key: CredentialKey, seen: Held, { tokens, columns }: Renewed, giveUpAt: number): Promise<string> {
  const where = { ...rowOf(key), refreshCount: seen.refreshCount };
  const data = { ...columns, refreshCount: { increment: 1 }, refreshUntil: null };
  for (;;) {
    try {
      const stored = await db.credential.updateMany({ where, data });
      changed(key.orgId);
      if (stored.count === 1) return tokens.accessToken;
      // Disconnected meanwhile: what the disconnect revoked was the token before this one.
      if ((await db.credential.count({ where: { id: seen.id } })) === 0) await revokeTokens(key.connectionId, tokens);
      // Or somebody signed in anew (or an earlier try did arrive): that counts, not this.
      return (await load(key)).tokens.accessToken;
    } catch (error) {
      if (error instanceof DomainError && error.code === "UNAUTHENTICATED") throw error;
      if (Date.now() + pollMs >= giveUpAt) {
        log.error({ connectionId: key.connectionId, causes: loggableCauses(error) }, "a renewed sign-in could not be stored and is lost");
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

/** What the token endpoint says when the stored sign-in is over for good. */
const finalCodes: readonly string[] = [OAuthErrorCode.InvalidGrant, OAuthErrorCode.InvalidClient, OAuthErrorCode.UnauthorizedClient];

async function failedRefresh(key: CredentialKey, { id, refreshCount, tokens }: Held, error: unknown): Promise<Error> {
  if (error instanceof DomainError) return error;
  if (error instanceof OAuthError && finalCodes.includes(error.code)) {
    if (error.code !== OAuthErrorCode.InvalidGrant) await forgetRegistration({ ...key, issuer: tokens.issuer }, tokens.client.client_id);
    await rejectCredential(key, "The provider refused to renew the sign-in.", refreshCount);
    return reconnectNeeded(wordless(error));
  }
  // Everything is kept: a provider that is down is no reason to ask people to sign in again.
  restingUntil.set(id, true);
  await db.credential.updateMany({ where: { ...rowOf(key), refreshCount }, data: { refreshUntil: null } });
  log.warn({ connectionId: key.connectionId, causes: loggableCauses(error) }, "token refresh failed");
  return upstreamFailed({ ...diagnose(error, "token"), seen: "The sign-in could not be renewed right now." }, wordless(error));
}

/** Remembers what a call was refused for (insufficient_scope), so that the next sign-in asks for it beside what there is. The call's own audit row speaks of it. */
export async function wantScope(key: CredentialKey, scope: string): Promise<void> {
  const row = await db.credential.findFirst({ where: rowOf(key), select: { wantedScope: true } });
  if (!row) return;
  const wantedScope = unionOfScopes(row.wantedScope, scope);
  if (wantedScope !== row.wantedScope) await db.credential.updateMany({ where: rowOf(key), data: { wantedScope } });
}

/** The scopes to ask for at a new sign-in beside what the server names now: those granted before, and those a call was refused for. */
export async function scopesSoFar({ connectionId, holder, issuer }: { connectionId: string; holder: string; issuer: string }) {
  const row = await db.credential.findUnique({ where: { connectionId_holder: { connectionId, holder } } });
  // Scopes are words of one authorization server; another one need not know them.
  if (!row?.sealed || row.issuer !== issuer) return null;
  return unionOfScopes(openTokens(connectionId, holder, row.sealed).scope, row.wantedScope);
}

/**
 * Marks a credential as refused by the provider, with its audit row. Only a person's own call or a refused refresh leads here.
 * Only while it is still the one that was refused; with `refreshCount`, also only until its next refresh.
 */
export async function rejectCredential(key: CredentialKey, why: string, refreshCount?: number): Promise<void> {
  const { orgId, connectionId } = key;
  await transaction(async (tx) => {
    const rejected = await tx.credential.updateMany({
      where: { ...rowOf(key), status: "active", refreshCount },
      data: { status: "rejected", refreshUntil: null },
    });
    if (rejected.count === 0) return;
    const connection = await tx.connection.findUniqueOrThrow({ where: { id: connectionId }, select: { name: true } });
    const target = { type: "connection", id: connectionId, name: connection.name } as const;
    await record(
      tx,
      { via: "system", orgId, name: "Gatehouse", requestId: "background" },
      { action: "connection.rejected", target, outcome: "failed", details: { why } },
    );
  });
  changed(orgId);
}
