// Answers that nobody reads: they would be kept, with their connection, for as long as the other end stays.
import type { Server } from "node:http";
import type { Socket } from "node:net";

import { networkOf } from "#server/auth/limits.ts";

/** Milliseconds without a piece that was taken, after which the connection is closed: the largest answer at 60 KB a second. */
const patienceMs = 300_000;
/**
 * Bytes of answers that wait to be taken, all together. Beyond it those of the address go that has most of them; first those of which nothing was
 * taken for longest, as far as one can see: of one that was written as a whole it is seen only at its end.
 */
const mostUntaken = 268_435_456;
/** Milliseconds between two looks. */
const lookMs = 1_000;

interface Watched {
  socket: Socket;
  /** Where it is among all of them. */
  place: number;
  /** What it had got rid of when that was last another number, and when that was seen; null while it has nothing to say. */
  taken: number | null;
  since: number;
}

/** Bytes that the other end, or what lies between, took. */
const taken = (socket: Socket) => socket.bytesWritten - socket.writableLength;

interface OfAddress {
  bytes: number;
  sockets: Socket[];
}

function heaviest(addresses: Iterable<OfAddress>): OfAddress | undefined {
  let found: OfAddress | undefined;
  for (const address of addresses) if (!found || address.bytes > found.bytes) found = address;
  return found;
}

/** Closes connections until so many bytes fewer wait. `stalled`: those of which nothing was taken for longest first. */
function shed(stalled: readonly Socket[], bytes: number): void {
  const addresses = new Map<string, OfAddress>();
  for (const socket of stalled) {
    const address = networkOf(socket.remoteAddress ?? "");
    const own = addresses.get(address) ?? { bytes: 0, sockets: [] };
    addresses.set(address, own);
    own.bytes += socket.writableLength;
    own.sockets.push(socket);
  }
  for (let left = bytes; left > 0;) {
    const from = heaviest(addresses.values());
    const socket = from?.sockets.shift();
    if (!from || !socket) return;
    from.bytes -= socket.writableLength;
    left -= socket.writableLength;
    socket.destroy();
  }
}

/** Closes connections of this server whose answer is not read. */
export function closeStalled(server: Server, { patience = patienceMs, most = mostUntaken, look = lookMs } = {}): void {
  // No Set: a flood of connections would leave old tables behind, which hold on to all of them until a full garbage collection.
  const open: Watched[] = [];
  server.on("connection", (socket: Socket) => {
    const own: Watched = { socket, place: open.length, taken: null, since: 0 };
    open.push(own);
    socket.once("close", () => {
      // The last takes its place.
      const last = open.pop();
      if (!last || last === own) return;
      open[own.place] = last;
      last.place = own.place;
    });
  });

  function lookAtAll(): void {
    const now = performance.now();
    let untaken = 0;
    for (const one of open) {
      const { socket } = one;
      untaken += socket.writableLength;
      if (socket.writableLength === 0) one.taken = null;
      else if (one.taken !== taken(socket)) [one.taken, one.since] = [taken(socket), now];
      else if (now - one.since >= patience) socket.destroy();
    }
    if (untaken <= most) return;
    const stalled = open.filter((one) => one.taken !== null).sort((a, b) => a.since - b.since);
    shed(
      stalled.map(({ socket }) => socket),
      untaken - most,
    );
  }
  setInterval(lookAtAll, look).unref();
}
