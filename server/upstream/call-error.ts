// Why a call to a third-party server gave no result: a closed list that the agent endpoint maps to its own error codes.
import { shortened } from "#server/shortened.ts";

export type UpstreamCallReason =
  | "unauthorized"
  | "insufficient_scope"
  | "timeout"
  | "rate_limited"
  | "busy"
  | "paused"
  | "unknown_tool"
  | "invalid_params"
  | "protocol_error"
  | "unreachable"
  | "result_too_large"
  | "no_room"
  | "input_required"
  | "not_allowed"
  | "cancelled";

/** What a server wants to know from the person before it goes on (2026-07-28, multi round-trip requests). */
export interface ServerQuestions {
  inputRequests: Record<string, { method: string; params?: Record<string, unknown> }>;
  requestState?: string;
}

export interface UpstreamCallDetails {
  retryAfterSeconds?: number | undefined;
  /** The server itself failed: the network, a timeout, a 5xx. */
  isServerFault?: boolean;
  /** The call left, and nobody can tell whether it was executed. */
  mayHaveRun?: boolean;
  /** Nothing was sent: calls pause, or there was no place for this one. */
  isUnsent?: boolean;
  /** `unauthorized`: the server said in so many words that the token is no good (RFC 6750 section 3.1, `invalid_token`). */
  explicit?: boolean;
  /** The JSON-RPC error as the server sent it, bounded in length. */
  upstream?: { code: number; message: string; data?: unknown };
  /** `insufficient_scope`: the scopes that the call takes, as the server named them. */
  scope?: string;
  /** `input_required`: what the server asks. */
  questions?: ServerQuestions;
  cause?: unknown;
}

export class UpstreamCallError extends Error {
  override readonly name = "UpstreamCallError";
  readonly reason: UpstreamCallReason;
  readonly retryAfterSeconds: number | undefined;
  readonly isServerFault: boolean;
  readonly mayHaveRun: boolean;
  readonly isUnsent: boolean;
  readonly explicit: boolean;
  readonly upstream: UpstreamCallDetails["upstream"];
  readonly scope: string | undefined;
  readonly questions: ServerQuestions | undefined;

  constructor(
    reason: UpstreamCallReason,
    message: string,
    {
      cause,
      retryAfterSeconds,
      isServerFault = false,
      isUnsent = false,
      mayHaveRun = false,
      explicit = false,
      upstream,
      scope,
      questions,
    }: UpstreamCallDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
    this.isServerFault = isServerFault;
    this.mayHaveRun = mayHaveRun;
    this.isUnsent = isUnsent;
    this.explicit = explicit;
    this.upstream = upstream;
    this.scope = scope;
    this.questions = questions;
  }
}

/** The refusal behind a 401, by what its challenge says. */
export function unauthorized(challenge: string | null, cause?: unknown): UpstreamCallError {
  return new UpstreamCallError("unauthorized", "The server did not accept the stored credential (401).", {
    explicit: challenge?.includes("invalid_token") ?? false,
    cause,
  });
}

/** Seconds of a Retry-After header, in both of its forms (RFC 9110 section 10.2.3). */
export function retryAfterSeconds(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** The refusal behind a 429, with the seconds to wait where the server named them. */
export function rateLimited(retryAfter: string | null, cause?: unknown): UpstreamCallError {
  return new UpstreamCallError("rate_limited", "The server says there were too many requests.", {
    retryAfterSeconds: retryAfterSeconds(retryAfter),
    cause,
  });
}

/** Provider text as it may be shown and logged: no control characters, at most 500 characters. */
export function boundedText(text: string): string {
  // Control, line-separator and direction characters could forge log lines, steer a terminal or turn a sentence round.
  const clean = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, " ")
    .replace(/\p{Cs}/gu, "\ufffd")
    .trim();
  return shortened(clean, 500);
}
