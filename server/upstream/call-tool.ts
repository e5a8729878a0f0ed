// Runs one tool of a third-party server on a pooled session: no handshake and no listing once the session is there.
import { setTimeout } from "node:timers/promises";

import { type CallToolResult, extractWWWAuthenticateParams, ProtocolError, SdkError, SdkErrorCode } from "@modelcontextprotocol/client";
import { z } from "zod";

import { abortSignalOf } from "#server/cancellation.ts";
import { orUnavailable } from "#server/database-error.ts";
import { DomainError } from "#server/errors.ts";
import { type CredentialKey, rejectCredential, rejectIfEnded } from "#server/oauth/tokens.ts";
import { wantScope } from "#server/oauth/wanted-scope.ts";
import { untilAborted } from "#server/outbound/deadline.ts";
import { OutboundError } from "#server/outbound/error.ts";
import { diagnose } from "#server/outbound/failure.ts";
import { traceFields } from "#server/telemetry/trace-context.ts";

import type { Leave } from "./authorized-fetch.ts";
import { rateLimited, retryAfterSeconds, unauthorized, UpstreamCallError } from "./call-error.ts";
import { callBudgetMs, type OpenSession } from "./connect.ts";
import { isServerFault, mayHaveArrived, mayRepeat } from "./faults.ts";
import { parametersToMirror } from "./list-tools.ts";
import { refuseWhilePaused, unlessPaused } from "./pause.ts";
import { type CallInput, type CallOptions, HttpRefusal, plainCall } from "./plain-call.ts";
import { readable, refuseDeep, resultOf } from "./rpc-answer.ts";
import { ofRpcError, redactedError } from "./rpc-error.ts";
import { dropSession, sessionAtHand, sessionFor } from "./sessions.ts";
import type { UpstreamTarget } from "./target.ts";
import { inTurn } from "./turns.ts";

/** 2026-07-28: the server wants headers that it did not get, or another protocol version. */
const headerMismatch = -32_020;
const unsupportedVersion = -32_022;

function refused({ status, challenge, retryAfter, rpc }: HttpRefusal): UpstreamCallError {
  if (status === 401) return unauthorized(challenge);
  if (status === 403 && challenge?.includes("insufficient_scope")) {
    const scope = extractWWWAuthenticateParams(new Response(null, { headers: { "www-authenticate": challenge } })).scope;
    return new UpstreamCallError("insufficient_scope", "The stored credential does not reach far enough for this call.", {
      ...(scope === undefined ? {} : { scope }),
    });
  }
  if (status === 429) return rateLimited(retryAfter);
  if (rpc && status < 500) return ofRpcError(rpc);
  if (status === 403)
    return new UpstreamCallError("protocol_error", "The server refused this call (403).", {
      upstream: { code: 403, message: "Forbidden" },
    });
  // RFC 9110 section 15.6.4: the agent is told when to come back. Others are not held up by it: it is often the word of something in front of the server.
  const wait = status === 503 ? { retryAfterSeconds: retryAfterSeconds(retryAfter) } : {};
  return new UpstreamCallError("unreachable", `The server answered ${status} instead of a result.`, {
    isServerFault: status >= 500,
    // Also where it was taken, and no result came.
    mayHaveRun: status < 300 || status >= 500,
    ...wait,
  });
}

/** How servers say that they do not know a session; what a tool says of sessions of its own ("this session is booked") is another matter. */
const unknownSession =
  /\bsession[ -]?id\b|not initialized|\b(no|invalid|unknown|missing|expired)\b.{0,20}\bsession\b|\bsession\b.{0,30}\b(not found|expired|unknown|invalid|missing|required|terminated|closed)\b/i;

/**
 * Whether the server no longer knows this session or speaks another transport by now. 2025-11-25 says 404 for a session that is gone; many
 * servers say 400 in words. All of it is said before a tool runs, so a second try cannot run it twice. Without a session a 404 that carries an error of
 * the protocol may be a tool's own.
 */
function isOver({ status, rpc }: HttpRefusal, { sessionId }: OpenSession): boolean {
  const isSaid = rpc !== null && (rpc.code === unsupportedVersion || unknownSession.test(rpc.message));
  if (status === 404 || status === 405) return isSaid || rpc === null || sessionId !== undefined;
  return status === 400 && isSaid;
}

