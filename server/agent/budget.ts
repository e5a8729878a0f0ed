// A time limit for one piece of work that leaves nothing behind: AbortSignal.timeout keeps its timer and signal for the whole two minutes
// of a call that took five milliseconds, and at a thousand calls a second that adds up.
import { type Cancellation, Canceller } from "#server/cancellation.ts";

/** Runs `work` with what aborts with `outer`, or with a TimeoutError after `ms` milliseconds. */
export async function within<Value>(outer: Cancellation, ms: number, work: (signal: Cancellation) => Promise<Value>): Promise<Value> {
  const own = new Canceller();
  const follow = () => own.abort(outer.reason);
  const timer = setTimeout(() => own.abort(new DOMException("The time for this call is over.", "TimeoutError")), ms);
  outer.addEventListener("abort", follow, { once: true });
  if (outer.aborted) follow();
  try {
    return await work(own);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", follow);
  }
}
