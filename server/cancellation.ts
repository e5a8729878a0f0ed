// How a request and its calls hear that nobody waits for them any more. Not by an AbortSignal: Node 20's outlives young garbage collections although
// nobody holds it, and takes what listens to it along, which is the whole call. Made by the thousand they cost a full collection again and again.

/** What may end early. An AbortSignal is one as well. */
export interface Cancellation {
  readonly aborted: boolean;
  /** Why it was aborted. */
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A cancellation, and its controller in one. */
export class Canceller implements Cancellation {
  aborted = false;
  reason: unknown;
  #listeners: (() => void)[] = [];

  /** It is heard once, and not at all where the abort was before. */
  addEventListener(_type: "abort", listener: () => void): void {
    if (!this.aborted) this.#listeners.push(listener);
  }

  /** From now on `listener` hears nothing, also where others are being told already. */
  removeEventListener(_type: "abort", listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }

  /** Tells all who listen, once. What one of them throws ends the process as any other uncaught error, after the others heard it. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (let listener = this.#listeners.shift(); listener; listener = this.#listeners.shift()) {
      try {
        listener();
      } catch (error) {
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }
}

/** The same as an AbortSignal, for what takes nothing else. */
export function abortSignalOf(cancellation: Cancellation): AbortSignal {
  if (cancellation instanceof AbortSignal) return cancellation;
  if (cancellation.aborted) return AbortSignal.abort(cancellation.reason);
  const controller = new AbortController();
  cancellation.addEventListener("abort", () => controller.abort(cancellation.reason), { once: true });
  return controller.signal;
}
