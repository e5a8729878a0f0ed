// The two addresses an authorization server knows us by: the redirect URI and the client metadata document.
import { Router } from "express";

import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import { callbackPage } from "#server/oauth/callback-page.ts";
import { clientMetadata } from "#server/oauth/client-metadata.ts";

import { factsOf } from "./facts.ts";

export function oauthRoutes(): Router {
  return Router();
}
