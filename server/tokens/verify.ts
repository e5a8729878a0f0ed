// From a bearer token to the membership it acts for. Remembered for at most a second, and forgotten with any change to its organization.
import { LRUCache } from "lru-cache";

import { type TokenScope, tokenScopes } from "#server/auth/actor.ts";
import { newcomers, newcomersTurns, type Stranger, strangers } from "#server/crowd.ts";
import { db, type Role } from "#server/db.ts";
import { maxAgeMs, renewalAgeMs, totalChanges, versionOf } from "#server/freshness.ts";
import { counters } from "#server/metric.ts";
import { hashSecret } from "#server/seal.ts";
import { accessTokenId, openAccessToken } from "#server/signin/records.ts";

import { isPlausible, maxTokenLength } from "./format.ts";

export interface VerifiedToken {
  /** The token's id, or the id of the grant an agent signed in with. */
  tokenId: string;
  /** The resource an agent's sign-in is for (RFC 8707); null for a token that a person minted. */
  audience: string | null;
  scopes: readonly TokenScope[];
  expiresAt: Date | null;
  membership: { orgId: string; orgName: string; membershipId: string; userId: string; name: string; role: Role };
}

const verified = new LRUCache<string, { version: number; token: VerifiedToken; isRenewed: boolean }>({ max: 10_000, ttl: maxAgeMs });
interface Known {
  /** Requests that still go on by turns: its list of tools, its first call. A crowd that was let in one by one would come back as one. */
  turns: number;
}
/** Hashes of tokens that the database knew within the hour. */
const known = new LRUCache<string, Known>({ max: 20_000, ttl: 3_600_000 });

const checks = counters(
  "gatehouse_token_checks_total",
  "Checks of well-formed agent tokens: answered by memory, by the database, or refused.",
  "result",
  ["hit", "miss", "refused"],
);

function isScope(scope: string): scope is TokenScope {
  return tokenScopes.some((known) => known === scope);
}

interface Found {
  id: string;
  hash: string;
  /** Of an agent that signed in by URL: its access token as our authorization server keeps it. */
  recordId: string | null;
  sealed: string | null;
  scopes: string[] | null;
  expiresAt: Date | null;
  membershipId: string;
  orgId: string;
  orgName: string;
  role: Role;
  userId: string;
  name: string;
}

function tokenOf(row: Found): VerifiedToken {
  const { id: tokenId, recordId, sealed, orgId, orgName, membershipId, userId, name, role } = row;
  const membership = { orgId, orgName, membershipId, userId, name, role };
  if (recordId !== null && sealed !== null) {
    const { audience, scopes, expiresAt } = openAccessToken(recordId, sealed);
    return { tokenId, audience, scopes: scopes.filter(isScope), expiresAt, membership };
  }
  return { tokenId, audience: null, scopes: (row.scopes ?? []).filter(isScope), expiresAt: row.expiresAt, membership };
}

/** One statement for both kinds of token, each by its unique hash. */
function find(hashes: string[]): Promise<Found[]> {
  const prefix = accessTokenId("");
  return db.$queryRaw<Found[]>`
    WITH token AS (
      SELECT "id", "tokenHash" AS "hash", "membershipId", "scopes", "expiresAt", NULL AS "recordId", NULL AS "sealed"
      FROM "AgentToken" WHERE "tokenHash" = ANY(${hashes}) AND "revokedAt" IS NULL
      UNION ALL
      SELECT g."id", substr(r."id", ${prefix.length + 1}::int), g."membershipId", NULL, NULL, r."id", r."sealed"
      FROM "OAuthRecord" r JOIN "AgentGrant" g ON g."id" = r."grantId" AND g."membershipId" = r."membershipId"
      WHERE r."id" = ANY(${hashes.map(accessTokenId)})
    )
    SELECT token.*, m."orgId", m."role"::text AS "role", o."name" AS "orgName", u."id" AS "userId", u."name"
    FROM token JOIN "Membership" m ON m."id" = token."membershipId" JOIN "Organization" o ON o."id" = m."orgId" JOIN "User" u ON u."id" = m."userId"`;
}

/** Tokens in one statement, and statements at once: one that meets a dead connection must not keep everybody waiting. */
const maxGathered = 200;
const mostReads = 3;
const wanted: { hash: string; found: (token: VerifiedToken | null) => void; failed: (error: unknown) => void }[] = [];
let reads = 0;

