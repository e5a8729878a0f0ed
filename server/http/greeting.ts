// New connections are greeted at a pace: two thousand that come within a moment would be read, parsed and kept all at once, and everybody else's calls
// wait meanwhile. Those that wait are open and unread. Sites take turns.
import type { Server } from "node:http";
import type { Socket } from "node:net";

import { LRUCache } from "lru-cache";

import { siteOf } from "#server/auth/limits.ts";
import { newcomers, strangers } from "#server/crowd.ts";
import { env } from "#server/env.ts";
import { paceOf } from "#server/pace.ts";

/** Greeted at once while nobody waits; one more each millisecond. */
const burst = 16;
/**
 * While so many requests of a site wait for their turn (crowd.ts), most who are greeted would wait there too, where what they sent is kept: one at a
 * time, this far apart.
 */
const manyRequests = 8;
const slowlyMs = 25;
/** Sites whose last greeting is remembered. */
const mostSites = 1_000;
/** Of one site who wait. Beyond it each that comes sends the first on. That the other end hung up is seen only when a connection is read. */
const mostHeld = 2_500;

/**
 * Paces the connections of a server that does not listen yet, until the function it returns is called: then all that wait are greeted, and whoever
 * comes afterwards at once. Behind a proxy connections are the proxy's, which opens and closes them as it likes: there is no pace.
 */
export function greetAtPace(server: Server): () => void {
  if (env.TRUST_PROXY) return () => undefined;
  const greeters = server.listeners("connection");
  server.removeAllListeners("connection");
  // As net.createServer takes it; http.createServer does not hand it on.
  Object.assign(server, { pauseOnConnect: true });
  const pace = paceOf({ restMs: 0.5, patienceMs: 5 });
  /** By site, the one whose turn it is first. */
  const waiting = new Map<string, Set<Socket>>();
  /** When somebody of a site was greeted who had waited. */
  const greetedAt = new LRUCache<string, number>({ max: mostSites });
  let held = 0;
  let allowance = burst;
  let allowedAt = 0;
  let isDue = false;
  let isOver = false;

  function greet(socket: Socket): void {
    for (const greeter of greeters) greeter.call(server, socket);
    socket.resume();
  }

  /** Returns the line of its site. */
  function hold(site: string, socket: Socket): Set<Socket> {
    const line = waiting.get(site) ?? new Set();
    waiting.set(site, line);
    line.add(socket);
    held += 1;
    // It may be one connection too many (connection-caps.ts).
    socket.once("close", () => drop(site, socket));
    return line;
  }

  function drop(site: string, socket: Socket): void {
    const line = waiting.get(site);
    if (!line?.delete(socket)) return;
    held -= 1;
    if (line.size === 0) waiting.delete(site);
  }

  const isBusy = (site: string) => strangers.waiting(site) + newcomers.waiting(site) >= manyRequests;

  function greetFirst(site: string, line: Set<Socket>): void {
    for (const socket of line) {
      drop(site, socket);
      greetedAt.set(site, performance.now());
      return greet(socket);
    }
  }

  function greetNext(): void {
    const now = performance.now();
    for (const [site, line] of waiting) {
      if (!isOver && now - (greetedAt.get(site) ?? 0) < slowlyMs && isBusy(site)) continue;
      // The others of this site wait for all other sites.
      waiting.delete(site);
      waiting.set(site, line);
      pace.step();
      return greetFirst(site, line);
    }
  }

  function goOn(): void {
    isDue = false;
    if (pace.isDue(held)) greetNext();
    if (held > 0) schedule();
  }

  function schedule(): void {
    if (isDue) return;
    isDue = true;
    setTimeout(goOn, 1);
  }

  server.on("connection", (socket: Socket) => {
    if (isOver) return greet(socket);
    const site = siteOf(socket.remoteAddress ?? "");
    if (held === 0 && !isBusy(site)) {
      const now = performance.now();
      allowance = Math.min(burst, allowance + (now - allowedAt));
      allowedAt = now;
      if (allowance >= 1) {
        allowance -= 1;
        return greet(socket);
      }
    }
    const line = hold(site, socket);
    if (line.size > mostHeld) greetFirst(site, line);
    schedule();
  });
  return () => {
    isOver = true;
    while (held > 0) greetNext();
  };
}
