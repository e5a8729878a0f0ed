// One request at a time on a connection. Whoever sends the next one before the answer (RFC 9112 section 9.3.2, "Pipelining") would have it checked and run
// at once and answered in its turn; Node tells nobody when such a client goes away, so nothing that was begun for it would ever be ended. Agents, browsers
// and proxies do not do it.
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

const message = "Wait for the answer before you send the next request on this connection.\n";

const refused = new WeakSet<Socket>();

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
  socket.pause();
  res.req.resume();
  closeWithoutStacks(socket);
  res.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "0", connection: "close" }).end(message);
}
