// The addresses agents sign in at: the metadata of the protected resource (RFC 9728), and the authorization server at the origin's root.
import { type Request, type RequestHandler, type Response, Router } from "express";

import { countSignInRequest, countTry } from "#server/auth/limits.ts";
import { links } from "#server/origin.ts";
import { isStorable } from "#server/storable.ts";
import { agentScopes, mayBeCalledBack, providerFor, tolerated } from "#server/signin/provider.ts";

import { factsOf } from "./facts.ts";

const maxRegistrationBytes = 65_536;

const resourceMetadata: RequestHandler = (req, res) => {
  const { origin } = factsOf(req);
  res.set({ "access-control-allow-origin": "*", "cache-control": "public, max-age=300" }).json({
    resource: links.agentEndpoint(origin),
    authorization_servers: [origin],
    scopes_supported: agentScopes,
    bearer_methods_supported: ["header"],
    resource_name: "Gatehouse",
  });
};

async function jsonBody(req: Request): Promise<Record<string, unknown> | null> {
  let body = "";
  for await (const chunk of req.setEncoding("utf8")) {
    body += String(chunk);
    if (body.length > maxRegistrationBytes) return null;
  }
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : null;
  } catch {
    return null;
  }
}

/** Hands a request over. The public origin goes along in the headers oidc-provider reads it from, whatever the client wrote there. */
async function handOver(req: Request, res: Response): Promise<void> {
  const { origin } = factsOf(req);
  const { host, protocol } = new URL(origin);
  req.headers["x-forwarded-host"] = host;
  req.headers["x-forwarded-proto"] = protocol.slice(0, -1);
  delete req.headers["x-forwarded-for"];
  res.setHeader("referrer-policy", "no-referrer");
  res.setHeader("x-content-type-options", "nosniff");
  res.setHeader("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  const provider = await providerFor(origin);
  provider.callback()(req, res);
}

const served: RequestHandler = (req, res, next) => {
  handOver(req, res).catch(next);
};

/** A client that asks for nothing gets what agents need. */
const withDefaultScope: RequestHandler = (req, _res, next) => {
  const url = new URL(req.url, "http://gatehouse.invalid");
  if (!url.searchParams.get("scope")) {
    url.searchParams.set("scope", `${agentScopes.join(" ")} offline_access`);
    req.url = url.pathname + url.search;
    req.originalUrl = req.url;
  }
  next();
};

const registration: RequestHandler = (req, res, next) => {
  const register = async () => {
    await countTry({ address: factsOf(req).address, purpose: "register" });
    const metadata = await jsonBody(req);
    if (metadata === null || !isStorable(metadata)) {
      res
        .status(400)
        .json({ error: "invalid_client_metadata", error_description: "Send the client's metadata as a JSON object of at most 64 KB." });
      return;
    }
    if (!mayBeCalledBack(metadata)) {
      const description = "Redirect addresses have to be https, or http on this computer (127.0.0.1, localhost, [::1]).";
      res.status(400).json({ error: "invalid_redirect_uri", error_description: description });
      return;
    }
    Object.assign(req, { body: tolerated(metadata) });
    await handOver(req, res);
  };
  if (req.method === "POST") register().catch(next);
  else handOver(req, res).catch(next);
};

const deviceAuthorization: RequestHandler = (req, res, next) => {
  countTry({ address: factsOf(req).address, purpose: "device" })
    .then(() => handOver(req, res))
    .catch(next);
};

/** Each of these requests may store something, or fetch a client's document for a stranger. */
const braked: RequestHandler = (req, _res, next) => {
  countSignInRequest(factsOf(req).address).then(() => next(), next);
};

export function signInRoutes(): Router {
  const routes = Router();
  routes.use(["/authorize", "/token", "/revoke"], braked);
  routes.get(["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp/agent"], resourceMetadata);
  routes.get("/authorize", withDefaultScope);
  routes.all("/register", registration);
  routes.all("/device_authorization", deviceAuthorization);
  routes.all(["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/oauth/jwks.json"], served);
  routes.all(["/authorize", "/authorize/:uid", "/token", "/revoke"], served);
  return routes;
}
