// Runs one tool of a third-party server on a pooled session: no handshake and no listing once the session is there.
import { type CallToolResult, ProtocolError, SdkError, SdkErrorCode } from "@modelcontextprotocol/client";

import { DomainError } from "#server/errors.ts";
import { rejectCredential } from "#server/oauth/tokens.ts";
import { OutboundError } from "#server/outbound/error.ts";
import { diagnose } from "#server/outbound/failure.ts";

import { boundedText, unauthorized, UpstreamCallError } from "./call-error.ts";
import { callBudgetMs, type OpenSession } from "./connect.ts";
import { type CallInput, type CallOptions, HttpRefusal, ofRpcError, plainCall } from "./plain-call.ts";
import { dropSession, sessionFor } from "./sessions.ts";
import type { UpstreamTarget } from "./target.ts";

/** Seconds of a Retry-After header, in both of its forms (RFC 9110 section 10.2.3). */
function retryAfterSeconds(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function refused({ status, challenge, retryAfter }: HttpRefusal): UpstreamCallError {
  if (status === 401) return unauthorized(challenge);
  if (status === 403 && challenge?.includes("insufficient_scope")) {
    return new UpstreamCallError("insufficient_scope", "The stored credential does not reach far enough for this call.");
  }
  if (status === 429)
    return new UpstreamCallError("rate_limited", "The server says there were too many requests.", {
      retryAfterSeconds: retryAfterSeconds(retryAfter),
    });
  if (status === 403)
    return new UpstreamCallError("protocol_error", "The server refused this call (403).", {
      upstream: { code: 403, message: "Forbidden" },
    });
  return new UpstreamCallError("unreachable", `The server answered ${status} instead of a result.`);
}

/** The SDK's way, for what the plain way cannot do. */
async function sdkCall(session: OpenSession, input: CallInput, { signal, onProgress }: CallOptions): Promise<CallToolResult> {
  const options = { signal, timeout: callBudgetMs, resetTimeoutOnProgress: true, ...(onProgress ? { onprogress: onProgress } : {}) };
  return session.client.request({ method: "tools/call", params: { name: input.name, arguments: input.arguments } }, options);
}

function translated(error: unknown, { signal }: CallOptions): UpstreamCallError {
  if (error instanceof UpstreamCallError) return error;
  if (signal.aborted) {
    const timeout = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    return new UpstreamCallError(
      timeout ? "timeout" : "cancelled",
      timeout ? "The server did not answer in time." : "The call was cancelled.",
      { cause: error },
    );
  }
  if (error instanceof ProtocolError) return ofRpcError({ code: error.code, message: boundedText(error.message), data: error.data }, error);
  if (error instanceof OutboundError && error.reason === "too_large")
    return new UpstreamCallError("result_too_large", error.message, { cause: error });
  if (
    (error instanceof OutboundError && error.reason === "timeout") ||
    (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout)
  ) {
    return new UpstreamCallError("timeout", "The server did not answer in time.", { cause: error });
  }
  if (error instanceof DomainError && error.code === "UNAUTHENTICATED")
    return new UpstreamCallError("unauthorized", error.message, { cause: error });
  if (error instanceof DomainError && error.cause instanceof UpstreamCallError) return error.cause;
  if (error instanceof DomainError && error.details.failure)
    return new UpstreamCallError("unreachable", error.details.failure.seen, { cause: error });
  return new UpstreamCallError("unreachable", diagnose(error, "http").seen, { cause: error });
}

/**
 * Calls a tool and returns the server's result untouched. One request in the steady state; a session the server forgot (404) is opened anew once.
 * An explicit `invalid_token` marks the credential as rejected. Throws UpstreamCallError.
 */
export async function callTool(target: UpstreamTarget, input: CallInput, options: CallOptions): Promise<CallToolResult> {
  try {
    for (let retried = false; ; retried = true) {
      const session = await sessionFor(target);
      if (session.verdict.transport === "sse") return await sdkCall(session, input, options);
      const answer = await plainCall(session, input, options);
      if (!(answer instanceof HttpRefusal)) return answer;
      // 2025-11-25, session management: 404 says that the session is gone and a new one has to be opened.
      const gone = answer.status === 404 && session.sessionId !== undefined;
      if (!gone || retried) throw refused(answer);
      dropSession(target);
    }
  } catch (error) {
    const told = translated(error, options);
    // Only what the server says in so many words, on a person's own call, ends a credential; a bare 401 may be a passing fault of theirs.
    if (told.reason === "unauthorized" && told.explicit) {
      const { orgId, connectionId, holder } = target;
      await rejectCredential({ orgId, connectionId, holder }, "The server said invalid_token on a call.");
    }
    throw told;
  }
}
