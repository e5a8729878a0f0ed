// What a log line may say of an error that a third-party server had a hand in: names and codes. Its words may repeat what it was sent.
import { OAuthError, OAuthErrorCode } from "@modelcontextprotocol/client";

import { DomainError } from "#server/errors.ts";

import { OutboundError } from "./error.ts";

const oauthCodes: readonly string[] = Object.values(OAuthErrorCode);
/** Codes of Node, undici and the SDK; a JSON-RPC error has a number. */
const codeForm = /^[A-Z][A-Z0-9_]{1,40}$/;

function codeOf(error: Error): string | number | null {
  if (error instanceof DomainError) return error.details.failure ? `${error.code} ${error.details.failure.phase}` : error.code;
  if (error instanceof OutboundError) return error.reason;
  // The code comes out of the body as well, so that it is only said when it is one of the specification.
  if (error instanceof OAuthError) return oauthCodes.includes(error.code) ? error.code : "another code";
  if ("status" in error && typeof error.status === "number") return error.status;
  const code = "code" in error ? error.code : null;
  return typeof code === "number" || (typeof code === "string" && codeForm.test(code)) ? code : null;
}

/** The error's name, with its code where it has one. */
export function loggable(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code = codeOf(error);
  return code === null ? error.name : `${error.name}: ${code}`;
}

/** The error and what caused it, outermost first. */
export function loggableCauses(error: unknown): string[] {
  const names: string[] = [];
  for (let current = error; current instanceof Error && names.length < 5; current = current.cause) names.push(loggable(current));
  return names;
}

/** `error` as the cause of one of ours, for errors that may hold a body: causes are logged with their messages elsewhere. */
export function wordless(error: unknown): Error {
  return new Error(loggableCauses(error).join(", caused by "));
}
