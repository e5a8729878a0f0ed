// The host: what every request passes, in this order, until a route answers it. Pages and procedures are Express'; the agents' door is reached
// without it.
import type { RequestListener } from "node:http";

import compression from "compression";
import express from "express";

import { authenticate } from "#server/auth/authenticate.ts";
import { databaseReady } from "#server/db.ts";
import { env } from "#server/env.ts";
import { loadContextFor } from "#server/load-context.ts";

import { agentRoute } from "./agent-route.ts";
import { badTokenBrake } from "./bad-tokens.ts";
import { factsOf, learn } from "./facts.ts";
import { metricsRoute } from "./metrics-route.ts";
import { boundedBody, ownHost, ownOrigin, securityHeaders } from "./guards.ts";
import { oauthRoutes } from "./oauth-routes.ts";
import { isEarly, refuseEarly } from "./one-at-a-time.ts";
import { remixRoutes } from "./remix-routes.ts";
import { requestLog } from "./request-log.ts";
import type { Route } from "./route.ts";
import { answerFailure, lastResort, sendError } from "./send-error.ts";
import { setupScriptRoute } from "./setup-script.ts";
import { signInRoutes } from "./sign-in-routes.ts";

const agentPath = "/mcp/agent";

const known: Route = (req, res, next) => {
  const { requestId } = learn(req, res);
  res.setHeader("x-request-id", requestId);
  next();
};

/** The routes as one. */
function inOrder(routes: readonly Route[]): Route {
  return routes.reduceRight<Route>(
    (rest, route) => (req, res, next) => route(req, res, (error) => (error === undefined ? rest(req, res, next) : next(error))),
    (_req, _res, next) => next(),
  );
}

/** The whole HTTP surface. `isStopping` turns new requests away. */
export async function createHost({ isStopping }: { isStopping: () => boolean }): Promise<RequestListener> {
  const app = express();
  app.disable("x-powered-by");
  // The one proxy in front, no more: what stands further left in X-Forwarded-For is whatever the client wrote there.
  app.set("trust proxy", env.TRUST_PROXY ? 1 : false);

  const openToAll: Route = (req, res, next) => {
    if (!isStopping()) return next();
    res.setHeader("connection", "close");
    sendError(req, res, 503, "Gatehouse is stopping. Try again in a moment.");
  };
  // The agent endpoint checks its own token, bounds its own body, shows nothing to a browser, and must not be buffered for compression.
  const agentDoor = inOrder([known, badTokenBrake, requestLog, openToAll, ownHost, ownOrigin, agentRoute]);

  app.use(known);
  // Before the check of Host: who scrapes by address knows a token instead, which the brake does not.
  app.get("/metrics", requestLog, metricsRoute(env));
  app.use(badTokenBrake, requestLog);

  app.get("/healthz", (_req, res) => void res.type("text/plain").send("ok"));
  app.get("/readyz", (_req, res, next) => {
    databaseReady().then((reachable) => {
      const ready = reachable && !isStopping();
      res.status(ready ? 200 : 503);
      res.type("text/plain").send(ready ? "ready" : "not ready");
    }, next);
  });

  app.use(openToAll, ownHost);
  // Spelled otherwise: with a slash at its end, in capitals.
  app.all(agentPath, ownOrigin, agentRoute);
  // Before the check of Origin: clients in browsers register and get tokens from pages of their own.
  app.use(signInRoutes());
  app.use(ownOrigin);
  app.use(securityHeaders);

  const { assets, pages } = await remixRoutes((req, res) => loadContextFor(factsOf(req), req, res));
  app.use(compression(), assets, boundedBody);
  app.use(oauthRoutes(), setupScriptRoute());
  app.use((req, res, next) => {
    const facts = factsOf(req);
    authenticate({ headers: req.headers, origin: facts.origin, requestId: facts.requestId }).then(({ actor, setCookie }) => {
      facts.actor = actor;
      if (setCookie) res.append("set-cookie", setCookie);
      next();
    }, next);
  });
  app.use(pages);
  app.use(lastResort);
  return (req, res) => {
    const [path] = (req.url ?? "").split("?", 1);
    if (isEarly(res)) refuseEarly(res);
    else if (path === agentPath) agentDoor(req, res, (error) => answerFailure(error, req, res));
    else app(req, res);
  };
}
