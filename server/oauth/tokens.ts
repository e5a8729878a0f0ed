// The access token of a credential, renewed ahead of its end: one refresh at a time, in this process and across processes.
import { OAuthError, OAuthErrorCode, type OAuthTokens, refreshAuthorization } from "@modelcontextprotocol/client";
import { LRUCache } from "lru-cache";

import { record } from "#server/audit/record.ts";
import { orUnavailable } from "#server/database-error.ts";
import { db, transaction } from "#server/db.ts";
import { DomainError, upstreamFailed } from "#server/errors.ts";
import { changed, remembered } from "#server/freshness.ts";
import { log } from "#server/log.ts";
import { counters } from "#server/metric.ts";
import { diagnose } from "#server/outbound/failure.ts";
import { loggableCauses, wordless } from "#server/outbound/loggable.ts";
import { observeWork } from "#server/telemetry/observed-work.ts";

import { clientAuthentication } from "./client-authentication.ts";
import { clientOf, clientInstead } from "./renewing-client.ts";
import { revokeTokens } from "./revoke.ts";
import { requestServiceToken } from "./service-account.ts";
import { tokenFetch } from "./token-response.ts";
import { isRenewable, openTokens, tokenColumns, toTokenSet, type TokenSet } from "./token-set.ts";

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
/** Milliseconds that one process may take for a refresh, a new registration and a second try included, before another may. */
const leaseMs = 40_000;
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
export function rowOf({ orgId, connectionId, holder, url, credential }: CredentialKey) {
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

const over = "The provider no longer accepts the stored sign-in. It has to be connected again.";

function reconnectNeeded(): DomainError {
  return new DomainError("UNAUTHENTICATED", over);
}

/** The provider said invalid_grant to a refresh token. Whose request it was decides whether the credential is marked: `rejectIfEnded`. */
class SignInEnded extends DomainError {
  /** The refresh that was refused. */
  readonly refreshCount: number;

  constructor(refreshCount: number, cause: unknown) {
    super("UNAUTHENTICATED", over, { cause });
    this.refreshCount = refreshCount;
  }
}

/** A short-lived token is renewed in its last tenth, so that it is not renewed at every call. */
function isDue({ expiresAt, tokens }: Held): boolean {
  if (expiresAt === null || !isRenewable(tokens)) return false;
  const lifetime = expiresAt.getTime() - tokens.issuedAt;
  return expiresAt.getTime() - Date.now() < Math.min(aheadMs, lifetime / 10);
}

/** When this process may try to refresh a credential again, by its id. */
const restingUntil = new LRUCache<string, true>({ max: 1_000, ttl: restMs });

/**
 * An access token to send now. Throws UNAUTHENTICATED when only a new sign-in helps (see `rejectIfEnded`), UPSTREAM_FAILED (phase token or
 * registration) when the refresh failed otherwise, UNAVAILABLE when the database did.
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
  if (!isRenewable(current.tokens)) return null;
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

/** Resolves once no refresh of this process is under way: what a provider hands out last must be stored before the process ends. */
export async function refreshesDone(): Promise<void> {
  if (running.size > 0) log.info({ refreshes: running.size }, "waiting for sign-ins that are being renewed");
  await Promise.allSettled(running.values());
}

const refreshes = {
  name: "token refresh",
  ended: counters(
    "gatehouse_token_refreshes_total",
    "Refreshes of stored sign-ins by outcome; ended: the provider wants a new sign-in.",
    "outcome",
    ["ok", "ended", "failed"],
  ),
};
const renewed = ({ connectionId }: CredentialKey) => ({
  attributes: { "gatehouse.connection_id": connectionId },
  outcomeOf: (error: unknown) => (error instanceof SignInEnded ? ("ended" as const) : ("failed" as const)),
});

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
    if (lease.count === 1) return keep(key, seen, await observeWork(refreshes, renewed(key), () => askProvider(key, seen)), giveUpAt);
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

function newTokens(tokens: TokenSet): Promise<OAuthTokens> {
  const { issuer, resource, tokenPath, serverMetadata, refreshToken, client } = tokens;
  if (tokens.isService) return requestServiceToken(tokens);
  if (refreshToken === null) throw reconnectNeeded();
  return refreshAuthorization(issuer, {
    metadata: serverMetadata,
    clientInformation: client,
    addClientAuthentication: clientAuthentication(client, serverMetadata),
    refreshToken,
    fetchFn: tokenFetch(tokenPath),
    ...(resource ? { resource } : {}),
  });
}

async function renew(key: CredentialKey, held: Held, client: TokenSet["client"]): Promise<Renewed> {
  const before = { ...held.tokens, client };
  const response = await newTokens(before);
  const tokens = { ...toTokenSet(response, before, before), ...(before.isService ? { refreshToken: null } : {}) };
  return { tokens, columns: tokenColumns(key.connectionId, key.holder, tokens, response.expires_in) };
}

/** What the token endpoint says of the client, and not of the sign-in (RFC 6749 section 5.2). */
const clientCodes: readonly string[] = [OAuthErrorCode.InvalidClient, OAuthErrorCode.UnauthorizedClient];
const isAboutClient = (error: unknown) => error instanceof OAuthError && clientCodes.includes(error.code);

async function askProvider(key: CredentialKey, seen: Held): Promise<Renewed> {
  try {
    const client = await clientOf(key.connectionId, seen.tokens);
    try {
      return await renew(key, seen, client);
    } catch (error) {
      const other = isAboutClient(error) ? await clientInstead(key, seen.tokens, client) : null;
      if (other === null) throw error;
      return await renew(key, seen, other);
    }
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

async function failedRefresh(key: CredentialKey, { id, refreshCount }: Held, error: unknown): Promise<Error> {
  await db.credential.updateMany({ where: { ...rowOf(key), refreshCount }, data: { refreshUntil: null } });
  if (error instanceof OAuthError && error.code === OAuthErrorCode.InvalidGrant) return new SignInEnded(refreshCount, wordless(error));
  // Everything is kept: a provider that is down, or a client that is refused, is no reason to ask people to sign in again.
  restingUntil.set(id, true);
  if (error instanceof DomainError) return error;
  log.warn({ connectionId: key.connectionId, causes: loggableCauses(error) }, "token refresh failed");
  if (isAboutClient(error)) {
    const seen = "The sign-in server no longer accepts Gatehouse as its client.";
    const advice =
      "Look at the application there: its secret may have ended. Enter the new secret in the connection's settings; nobody has to sign in again for it.";
    return upstreamFailed({ phase: "token", seen, actor: "organization_admin", advice }, wordless(error));
  }
  return upstreamFailed({ ...diagnose(error, "token"), seen: "The sign-in could not be renewed right now." }, wordless(error));
}

/**
 * Marks the credential as rejected when `error`, of something a person did, says that its sign-in is over. Background work never comes here:
 * what it is told may be a passing fault of the provider, and nobody is asked to sign in again for that.
 */
export async function rejectIfEnded(key: CredentialKey, error: unknown): Promise<void> {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth += 1) {
    if (cause instanceof SignInEnded) return rejectCredential(key, "The provider refused to renew the sign-in.", cause.refreshCount);
  }
}

/**
 * Marks a credential as refused by the provider, with its audit row. Only what a person did leads here. Only while it is still the one that was refused; with `refreshCount`, also only until its next refresh.
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
