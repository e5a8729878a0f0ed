// What answers a request or hands it on. It knows nothing of Express, which takes it for one of its handlers.
import type { IncomingMessage, ServerResponse } from "node:http";

/** Answers a request whose facts were learned, or calls `next`: with an error, when it could not be answered. */
export type Route = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;
