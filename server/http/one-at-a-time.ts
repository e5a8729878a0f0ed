// One request at a time on a connection. Whoever sends the next one before the answer (RFC 9112 section 9.3.2, "Pipelining") would have it checked and run
// at once and answered in its turn; Node tells nobody when such a client goes away, so nothing that was begun for it would ever be ended. Agents, browsers
// and proxies do not do it.
import type { ServerResponse } from "node:http";

const message = "Wait for the answer before you send the next request on this connection.\n";

/** Whether the answer to an earlier request on this connection is not over: then this one has no socket of its own yet. */
export const isEarly = (res: ServerResponse): boolean => res.socket === null;

/** Refuses it in its turn; the connection ends with that. */
export function refuseEarly(res: ServerResponse): void {
  res.req.resume();
  res.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "0", connection: "close" }).end(message);
}
