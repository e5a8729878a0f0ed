// The closed list of ways a request can fail. Domain code throws these; one map per face (tRPC, MCP, HTTP) translates them.

export const errorCodes = [
  "BAD_INPUT", // the caller sent something wrong; `issues` names the fields
  "UNAUTHENTICATED", // nobody is signed in, or the token is no good
  "FORBIDDEN", // signed in, but the role does not allow it
  "NOT_FOUND", // does not exist, or is not yours: both look the same
  "CONFLICT", // somebody else changed it, or the name is taken
  "EXPIRED", // a link or an attempt that is over
  "RATE_LIMITED", // too many tries; `retryAfterSeconds` says when
  "UPSTREAM_FAILED", // the third-party server; `failure` says in which phase and who must act
  "UNAVAILABLE", // our own database or start-up; worth a retry
  "INTERNAL", // a bug of ours
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** One wrong field: the path as in the input, and what is wrong in words. */
export interface FieldIssue {
  path: string;
  message: string;
}

/** Where on the way to a third-party server something went wrong. */
export type FailurePhase =
  | "url"
  | "dns"
  | "address_guard"
  | "tcp"
  | "tls"
  | "http"
  | "discovery"
  | "registration"
  | "authorization"
  | "callback"
  | "token"
  | "initialize"
  | "list";

/** Who can mend it. */
export type FailureActor = "member" | "organization_admin" | "provider" | "operator";

/** What a person is told about a failed connection. Never holds a secret, a stack or an internal address. */
export interface UpstreamFailure {
  phase: FailurePhase;
  /** What was seen, in one sentence. */
  seen: string;
  actor: FailureActor;
  /** What that actor can do about it. */
  advice: string;
}

export interface ErrorDetails {
  issues?: FieldIssue[];
  failure?: UpstreamFailure;
  retryAfterSeconds?: number;
}

/** An expected failure with a code from the closed list and a message a person can act on. Keeps its cause. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails & { cause?: unknown } = {}) {
    const { cause, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = rest;
  }
}

/** BAD_INPUT for one field. */
export function badInput(path: string, message: string, cause?: unknown): DomainError {
  return new DomainError("BAD_INPUT", message, { issues: [{ path, message }], cause });
}

/** NOT_FOUND, the one answer for "does not exist" and for "not yours". */
export function notFound(what: string): DomainError {
  return new DomainError("NOT_FOUND", `This ${what} does not exist, or you have no access to it.`);
}

/** UPSTREAM_FAILED with its diagnosis; the message is made of what was seen and the advice. */
export function upstreamFailed(failure: UpstreamFailure, cause?: unknown): DomainError {
  return new DomainError("UPSTREAM_FAILED", `${failure.seen} ${failure.advice}`, { failure, cause });
}
