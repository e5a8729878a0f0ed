// The brake on bearer tokens that are none: an address that sent many is answered late and without a look at the database. Tokens that were good
// lately pass as ever, wherever they come from: an office shares one address.
import type { ServerResponse } from "node:http";

import { LRUCache } from "lru-cache";
import { RateLimiterMemory } from "rate-limiter-flexible";

import { countAnswer } from "#server/agent/reference.ts";
import { networkOf } from "#server/auth/limits.ts";
import { hashSecret } from "#server/seal.ts";
import { wasGoodLately } from "#server/tokens/verify.ts";

import { factsOf } from "./facts.ts";
import { isHasty } from "./one-at-a-time.ts";
import type { Route } from "./route.ts";

/**
 * A hundred bad tokens an address may send in a minute; with each one more it is braked for this many seconds. One that comes again counts a tenth: an
 * agent that goes on with a token that was revoked guesses nothing, and must not keep out the new agents of its office.
 */
const perAddress = new RateLimiterMemory({ keyPrefix: "bad-token", points: 1_000, duration: 60 });
const [pointsOfNew, pointsOfKnown] = [10, 1];
/** Hashes of bad tokens of the last minute. */
const met = new LRUCache<string, true>({ max: 10_000, ttl: 60_000 });
const brakeSeconds = 10;
const braked = new LRUCache<string, true>({ max: 10_000, ttl: brakeSeconds * 1_000 });

/** Milliseconds that a braked address waits for each answer, and up to as many more: a flood over kept connections is as slow as they are few, and one
 * that came in one moment does not come again in one. */
const lateMs = 1_000;
/** The same for one from where requests were sent ahead: it is hung up on and comes back, and a new connection costs others more than a request. */
const hastyMs = 3_000;
/** Answers held back at once, for everybody; beyond it the connection is closed. */
const maxLate = 1_000;
let late = 0;

const message = `Too many unknown tokens came from this address. Wait ${brakeSeconds} seconds.`;

function refuseLate(res: ServerResponse, requestId: string): void {
  const sentAhead = isHasty(res.req.socket);
  // Those who come back for ever leave half of the places to others.
  if (late >= (sentAhead ? maxLate / 2 : maxLate)) return void res.destroy();
  late += 1;
  const timer = setTimeout(
    () => {
      countAnswer(429);
      const data = { retryable: true, retryAfterSeconds: brakeSeconds, requestId };
      const body = JSON.stringify({ jsonrpc: "2.0", error: { code: -32_000, message, data }, id: null });
      res
        .writeHead(429, { "content-type": "application/json", "retry-after": String(brakeSeconds), "cache-control": "no-store" })
        .end(body);
    },
    (sentAhead ? hastyMs : lateMs) * (1 + Math.random()),
  );
  res.on("close", () => {
    late -= 1;
    clearTimeout(timer);
  });
}

/** Counts the bearer tokens that were answered with 401, and holds off addresses that send too many. */
export const badTokenBrake: Route = (req, res, next) => {
  const bearer = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? "")?.[1];
  if (bearer === undefined) return next();
  const { address, requestId } = factsOf(req);
  if (braked.size > 0 && braked.has(networkOf(address)) && !wasGoodLately(bearer)) return refuseLate(res, requestId);
  res.on("finish", () => {
    if (res.statusCode !== 401) return;
    const network = networkOf(address);
    const hash = hashSecret(bearer);
    perAddress.consume(network, met.has(hash) ? pointsOfKnown : pointsOfNew).catch(() => braked.set(network, true));
    met.set(hash, true);
  });
  next();
};
