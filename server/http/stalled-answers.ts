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
  /** What each connection that has something to say had got rid of, and when that was first seen. */
  const stalled = new Map<Socket, { taken: number; since: number }>();
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      stalled.delete(socket);
    });
  });

  function lookAtAll(): void {
    const now = performance.now();
    let untaken = 0;
    for (const socket of open) {
      const before = stalled.get(socket);
      untaken += socket.writableLength;
      if (socket.writableLength === 0) stalled.delete(socket);
      else if (before?.taken !== taken(socket)) stalled.set(socket, { taken: taken(socket), since: now });
      else if (now - before.since >= patience) socket.destroy();
    }
    if (untaken <= most) return;
    const waiting = [...stalled].sort(([, a], [, b]) => a.since - b.since);
    shed(
      waiting.map(([socket]) => socket),
      untaken - most,
    );
  }
  setInterval(lookAtAll, look).unref();
}
