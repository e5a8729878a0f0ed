// How much may be kept of answers that are not whole yet: servers that send much and never end must not fill the memory, each of their calls a little.
import { gauge } from "#server/metric.ts";

import { OutboundError } from "./error.ts";

const mebibyte = 1_048_576;
/** Bytes of all answers together, and of those of one origin. */
const most = 256 * mebibyte;
const mostOfOne = 64 * mebibyte;
/** Bytes of each answer that do not count: ordinary ones come through whatever the large ones take. */
const uncounted = 65_536;

let total = 0;
const ofOrigins = new Map<string, number>();

gauge("gatehouse_unfinished_answers_bytes", "Kept of large answers that are not whole yet.", () => total);

/** What is kept of one answer. */
export class Room {
  readonly #origin: string;
  #kept = 0;
  #counted = 0;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** So many bytes (or characters) more are kept. Throws OutboundError (too_large) where there is no room. */
  keep(bytes: number): void {
    this.#kept += bytes;
    const more = this.#kept - uncounted - this.#counted;
    if (more <= 0) return;
    const ofOrigin = (ofOrigins.get(this.#origin) ?? 0) + more;
    if (total + more > most || ofOrigin > mostOfOne)
      throw new OutboundError("too_large", "Too many large answers are on their way at once, so this one was not read to its end.");
    this.#counted += more;
    total += more;
    ofOrigins.set(this.#origin, ofOrigin);
  }

  /** Nothing of it is kept any more. */
  free(): void {
    this.#kept = 0;
    if (this.#counted === 0) return;
    const left = (ofOrigins.get(this.#origin) ?? 0) - this.#counted;
    if (left > 0) ofOrigins.set(this.#origin, left);
    else ofOrigins.delete(this.#origin);
    total -= this.#counted;
    this.#counted = 0;
  }
}
