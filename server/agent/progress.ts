// Progress as an agent gets it: a few reports at once as they come, then at a steady pace the newest alone. What is sent waits in memory for an agent
// that reads slowly, and a server may report a hundred thousand times.
import type { Cancellation } from "#server/cancellation.ts";
import type { ProgressUpdate } from "#server/upstream/plain-call.ts";

/** Reports that pass at once, and milliseconds after which one more may. */
const burst = 20;
const paceMs = 100;

/** `send` for as many reports as an agent can use. The last one before a silence is always sent. */
export function paced(send: (update: ProgressUpdate) => void, signal: Cancellation): (update: ProgressUpdate) => void {
  let room = burst;
  let filledAt = performance.now();
  let newest: ProgressUpdate | null = null;
  let timer: NodeJS.Timeout | undefined;
  const refill = () => {
    const earned = Math.floor((performance.now() - filledAt) / paceMs);
    if (earned === 0) return;
    room = Math.min(burst, room + earned);
    filledAt += earned * paceMs;
  };
  const flush = () => {
    timer = undefined;
    refill();
    if (newest && room > 0 && !signal.aborted) {
      room -= 1;
      send(newest);
      newest = null;
    }
  };
  return (update) => {
    newest = update;
    if (timer === undefined) flush();
    if (newest) timer ??= setTimeout(flush, paceMs).unref();
  };
}
