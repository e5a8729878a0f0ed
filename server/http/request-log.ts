// One log line per request: method, path without its query (it may hold a code or a state), status, duration.
import { log } from "#server/log.ts";

import { factsOf } from "./facts.ts";
import type { Route } from "./route.ts";

/** Logs each finished request at info, assets and health checks at debug. */
export const requestLog: Route = (req, res, next) => {
  const began = performance.now();
  // Set-up and invitation links carry their secret in the path.
  const [asked = "/"] = (req.url ?? "/").split("?", 1);
  const path = asked.replace(/^\/(setup|join)\/.*/, "/$1/[hidden]");
  res.on("close", () => {
    const quiet = path.startsWith("/assets/") || path === "/healthz" || path === "/readyz" || path === "/metrics";
    log[quiet ? "debug" : "info"](
      { requestId: factsOf(req).requestId, method: req.method, path, status: res.statusCode, ms: Math.round(performance.now() - began) },
      res.writableFinished ? "request" : "request aborted by the client",
    );
  });
  next();
};
