// Errors of the host itself: a body that says what is wrong and a reference id, never a stack.
import type { IncomingMessage, ServerResponse } from "node:http";

import type { ErrorRequestHandler } from "express";

import { orUnavailable } from "#server/database-error.ts";
import { DomainError, type ErrorCode } from "#server/errors.ts";
import { log } from "#server/log.ts";

import { factsOf } from "./facts.ts";

/** The HTTP status of each domain error. Upstream failures are 4xx: a proxy in front of us would replace the body of a 5xx. */
const statuses: Record<ErrorCode, number> = {
  BAD_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  EXPIRED: 410,
  RATE_LIMITED: 429,
  UPSTREAM_FAILED: 422,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

/** Answers with `status` and `{ error: { message, requestId } }`. */
export function sendError(req: IncomingMessage, res: ServerResponse, status: number, message: string): void {
  const { requestId } = factsOf(req);
  res.statusCode = status;
  res.setHeader("content-type", "application/json; charset=utf-8");
  res.setHeader("cache-control", "no-store");
  res.setHeader("x-content-type-options", "nosniff");
  res.end(JSON.stringify({ error: { message, requestId } }));
}

/** The 4xx status that Express or a middleware put on an error: a missing file, a malformed path. */
function clientStatus(error: unknown): number | null {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 0;
  return status >= 400 && status < 500 ? status : null;
}

/** Answers a request that failed: domain errors as they are, everything else as "our side" with a reference that is in the log. */
export function answerFailure(thrown: unknown, req: IncomingMessage, res: ServerResponse): void {
  // Half an answer is worse than none: the client has to see that there is no more of it.
  if (res.headersSent) return void res.destroy();
  const error = orUnavailable(thrown);
  if (error instanceof DomainError) {
    if (error.code === "UNAUTHENTICATED") res.setHeader("www-authenticate", "Bearer");
    if (error.details.retryAfterSeconds) res.setHeader("retry-after", error.details.retryAfterSeconds);
    return sendError(req, res, statuses[error.code], error.message);
  }
  const { requestId } = factsOf(req);
  const status = clientStatus(error);
  if (status !== null)
    return sendError(req, res, status, status === 404 ? "There is nothing here." : "The request is not one that can be answered.");
  log.error({ err: error, requestId, path: req.url?.split("?", 1)[0] }, "request failed");
  sendError(req, res, 500, `Something went wrong on our side. Reference: ${requestId}.`);
}

/** The last error handler. */
export const lastResort: ErrorRequestHandler = (thrown: unknown, req, res, next) =>
  res.headersSent ? next(thrown) : answerFailure(thrown, req, res);
