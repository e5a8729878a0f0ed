// When calls to a server pause: it failed several times in a row (a circuit breaker), or it said how long to leave it alone (429, Retry-After).
// For each connection and credential identity, in the memory of this process: a restart tries again, another process finds out for itself.
// Listings in the background obey it too; one that a person asks for goes out all the same, and ends the pause of a server that answers.
import { circuitBreaker, type CircuitBreakerPolicy, CircuitState, ConsecutiveBreaker, handleWhen } from "cockatiel";
import { LRUCache } from "lru-cache";

import { log } from "#server/log.ts";
import { counters, gauges } from "#server/metric.ts";

import { UpstreamCallError } from "./call-error.ts";
import { type Identity, identityOf, placeOf, type UpstreamTarget } from "./target.ts";

/** Failures of the server itself, one after the other, after which it is left alone for this many milliseconds; then one call tries it. */
export const failuresInARow = 5;
const pauseMs = 10_000;
/** A server may ask for an hour of silence at most; after that it is asked again. */
const longestQuietMs = 3_600_000;

export interface Pause {
  why: "failing" | "rate_limited";
  /** When the next call goes out. */
  until: Date;
}

interface Watch {
  orgId: string;
  holder: string;
  identity: string;
  breaker: CircuitBreakerPolicy;
  /** Since when the server is left alone, or one call tries it; like `quietUntil` in milliseconds of the clock. */
  since: number;
  quietUntil: number;
}

/** What became of a call that nobody let the server answer. */
const unanswered: ReadonlySet<UpstreamCallError["reason"]> = new Set(["cancelled", "not_allowed"]);

/** How the one call that tries a failing server ends when it was not answered, or failed on our side: the server may still be as it was. */
class ShowedNothing extends Error {}

/** How a call ends that failed after calls paused: that was heard already, and while another one tries the server that one is listened to alone. */
class OldNews extends Error {}

/** By connection and holder: what was seen with a credential or an address that was replaced since goes with it. */
const watches = new LRUCache<string, Watch>({ max: 10_000 });

function watchOf(target: UpstreamTarget): Watch {
  const [place, identity] = [placeOf(target), identityOf(target)];
  const held = watches.get(place);
  if (held?.identity === identity) return held;
  const isFault = (error: Error) => error instanceof ShowedNothing || (error instanceof UpstreamCallError && error.isServerFault);
  const breaker = circuitBreaker(handleWhen(isFault), {
    halfOpenAfter: pauseMs,
    breaker: new ConsecutiveBreaker(failuresInARow),
  });
  const { connectionId, orgId, holder } = target;
  const watch: Watch = { orgId, holder, identity, breaker, since: 0, quietUntil: 0 };
  breaker.onBreak(() => {
    watch.since = Date.now();
    begun.failing.add();
    log.warn({ connectionId, orgId, failuresInARow }, "calls pause: the server failed again and again");
  });
  breaker.onHalfOpen(() => (watch.since = Date.now()));
  breaker.onReset(() => log.info({ connectionId, orgId }, "calls go on: the server answers again"));
  watches.set(place, watch);
  return watch;
}

function knownWatch(target: Identity): Watch | undefined {
  const watch = watches.peek(placeOf(target));
  return watch?.identity === identityOf(target) ? watch : undefined;
}

function pauseIn({ breaker, since, quietUntil }: Watch): Pause | null {
  const now = Date.now();
  if (quietUntil > now) return { why: "rate_limited", until: new Date(quietUntil) };
  const until = since + pauseMs;
  return breaker.state !== CircuitState.Closed && until > now ? { why: "failing", until: new Date(until) } : null;
}

const pauseKinds = ["failing", "rate_limited"] as const satisfies readonly Pause["why"][];
const begun = counters("gatehouse_pauses_total", "Pauses of calls to a server that began, by reason.", "why", pauseKinds);
gauges("gatehouse_paused", "Credential identities whose calls pause now, by reason.", "why", () => {
  const now: Record<Pause["why"], number> = { failing: 0, rate_limited: 0 };
  for (const watch of watches.values()) {
    const pause = pauseIn(watch);
    if (pause) now[pause.why] += 1;
  }
  return now;
});

