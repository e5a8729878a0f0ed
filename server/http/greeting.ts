// New connections are greeted at a pace: two thousand that come within a moment would be read, parsed and kept all at once, and everybody else's calls
// wait meanwhile. Those that wait are open and unread. Networks take turns.
import type { Server } from "node:http";
import type { Socket } from "node:net";

import { networkOf } from "#server/auth/limits.ts";
import { env } from "#server/env.ts";
import { paceOf } from "#server/pace.ts";

/** Greeted at once while nobody waits; one more each millisecond. */
const burst = 16;

/** Paces the connections of a server that does not listen yet. Behind a proxy they are the proxy's, and come and go as it likes: there is no pace. */
export function greetAtPace(server: Server): void {
  if (env.TRUST_PROXY) return;
  const greeters = server.listeners("connection");
  server.removeAllListeners("connection");
  // As net.createServer takes it; http.createServer does not hand it on.
  Object.assign(server, { pauseOnConnect: true });
  /** By network, the one whose turn it is first. */
  const waiting = new Map<string, Socket[]>();
  const pace = paceOf({ restMs: 0.5, patienceMs: 5 });
  let allowance = burst;
  let allowedAt = 0;
  let isDue = false;

  function greet(socket: Socket): void {
    pace.step();
    for (const greeter of greeters) greeter.call(server, socket);
    socket.resume();
  }

  function next(): Socket | undefined {
    for (const [network, sockets] of waiting) {
      waiting.delete(network);
      const socket = sockets.shift();
      if (sockets.length > 0) waiting.set(network, sockets);
      if (socket && !socket.destroyed) return socket;
    }
    return undefined;
  }

  function goOn(): void {
    isDue = false;
    const socket = pace.isDue() ? next() : undefined;
    if (socket) greet(socket);
    if (waiting.size > 0) schedule();
  }

  function schedule(): void {
    if (isDue) return;
    isDue = true;
    setTimeout(goOn, 1);
  }

  server.on("connection", (socket: Socket) => {
    if (waiting.size === 0) {
      const now = performance.now();
      allowance = Math.min(burst, allowance + (now - allowedAt));
      allowedAt = now;
      if (allowance >= 1) {
        allowance -= 1;
        return greet(socket);
      }
    }
    // A connection that fails before it is read has nobody else who listens.
    socket.on("error", () => socket.destroy());
    const network = networkOf(socket.remoteAddress ?? "");
    const queue = waiting.get(network);
    if (queue) queue.push(socket);
    else waiting.set(network, [socket]);
    schedule();
  });
}
