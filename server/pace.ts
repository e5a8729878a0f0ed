// A pace that leaves room for others: the next one goes on once the event loop has rested since the one before.
import { performance } from "node:perf_hooks";

export interface Pace {
  /** Whether the next may go on. */
  isDue: () => boolean;
  /** Says that one goes on now. */
  step: () => void;
}

/** `restMs`: how long the loop has to wait for something to do in between; `patienceMs`: after which the next goes on although it did not. */
export function paceOf({ restMs, patienceMs }: { restMs: number; patienceMs: number }): Pace {
  const idleMs = () => performance.eventLoopUtilization().idle;
  let steppedAt = 0;
  let idleThen = 0;
  return {
    isDue: () => performance.now() - steppedAt > patienceMs || idleMs() - idleThen >= restMs,
    step: () => {
      steppedAt = performance.now();
      idleThen = idleMs();
    },
  };
}