/** Milliseconds before the second try: a server that restarts is back in a moment. */
const secondTryMs = 250;

const anyResult = z.looseObject({});

/** The SDK's way, for HTTP+SSE. Its own schema for results would drop and refuse what it does not know. */
async function sdkCall(
  session: OpenSession,
  input: CallInput,
  { signal, onProgress, record }: CallOptions,
  leave: Leave,
): Promise<CallToolResult | HttpRefusal> {
  const report: CallOptions["onProgress"] = ({ message, ...update }) =>
    onProgress?.(message === undefined ? update : { ...update, message: session.redacted(message) });
  const options = {
    signal: abortSignalOf(signal),
    timeout: callBudgetMs,
    resetTimeoutOnProgress: true,
    ...(onProgress ? { onprogress: report } : {}),
  };
  const meta = record?.trace ? { _meta: traceFields(record.trace) } : {};
  const request = { method: "tools/call" as const, params: { name: input.name, arguments: input.arguments, ...meta } };
  await leave.ask();
  leave.start(true);
  try {
    const given = await session.client.request(request, anyResult, options);
    refuseDeep(given);
    const text = JSON.stringify(given);
    const clean = readable(session, text);
    const result: unknown = clean === text ? given : JSON.parse(clean);
    return resultOf({ result }, session);
  } catch (error) {
    // The SDK tells the status of its own request in words alone; other requests of the session may have been answered since.
    const status = error instanceof Error && !(error instanceof ProtocolError) ? /\(HTTP ([45]\d\d)\)/.exec(error.message)?.[1] : undefined;
    if (status === undefined || signal.aborted) throw error;
    const { challenge, retryAfter } = session.sighting;
    const headers = new Headers();
    if (challenge !== null && status === "401") headers.set("www-authenticate", challenge);
    if (retryAfter !== null && (status === "429" || status === "503")) headers.set("retry-after", retryAfter);
    return new HttpRefusal(new Response(null, { status: Number(status), headers }), null);
  }
}

/** `hasLeft`: whether the call was sent at all. */
function translated(error: unknown, { signal }: CallOptions, hasLeft: boolean): UpstreamCallError {
  if (error instanceof UpstreamCallError) return error;
  const mayHaveRun = hasLeft && mayHaveArrived(error);
  if (signal.aborted) {
    const timeout = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    return new UpstreamCallError(
      timeout ? "timeout" : "cancelled",
      timeout ? "The server did not answer in time." : "The call was cancelled.",
      { cause: error, isServerFault: timeout, mayHaveRun },
    );
  }
  if (error instanceof OutboundError && error.reason === "too_large")
    return new UpstreamCallError("result_too_large", error.message, { cause: error });
  if (error instanceof OutboundError && error.reason === "no_room")
    return new UpstreamCallError("no_room", error.message, { cause: error });
  if (
    (error instanceof OutboundError && error.reason === "timeout") ||
    (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout)
  ) {
    return new UpstreamCallError("timeout", "The server did not answer in time.", { cause: error, isServerFault: true, mayHaveRun });
  }
  if (error instanceof DomainError && error.code === "UNAUTHENTICATED")
    return new UpstreamCallError("unauthorized", error.message, { cause: error });
  if (error instanceof DomainError && error.cause instanceof UpstreamCallError) return error.cause;
  // A handshake that failed: what was sent before it, if anything, had been refused or does no harm twice.
  if (error instanceof DomainError && error.details.failure)
    return new UpstreamCallError("unreachable", error.details.failure.seen, { cause: error, isServerFault: isServerFault(error) });
  return new UpstreamCallError("unreachable", diagnose(error, "http").seen, {
    cause: error,
    isServerFault: isServerFault(error),
    mayHaveRun,
  });
}

interface Earlier {
  /** What became of the call when it was sent before. */
  error: unknown;
  /** Whether the server said then that it was not executed, which it may not say twice. */
  isRefused: boolean;
}

/** One call on its way. */
interface Trip {
  target: UpstreamTarget;
  input: CallInput;
  options: CallOptions;
  /** Whether it was sent. */
  hasLeft: boolean;
}

