// Answers that nobody reads: they would be kept, with their connection, for as long as the other end stays.
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Milliseconds without a piece that was taken, after which the connection is closed: the largest answer at 60 KB a second. */
const patienceMs = 300_000;
/** Bytes of answers that wait to be taken, all together; beyond it those go first of which nothing was taken for longest. */
const mostUntaken = 268_435_456;
/** Milliseconds between two looks. */
const lookMs = 1_000;

/** Bytes that the other end, or what lies between, took. */
const taken = (socket: Socket) => socket.bytesWritten - socket.writableLength;

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
    for (const [socket] of [...stalled].sort(([, a], [, b]) => a.since - b.since)) {
      if (untaken <= most) break;
      untaken -= socket.writableLength;
      socket.destroy();
    }
  }
  setInterval(lookAtAll, look).unref();
}
