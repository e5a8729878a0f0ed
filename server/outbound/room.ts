// How much may be kept of answers that are not whole, or not parsed, yet: servers that send much and never end must not fill the memory, each of their calls a little.
import { gauge } from "#server/metric.ts";

import { OutboundError } from "./error.ts";

const mebibyte = 1_048_576;
/** Bytes of all answers together, and of those of one host. */
const most = 256 * mebibyte;
const mostOfOne = 64 * mebibyte;
/** Bytes of each answer that do not count: ordinary ones come through whatever the large ones take. */
const uncounted = 65_536;

interface OfHost {
  counted: number;
  /** The oldest first. */
  rooms: Set<Room>;
}

let total = 0;
const hosts = new Map<string, OfHost>();

gauge("gatehouse_unfinished_answers_bytes", "Kept of large answers that are not whole, or not parsed, yet.", () => total);

function largest(): OfHost | undefined {
  let found: OfHost | undefined;
  for (const host of hosts.values()) if (!found || host.counted > found.counted) found = host;
  return found;
}

/** What is kept of one answer. Where there is no room the oldest answer of the host that keeps most gives way, not the newest. */
export class Room {
  readonly #host: string;
  readonly #giveUp: (error: OutboundError) => void;
  #kept = 0;
  #counted = 0;
  #over: OutboundError | null = null;

  /** `giveUp` ends the reading of an answer that has to make room for others. */
  constructor(host: string, giveUp: (error: OutboundError) => void) {
    this.#host = host;
    this.#giveUp = giveUp;
  }

  /** So many bytes (or characters) more are kept. Throws OutboundError (no_room) once this answer was given up. */
  keep(bytes: number): void {
    if (this.#over) throw this.#over;
    this.#kept += bytes;
    const more = this.#kept - uncounted - this.#counted;
    if (more <= 0) return;
    const own = hosts.get(this.#host) ?? { counted: 0, rooms: new Set() };
    hosts.set(this.#host, own);
    this.#counted += more;
    own.counted += more;
    own.rooms.add(this);
    total += more;
    while (own.counted > mostOfOne) Room.#makeRoom(own);
    for (let host = largest(); total > most && host; host = largest()) Room.#makeRoom(host);
    // It may have been this one itself.
    this.keep(0);
  }

  static #makeRoom({ rooms }: OfHost): void {
    const [oldest] = rooms;
    if (!oldest) return;
    oldest.#over = new OutboundError("no_room", "Too many large answers were on their way at once, so this one was given up.");
    oldest.free();
    oldest.#giveUp(oldest.#over);
  }

  /** Nothing of it is kept any more. */
  free(): void {
    this.#kept = 0;
    const own = hosts.get(this.#host);
    if (!own?.rooms.delete(this)) return;
    total -= this.#counted;
    own.counted -= this.#counted;
    this.#counted = 0;
    if (own.rooms.size === 0) hosts.delete(this.#host);
  }
}