async function readWanted(): Promise<void> {
  reads += 1;
  while (wanted.length > 0) {
    const now = wanted.splice(0, maxGathered);
    try {
      const rows = new Map((await find([...new Set(now.map(({ hash }) => hash))])).map((row) => [row.hash, row]));
      for (const { hash, found, failed } of now) {
        const row = rows.get(hash);
        try {
          found(row ? tokenOf(row) : null);
        } catch (error) {
          failed(error);
        }
      }
    } catch (error) {
      for (const { failed } of now) failed(error);
    }
  }
  reads -= 1;
}

/**
 * Reads a token. Those that are asked for while others are read share the next statement. What is asked for now is never answered by a read that had
 * begun before.
 */
function load(hash: string): Promise<VerifiedToken | null> {
  return new Promise((found, failed) => {
    wanted.push({ hash, found, failed });
    if (reads < mostReads) void readWanted();
  });
}

/** Reads a token and remembers it, where nothing changed meanwhile: what was read then may be out of date already, and is good for one request. */
async function learn(tokenHash: string): Promise<VerifiedToken | null> {
  const [before, start] = [totalChanges(), performance.now()];
  const token = await load(tokenHash);
  if (token) known.set(tokenHash, known.get(tokenHash) ?? { turns: newcomersTurns });
  else known.delete(tokenHash);
  if (before !== totalChanges()) return token;
  if (token) verified.set(tokenHash, { version: versionOf(token.membership.orgId), token, isRenewed: false }, { start });
  else verified.delete(tokenHash);
  return token;
}

/** Who a bearer token acts for, or null when it is unknown, expired, revoked, malformed, or its membership is gone. */
export function verify(bearer: string): Promise<VerifiedToken | null> {
  const tokenHash = hashOf(bearer);
  return check(bearer, tokenHash, () => learn(tokenHash));
}

/** One request with a token, from where it came. */
export interface Arrival {
  /** `verify`, again and again. A token that was not here lately waits for its turn. Throws UNAVAILABLE as `inTurn` does. */
  check: () => Promise<VerifiedToken | null>;
  /**
   * Before what the request asks for, once its token is checked: a token that is new here waits for its turn with its next requests as well. Throws
   * UNAVAILABLE as `inTurn` does.
   */
  turn: () => Promise<void>;
}

/** A request that came with `bearer`. */
export function arrivalOf(bearer: string, stranger: Stranger): Arrival {
  const tokenHash = hashOf(bearer);
  let hadItsTurn = false;
  const lookUp = () => {
    if (hadItsTurn || known.has(tokenHash)) return learn(tokenHash);
    hadItsTurn = true;
    return strangers.inTurn(stranger, () => learn(tokenHash));
  };
  return {
    check: () => check(bearer, tokenHash, lookUp),
    turn: async () => {
      const newcomer = known.get(tokenHash);
      if (hadItsTurn || !newcomer || newcomer.turns === 0) return;
      hadItsTurn = true;
      // Before it is had: of many that come at once two wait.
      newcomer.turns -= 1;
      await newcomers
        .inTurn(stranger, () => Promise.resolve())
        .catch((error: unknown) => {
          newcomer.turns += 1;
          throw error;
        });
    },
  };
}

const hashOf = (bearer: string) => (bearer.length > maxTokenLength ? "" : hashSecret(bearer));

async function check(bearer: string, tokenHash: string, lookUp: () => Promise<VerifiedToken | null>): Promise<VerifiedToken | null> {
  const held = verified.get(tokenHash);
  const isCurrent = held !== undefined && held.version === versionOf(held.token.membership.orgId);
  if (!isCurrent && !isPlausible(bearer)) return null;
  if (isCurrent && !held.isRenewed && verified.getRemainingTTL(tokenHash) < maxAgeMs - renewalAgeMs) {
    held.isRenewed = true;
    // One that cannot be renewed is over soon, and whoever asks then is told why.
    learn(tokenHash).catch(() => undefined);
  }
  const token = isCurrent ? held.token : await lookUp();
  const isGood = token !== null && (token.expiresAt === null || token.expiresAt > new Date());
  checks[!isGood ? "refused" : isCurrent ? "hit" : "miss"].add();
  return isGood ? token : null;
}

/** Whether this token was good within the hour, as far as this process saw; says nothing about now. */
export function wasGoodLately(bearer: string): boolean {
  return known.has(hashSecret(bearer));
}
