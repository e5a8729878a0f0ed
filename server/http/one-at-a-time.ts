// One request at a time on a connection. Whoever sends the next one before the answer (RFC 9112 section 9.3.2, "Pipelining") would have it checked and run
// at once and answered in its turn; Node tells nobody when such a client goes away, so nothing that was begun for it would ever be ended. Agents, browsers
// and proxies do not do it.
import { randomUUID } from "node:crypto";
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { LRUCache } from "lru-cache";

import { networkOf } from "#server/auth/limits.ts";
import { log } from "#server/log.ts";
import { counter } from "#server/metric.ts";

const message = "Wait for the answer before you send the next request on this connection.\n";

const refusals = counter(
  "gatehouse_early_requests_total",
  "Connections that ended because a request came before the answer to the one before it.",
);
const refused = new WeakSet<Socket>();

/** Networks that sent ahead lately. */
const hasty = new LRUCache<string, true>({ max: 10_000, ttl: 60_000 });
/** Whether somebody from where this connection comes sent ahead in the last minute. */
export const isHasty = ({ remoteAddress = "" }: Socket): boolean => hasty.size > 0 && hasty.has(networkOf(remoteAddress));

/** Whether the answer to an earlier request on this connection is not over: then this one has no socket of its own yet. */
export const isEarly = (res: ServerResponse): boolean => res.socket === null;

/**
 * When a connection closes, Node makes an error for each request of it that was not answered, and its stack, for which it reads the source map: a
 * hundred requests that came in one piece would hold up everybody for 50 ms.
 */
function closeWithoutStacks(socket: Socket): void {
  let limit = Error.stackTraceLimit;
  socket.prependOnceListener("close", () => {
    limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
  });
  socket.once("close", () => {
    Error.stackTraceLimit = limit;
  });
}

/** Refuses the first of them in its turn, with which the connection ends, and reads no more of it. Those that were read with it get no answer. */
export function refuseEarly(res: ServerResponse): void {
  const { socket } = res.req;
  if (refused.has(socket)) return;
  refused.add(socket);
  refusals.add();
  const [address, requestId] = [networkOf(socket.remoteAddress ?? ""), randomUUID()];
  // Not for each: they come in floods.
  if (!hasty.has(address)) log.warn({ address, requestId }, "requests were sent before the answer to the one before them");
  hasty.set(address, true);
  readInPieces(socket);
  res.req.resume();
  closeWithoutStacks(socket);
  const headers = { "content-type": "text/plain; charset=utf-8", "retry-after": "0", "x-request-id": requestId, connection: "close" };
  res.writeHead(503, headers).end(message);
}

/** Bytes that are parsed before it is looked whether the connection is still to be read. Each request that was parsed is kept until the refusal is said. */
const pieceBytes = 512;
const inPieces = new WeakSet<Socket>();

/** Hands what comes on this connection to Node's parser piece by piece, and nothing once it was refused. */
function readInPieces(socket: Socket): void {
  if (inPieces.has(socket)) return;
  inPieces.add(socket);
  const parsers = socket.listeners("data");
  socket.removeAllListeners("data");
  socket.on("data", (read: Buffer) => {
    for (let at = 0; at < read.length; at += pieceBytes) {
      // Node goes on reading after each whole request; what comes now is for nobody.
      if (refused.has(socket)) return void socket.pause();
      if (!socket.writable) return;
      // It pauses itself while its answers are not taken.
      if (socket.isPaused()) return void socket.unshift(read.subarray(at));
      for (const parse of parsers) parse.call(socket, read.subarray(at, at + pieceBytes));
    }
  });
}

/**
 * New connections from where somebody sent ahead are read in small pieces. Otherwise Node parses what it read, up to 64 KiB, in one go, which is a
 * hundred requests before the second can be refused. Not for everybody, because it costs each call processor time.
 */
export function watchTheHasty(server: Server): void {
  server.on("connection", (socket: Socket) => {
    if (isHasty(socket)) readInPieces(socket);
  });
}
