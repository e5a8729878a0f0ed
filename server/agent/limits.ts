// How much agents may do in a minute: per token, member, connection and organization. What a limit promises across processes: server/rate-limit.ts.
import { LRUCache } from "lru-cache";

import type { Actor } from "#server/auth/actor.ts";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import { roughLimit } from "#server/rate-limit.ts";

import { maxCalls } from "./execute-input.ts";
import { ToolError } from "./tool-error.ts";

const limitOf = (name: keyof typeof env.RATE_LIMITS) => roughLimit({ name, points: env.RATE_LIMITS[name], seconds: 60 });

/** Requests of one token, calls of one member, to one connection and of one organization, searches of one member. */
export const limits = {
  token: limitOf("token"),
  member: limitOf("member"),
  connection: limitOf("connection"),
  organization: limitOf("organization"),
  search: limitOf("search"),
};

/** Seconds the token has to wait, or null when it may go on. */
export const brake = (tokenId: string, requests: number): Promise<number | null> => limits.token.spend(tokenId, requests);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** The calls of one message: those of an `execute_capability` with several, one of any other. Of what is no message, too. */
function callsOf(message: unknown): number {
  if (!isObject(message) || !isObject(message.params) || !isObject(message.params.arguments)) return 1;
  const { calls } = message.params.arguments;
  // More than a batch may have are refused as a whole.
  return Array.isArray(calls) && calls.length <= maxCalls ? Math.max(1, calls.length) : 1;
}

/** As how many requests a body counts: a batch, of the protocol or of ours, as many as it holds. */
export function requestsIn(body: unknown): number {
  return Array.isArray(body) ? body.reduce((sum: number, message) => sum + callsOf(message), 0) : callsOf(body);
}

/** A limit of ours refused a call. It leaves no audit row: a loop that ran wild would fill the trail, and the database, with what never happened. */
export class OverLimit extends ToolError {}

/** What was said in this minute: once for each key, so that a loop does not fill the log either. */
const said = new LRUCache<string, true>({ max: 10_000, ttl: 60_000 });

interface Refusal {
  limit: keyof typeof limits;
  key: string;
  /** The whole limit in words: "You made more than 5 calls". */
  words: (points: number) => string;
  seconds: number;
}

function refusal({ orgId, membershipId, requestId }: Actor, { limit, key, words, seconds }: Refusal): OverLimit {
  if (!said.has(`${limit}:${key}`)) {
    said.set(`${limit}:${key}`, true);
    log.warn({ limit, orgId, membershipId, key, requestId }, "agents are over a rate limit");
  }
  const message = `${words(env.RATE_LIMITS[limit])} in a minute, which is the limit here. Nothing was sent; wait ${seconds} seconds before you go on.`;
  return new OverLimit({ error: "rate_limited", message, retryable: true, retryAfterSeconds: seconds });
}

/** Counts one call of this member and of their organization. Throws OverLimit. */
export async function countCall(actor: Actor): Promise<void> {
  const { membershipId, orgId } = actor;
  const mine = await limits.member.spend(membershipId);
  if (mine !== null)
    throw refusal(actor, {
      limit: "member",
      key: membershipId,
      words: (points) => `Your agents made more than ${points} calls`,
      seconds: mine,
    });
  const ours = await limits.organization.spend(orgId);
  if (ours === null) return;
  const words = (points: number) => `The agents of your organization made more than ${points} calls`;
  throw refusal(actor, { limit: "organization", key: orgId, words, seconds: ours });
}

/** Counts one call to this connection, which the caller may use. Throws OverLimit. */
export async function countCallTo(actor: Actor, { id, name }: { id: string; name: string }): Promise<void> {
  const wait = await limits.connection.spend(id);
  if (wait === null) return;
  const words = (points: number) => `The agents of your organization made more than ${points} calls to ${name}`;
  throw refusal(actor, { limit: "connection", key: id, words, seconds: wait });
}

/** Counts one search, apart from calls: no server is asked for it. Throws OverLimit. */
export async function countSearch(actor: Actor): Promise<void> {
  const { membershipId } = actor;
  const wait = await limits.search.spend(membershipId);
  if (wait === null) return;
  const words = (points: number) => `Your agents made more than ${points} searches`;
  throw refusal(actor, { limit: "search", key: membershipId, words, seconds: wait });
}
