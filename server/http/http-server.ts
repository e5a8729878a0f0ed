// The HTTP server around the host, before it listens: how fast connections are greeted, how many there may be, and how long a request may take to come.
import { createServer, type RequestListener, type Server } from "node:http";

import { capConnections } from "./connection-caps.ts";
import { greetAtPace } from "./greeting.ts";
import { watchTheHasty } from "./one-at-a-time.ts";
import { closeStalled } from "./stalled-answers.ts";

/** Milliseconds in which the headers of a request have to be there, and all of it: who drips is hung up on. */
const patience = { headersMs: 15_000, requestMs: 60_000 };

/** `greetAll`: what greetAtPace returns. */
export function httpServer(host: RequestListener, { headersMs, requestMs } = patience): { server: Server; greetAll: () => void } {
  const limits = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    // Looked at often, so that few are hung up on at a time.
    connectionsCheckingInterval: 100,
    keepAliveTimeout: 65_000,
  };
  const server = createServer(limits, host);
  watchTheHasty(server);
  const greetAll = greetAtPace(server);
  capConnections(server);
  closeStalled(server);
  return { server, greetAll };
}
