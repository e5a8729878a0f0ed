// How many calls are under way at one connection, for all its members: the others wait a short while, each member in turn.
import type { Cancellation } from "#server/cancellation.ts";
import { gauges } from "#server/metric.ts";

import { UpstreamCallError } from "./call-error.ts";

/** Calls at once to one connection, and of those for one member: whoever calls a server that hangs must leave room for the others. */
const maxAtOnce = 100;
const maxForOneMember = 75;
/** Those who wait, and of those for one member. */
const maxWaiting = 1_000;
const maxWaitingOfOne = 250;
const patienceMs = 5_000;
/**
 * Members, and connections, that stay here without a call. A Map that is filled and emptied with each call leaves old tables behind, and each holds on
 * to the next and to what was in it until a full garbage collection.
 */
const mostIdle = 100;

interface Line {
  /** Calls under way, by membership (some have none), and all together. */
  running: Map<string, number>;
  total: number;
  /** Those who wait, by membership; the member at the front is next. */
  waiting: Map<string, (() => void)[]>;
}

const lines = new Map<string, Line>();

const total = (counts: Iterable<number>) => [...counts].reduce((sum, count) => sum + count, 0);

gauges("gatehouse_calls_in_turn", "Calls at third-party servers: under way, and waiting for a place.", "state", () => ({
  running: total([...lines.values()].map((line) => line.total)),
  waiting: total([...lines.values()].map(({ waiting }) => total([...waiting.values()].map(({ length }) => length)))),
}));

const hasRoom = (line: Line, caller: string) => (line.running.get(caller) ?? 0) < maxForOneMember && line.total < maxAtOnce;

function take(line: Line, caller: string): void {
  line.running.set(caller, (line.running.get(caller) ?? 0) + 1);
  line.total += 1;
}

function leave(connectionId: string, line: Line, caller: string): void {
  line.total -= 1;
  const left = (line.running.get(caller) ?? 0) - 1;
  if (left > 0 || line.running.size <= mostIdle) line.running.set(caller, left);
  else line.running.delete(caller);
  for (const [next, turns] of line.waiting) {
    if (!hasRoom(line, next)) continue;
    const start = turns.shift();
    // Behind the others, until its next turn.
    line.waiting.delete(next);
    if (turns.length > 0) line.waiting.set(next, turns);
    // Taken for it at once: who comes before it runs must not find the place free.
    take(line, next);
    start?.();
    break;
  }
  if (line.total === 0 && line.waiting.size === 0 && lines.size > mostIdle) lines.delete(connectionId);
}

function waitForTurn(line: Line, { caller, signal }: Turn): Promise<void> {
  const isFull = total([...line.waiting.values()].map(({ length }) => length)) >= maxWaiting;
  if (isFull || (line.waiting.get(caller)?.length ?? 0) >= maxWaitingOfOne) return Promise.reject(busy());
  return new Promise((resolve, reject) => {
    const turns = line.waiting.get(caller) ?? [];
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    };
    const start = () => {
      end();
      resolve();
    };
    const goAway = (reason: UpstreamCallError) => {
      end();
      turns.splice(turns.indexOf(start), 1);
      if (turns.length === 0) line.waiting.delete(caller);
      reject(reason);
    };
    const giveUp = () => goAway(gone(signal));
    const timer = setTimeout(() => goAway(busy()), patienceMs);
    signal.addEventListener("abort", giveUp, { once: true });
    turns.push(start);
    line.waiting.set(caller, turns);
  });
}

function gone({ reason }: Cancellation): UpstreamCallError {
  return new UpstreamCallError("cancelled", "The call was cancelled.", { cause: reason });
}

function busy(): UpstreamCallError {
  return new UpstreamCallError("busy", "As many calls as go to this server at once are under way.", {
    retryAfterSeconds: patienceMs / 1_000,
    isUnsent: true,
  });
}

interface Turn {
  /** The membership that calls. */
  caller: string;
  signal: Cancellation;
}

/** Runs `call` when there is room for it at this connection. Throws UpstreamCallError (`busy`, `cancelled`) when there is none in five seconds. */
export async function inTurn<Value>(connectionId: string, turn: Turn, call: () => Promise<Value>): Promise<Value> {
  if (turn.signal.aborted) throw gone(turn.signal);
  const line = lines.get(connectionId) ?? { running: new Map(), total: 0, waiting: new Map() };
  lines.set(connectionId, line);
  if (hasRoom(line, turn.caller)) take(line, turn.caller);
  else await waitForTurn(line, turn);
  try {
    return await call();
  } finally {
    leave(connectionId, line, turn.caller);
  }
}
