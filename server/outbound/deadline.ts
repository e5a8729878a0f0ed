// The end of one exchange: its own clock and the caller's signal, as one signal.
import type { Cancellation } from "#server/cancellation.ts";

import { OutboundError } from "./error.ts";

export interface Deadline {
  /** Aborts with the caller's reason, or with OutboundError (timeout). */
  signal: AbortSignal;
  /** From now on only silence counts: `ms` without `touch()`. */
  countSilence(ms: number): void;
  /** Something moved. Without countSilence it changes nothing: the whole exchange has one deadline. */
  touch(): void;
  /** The exchange is over; nothing aborts any more. */
  end(): void;
  /** Ends it, and whatever is still open of the exchange. */
  abandon(reason: unknown): void;
}

/** Starts the clock of an exchange that has `ms` milliseconds. */
export function startDeadline(ms: number, callerSignal: Cancellation | null | undefined): Deadline {
  // Not AbortSignal.any: a session's signal outlives thousands of calls, and each of them would stay registered on it.
  const controller = new AbortController();
  const forward = () => controller.abort(callerSignal?.reason);
  let message = "The server did not answer in time.";
  const expire = () => controller.abort(new OutboundError("timeout", message));
  let timer = setTimeout(expire, ms);
  let countsSilence = false;
  if (callerSignal?.aborted) forward();
  else callerSignal?.addEventListener("abort", forward, { once: true });

  const end = () => {
    clearTimeout(timer);
    callerSignal?.removeEventListener("abort", forward);
  };

  return {
    signal: controller.signal,
    countSilence(idleMs) {
      clearTimeout(timer);
      message = "The server stopped sending in the middle of its answer.";
      countsSilence = true;
      timer = setTimeout(expire, idleMs);
    },
    touch() {
      if (countsSilence) timer.refresh();
    },
    end,
    abandon(reason) {
      end();
      controller.abort(reason);
    },
  };
}

/** `promise`, or the signal's reason as soon as it aborts: a connection that is still being made takes no notice of an abort. */
export function untilAborted<T>(promise: Promise<T>, signal: Cancellation): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