/** The pause of calls with this credential identity; null when they go out. */
export function pauseOf(target: Identity): Pause | null {
  const watch = knownWatch(target);
  return watch ? pauseIn(watch) : null;
}

/** The holders of an organization's credentials with which calls to some server pause, or paused until they were replaced. */
export function pausedHolders(orgId: string): string[] {
  return [...watches.values()].filter((watch) => watch.orgId === orgId && pauseIn(watch)).map(({ holder }) => holder);
}

/** Throws UpstreamCallError (`paused` or `rate_limited`, with the seconds that are left) while calls pause. */
export function refuseWhilePaused(target: UpstreamTarget): void {
  const pause = pauseOf(target);
  if (!pause) return;
  const details = { retryAfterSeconds: Math.max(1, Math.ceil((pause.until.getTime() - Date.now()) / 1_000)), isUnsent: true };
  throw pause.why === "failing"
    ? new UpstreamCallError("paused", "The server failed again and again, so it is left alone for a moment.", details)
    : new UpstreamCallError("rate_limited", "The server says there were too many requests.", details);
}

/** The server gave its tools: what made it fail is over. How long it asked to be left alone stays as it said. */
export function noteAnswer(target: UpstreamTarget): void {
  const watch = knownWatch(target);
  if (!watch || watch.breaker.state === CircuitState.Closed) return;
  const { connectionId, orgId } = target;
  log.info({ connectionId, orgId }, "calls go on: the server gave its tools");
  const { quietUntil } = watch;
  watches.delete(placeOf(target));
  if (quietUntil > Date.now()) watchOf(target).quietUntil = quietUntil;
}

function keepQuiet(watch: Watch, { reason, retryAfterSeconds }: UpstreamCallError): void {
  if (reason !== "rate_limited" || retryAfterSeconds === undefined) return;
  begun.rate_limited.add();
  watch.quietUntil = Date.now() + Math.min(retryAfterSeconds * 1_000, longestQuietMs);
}

/** A listing failed; when the server said how long to leave it alone, calls and listings keep to it. */
export function noteRefusal(target: UpstreamTarget, error: unknown): void {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth += 1)
    if (cause instanceof UpstreamCallError) keepQuiet(watchOf(target), cause);
}

/** Runs a call unless calls pause, and learns from how it ends. Throws what `call` throws, and what refuseWhilePaused does. */
export async function unlessPaused<Value>(target: UpstreamTarget, call: () => Promise<Value>): Promise<Value> {
  refuseWhilePaused(target);
  const watch = watchOf(target);
  const tries = watch.breaker.state === CircuitState.Open;
  const judged = async (): Promise<{ value: Value } | UpstreamCallError> => {
    try {
      return { value: await call() };
    } catch (error) {
      if (error instanceof UpstreamCallError && error.isServerFault)
        throw tries || watch.breaker.state === CircuitState.Closed ? error : new OldNews(undefined, { cause: error });
      // Who gave up and what failed on our side say nothing about the server.
      if (!(error instanceof UpstreamCallError) || unanswered.has(error.reason))
        throw tries ? new ShowedNothing(undefined, { cause: error }) : error;
      keepQuiet(watch, error);
      // A server that refuses in words is alive.
      return error;
    }
  };
  // A call that tries the server may be a long one by nature: after ten seconds the others no longer wait for how it ends.
  try {
    const outcome = await (watch.breaker.state === CircuitState.HalfOpen ? judged() : watch.breaker.execute(judged));
    if (outcome instanceof UpstreamCallError) throw outcome;
    return outcome.value;
  } catch (error) {
    throw error instanceof ShowedNothing || error instanceof OldNews ? error.cause : error;
  }
}
