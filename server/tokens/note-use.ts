// When, from where and by which client tokens were used last: noted off the request path, all of a second in one statement each kind of token.
import { LRUCache } from "lru-cache";

import { type Statement, write } from "#server/db.ts";
import { log } from "#server/log.ts";

import { type NetworkKind, networkKindOf } from "./network-kind.ts";
import type { VerifiedToken } from "./verify.ts";

/** Milliseconds between two notes for one token, and for which notes wait for company. */
const noteMs = 60_000;
const delayMs = 1_000;

interface Use {
  id: string;
  at: Date;
  network: NetworkKind | null;
  /** Null where the agent does not say what it is: what is known stays. */
  client: string | null;
}

const noted = new LRUCache<string, true>({ max: 10_000, ttl: noteMs });
let minted: Use[] = [];
let signedIn: Use[] = [];
let timer: NodeJS.Timeout | null = null;
let writing = Promise.resolve();

const noteOn = (table: "AgentToken" | "AgentGrant"): Statement => ({
  name: `last_use_${table}`,
  text: `
    UPDATE "${table}" AS token SET "lastUsedAt" = use."at", "lastNetwork" = use."network", "lastClient" = COALESCE(use."client", token."lastClient")
    FROM jsonb_to_recordset($1::jsonb) AS use("id" text, "at" timestamp, "network" text, "client" text) WHERE token."id" = use."id"`,
});
const onMinted = noteOn("AgentToken");
const onSignedIn = noteOn("AgentGrant");

/** Notes that a token was used, by which client (asked only then) and from which address; at most once a minute. */
export function noteUse({ tokenId, audience }: VerifiedToken, { client, address }: { client: () => string | null; address: string }): void {
  if (noted.has(tokenId)) return;
  noted.set(tokenId, true);
  // Half of a pair that was cut in two cannot be stored, and would take the notes of all others with it.
  const name =
    client()
      ?.slice(0, 120)
      .replace(/[\uD800-\uDBFF]$/, "") ?? null;
  const use = { id: tokenId, at: new Date(), network: networkKindOf(address), client: name };
  (audience === null ? minted : signedIn).push(use);
  timer ??= setTimeout(() => void flushUses(), delayMs).unref();
}

async function store(statement: Statement, uses: readonly Use[]): Promise<void> {
  if (uses.length === 0) return;
  // In one order, so that two processes that note the same tokens do not wait for each other.
  const sorted = uses.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  try {
    await write(statement, [JSON.stringify(sorted)]);
  } catch (error) {
    log.warn({ err: error }, "last use of tokens was not noted");
  }
}

/** Writes what waits. Never throws: what cannot be written is forgotten, and noted again a minute later. */
export function flushUses(): Promise<void> {
  if (timer) clearTimeout(timer);
  timer = null;
  const [ours, theirs] = [minted, signedIn];
  [minted, signedIn] = [[], []];
  writing = writing.then(() => store(onMinted, ours)).then(() => store(onSignedIn, theirs));
  return writing;
}