async function callOnce(trip: Trip, earlier?: Earlier): Promise<CallToolResult> {
  const { target, options } = trip;
  const ask = async () => {
    if (options.mayLeave && !(await options.mayLeave()))
      throw earlier ? earlier.error : new UpstreamCallError("not_allowed", "The right to make this call was taken away while it waited.");
  };
  const start = (isLast: boolean) => {
    if (!isLast && options.isFresh?.() === false) return false;
    trip.hasLeft = true;
    return true;
  };
  let session = sessionAtHand(target);
  if (!session) {
    await ask();
    // Others may wait for the same handshake, so it goes on when this caller gives up.
    session = await untilAborted(sessionFor(target), options.signal);
  }
  try {
    return await callOn(session, trip, { ask, start }, earlier?.isRefused ?? false);
  } catch (error) {
    // What the SDK read has not been through the redaction that a plain call's answer goes through as a whole.
    throw error instanceof ProtocolError ? ofRpcError(redactedError(error, session.redacted)) : error;
  }
}

async function callOn(session: OpenSession, trip: Trip, leave: Leave, isRetry: boolean): Promise<CallToolResult> {
  const { target, input, options } = trip;
  const call = session.transport === "sse" ? sdkCall : plainCall;
  const answer = await call(session, input, options, leave);
  if (!(answer instanceof HttpRefusal)) return answer;
  if (isRetry) throw refused(answer);
  if (answer.rpc?.code === headerMismatch)
    session.mirrored.set(input.name, await parametersToMirror(session, input.name, abortSignalOf(options.signal)));
  else if (isOver(answer, session)) await dropSession(target, session);
  else throw refused(answer);
  return callOnce(trip, { error: refused(answer), isRefused: true });
}

/** What a refused call says about the credential, for the next sign-in. */
async function learn(key: CredentialKey, told: UpstreamCallError): Promise<void> {
  // Only what the server says in so many words, on a person's own call, ends a credential; a bare 401 may be a passing fault of theirs.
  if (told.reason === "unauthorized" && told.explicit) await rejectCredential(key, "The server said invalid_token on a call.");
  else if (told.reason === "unauthorized") await rejectIfEnded(key, told);
  if (told.reason === "insufficient_scope" && told.scope !== undefined) await wantScope(key, told.scope);
}

/** The call, and once more after a moment where that does no harm. */
async function tryTwice(trip: Trip): Promise<CallToolResult> {
  const { input, options } = trip;
  try {
    return await callOnce(trip);
  } catch (error) {
    if (options.signal.aborted || !mayRepeat(error, input.isRepeatable ?? false)) throw error;
    await setTimeout(secondTryMs, undefined, { signal: abortSignalOf(options.signal) });
    return callOnce(trip, { error, isRefused: false });
  }
}

/** One call. Throws UpstreamCallError, or UNAVAILABLE. */
async function attempt(target: UpstreamTarget, input: CallInput, options: CallOptions): Promise<CallToolResult> {
  const trip: Trip = { target, input, options, hasLeft: false };
  try {
    return await tryTwice(trip);
  } catch (thrown) {
    const error = orUnavailable(thrown);
    if (error instanceof DomainError && error.code === "UNAVAILABLE") throw error;
    const told = translated(error, options, trip.hasLeft);
    if (target.credential !== null) await learn({ ...target, credential: target.credential }, told);
    throw told;
  }
}

/**
 * Calls a tool and returns the server's result untouched. One request in the steady state; a session the server forgot is opened anew once. Bounded:
 * at most so many at once (turns.ts), and none to a server that failed several times in a row or asked to be left alone (pause.ts).
 * An explicit `invalid_token`, and a refused refresh token, mark the credential as rejected. Throws UpstreamCallError, and UNAVAILABLE when it was not the server that failed
 * but our own database.
 */
export async function callTool(target: UpstreamTarget, input: CallInput, options: CallOptions): Promise<CallToolResult> {
  refuseWhilePaused(target);
  return inTurn(target.connectionId, options, () => {
    options.record?.enter("upstream");
    return unlessPaused(target, () => attempt(target, input, options));
  });
}
