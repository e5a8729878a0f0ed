// A pace that leaves room for others: the next one goes on once the event loop has rested since the one before.
import { performance } from "node:perf_hooks";

export interface Pace {
  /** Whether the next of so many who wait may go on. */
  isDue: (waiting: number) => boolean;
  /** Says that one goes on now. */
  step: () => void;
}

/** Those who wait who halve the patience: in a loop that never rests they would have to go away and come back before their turn. */
const manyWaiting = 500;

/**
 * `restMs`: how long the loop has to wait for something to do in between; `patienceMs`: after which the next goes on although it did not, sooner the
 * more of them wait.
 */
export function paceOf({ restMs, patienceMs }: { restMs: number; patienceMs: number }): Pace {
  const idleMs = () => performance.eventLoopUtilization().idle;
  let steppedAt = 0;
  let idleThen = 0;
  return {
    isDue: (waiting) => performance.now() - steppedAt > patienceMs / (1 + waiting / manyWaiting) || idleMs() - idleThen >= restMs,
    step: () => {
      steppedAt = performance.now();
      idleThen = idleMs();
    },
  };
}
