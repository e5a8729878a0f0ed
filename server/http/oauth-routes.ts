// The two addresses an authorization server knows us by: the redirect URI and the client metadata document.
import { type Request, Router } from "express";

import { authenticate } from "#server/auth/authenticate.ts";
import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import { callbackPage } from "#server/oauth/callback-page.ts";
import { clientMetadata } from "#server/oauth/client-metadata.ts";

import { factsOf } from "./facts.ts";

function parameter(req: Request, name: string): string | null {
  const value = req.query[name];
  // A repeated parameter is not a parameter (RFC 6749 section 3.1).
  return typeof value === "string" && value.length <= 4_096 ? value : null;
}

export function oauthRoutes(): Router {
  const routes = Router();
  routes.get("/oauth/client-metadata.json", (req, res) => {
    res.set("cache-control", "public, max-age=3600").json(clientMetadata(factsOf(req).origin));
  });
  routes.get("/oauth/callback", (req, res, next) => {
    answerCallback(req).then(({ status, page }) => {
      // The address holds a code and a state: neither is to be kept or passed on.
      res.status(status).set({ "cache-control": "no-store", "referrer-policy": "no-referrer" }).type("html").send(page);
    }, next);
  });
  return routes;
}

async function answerCallback(req: Request): Promise<{ status: number; page: string }> {
  const { origin, requestId, nonce } = factsOf(req);
  const { actor } = await authenticate({ headers: req.headers, origin, requestId });
  const parameters = {
    state: parameter(req, "state"),
    code: parameter(req, "code"),
    iss: parameter(req, "iss"),
    error: parameter(req, "error"),
  };
  const outcome = await finishAuthorization(actor, parameters);
  const backUrl = outcome.connectionId === null ? `${origin}/connections` : `${origin}/connections?connect=${outcome.connectionId}`;
  return { status: outcome.state === "connected" ? 200 : 400, page: callbackPage({ ...outcome, requestId, backUrl }, nonce) };
}
