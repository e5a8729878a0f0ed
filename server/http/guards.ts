// What stands before every page and procedure: own host, own origin, bounded bodies, security headers.
import type { IncomingMessage } from "node:http";

import type { RequestHandler } from "express";
import helmet from "helmet";

import { env } from "#server/env.ts";
import { isOwnHost } from "#server/origin.ts";

import { factsOf } from "./facts.ts";
import type { Route } from "./route.ts";
import { sendError } from "./send-error.ts";

/** 1 MiB: the largest body a form or a procedure takes. The agent endpoint bounds its own. */
const maxBodyBytes = 1_048_576;
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** Answers only to its own names (DNS rebinding). */
export const ownHost: Route = (req, res, next) => {
  if (isOwnHost(req)) return next();
  sendError(req, res, 421, "This host name is not ours. Set PUBLIC_URL to the origin people use.");
};

/**
 * State-changing requests come from our own pages (CSRF), and a browser page of another origin never speaks to the agent endpoint.
 * A request without Origin is no browser's; without a session cookie it can do nothing that needs one.
 */
export const ownOrigin: Route = (req, res, next) => {
  const { origin } = req.headers;
  const crossSite = req.headers["sec-fetch-site"] === "cross-site";
  if (safeMethods.has(req.method ?? "") || (!crossSite && origin === undefined) || isOwnOrigin(req, origin)) return next();
  sendError(req, res, 403, "This request came from a page of another origin.");
};

function isOwnOrigin(req: IncomingMessage, origin: string | undefined): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  // Behind PUBLIC_URL an operator may still look at the loopback address: the Host header was checked before this.
  return origin === factsOf(req).origin || new URL(origin).host === req.headers.host;
}

/** Refuses bodies over the limit, and bodies that do not say how long they are. */
export const boundedBody: RequestHandler = (req, res, next) => {
  if (safeMethods.has(req.method)) return next();
  const unknownLength = req.headers["transfer-encoding"] !== undefined;
  if (!unknownLength && Number(req.headers["content-length"] ?? 0) <= maxBodyBytes) return next();
  // The body is not read, so nothing else can follow it on this connection.
  res.setHeader("connection", "close");
  if (unknownLength) return sendError(req, res, 411, "Send a Content-Length.");
  sendError(req, res, 413, "This is too large (1 MiB at most).");
};

const vite = env.NODE_ENV === "development";
const nonce = (req: IncomingMessage) => `'nonce-${factsOf(req).nonce}'`;

const directives = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'", nonce],
  // Vite's development client puts styles into the page without a nonce.
  styleSrc: vite ? ["'self'", "'unsafe-inline'"] : ["'self'", nonce],
  imgSrc: ["'self'", "data:"],
  fontSrc: ["'self'"],
  connectSrc: vite ? ["'self'", "ws:"] : ["'self'"],
  manifestSrc: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  objectSrc: ["'none'"],
};
const formAction = ["'self'"];

const headersWith = (policy: Record<string, (string | typeof nonce)[]>, opener: "unsafe-none" | "same-origin-allow-popups") =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: policy },
    crossOriginOpenerPolicy: { policy: opener },
    referrerPolicy: { policy: "same-origin" },
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
  });

const usual = headersWith({ ...directives, formAction }, "same-origin-allow-popups");
// After consent the browser goes on to the agent's own address, and form-action counts that too.
const consent = headersWith(directives, "same-origin-allow-popups");
// The sign-in popup has to stay tied to its opener on its way from our waiting page to the provider and back to our callback. A policy on either of
// the two would cut the tie (HTML, section 7.1.3): the opener would think it closed, and it could not close itself.
const popup = headersWith({ ...directives, formAction }, "unsafe-none");

/** Strict headers on every answer; the Content-Security-Policy knows this request's nonce. */
export const securityHeaders: RequestHandler = (req, res, next) => {
  const headers = req.path.startsWith("/consent/") ? consent : req.path.startsWith("/oauth/") ? popup : usual;
  headers(req, res, next);
};
