// A failed connect or listing in words: the HTTP answer that was seen where there was one, the network's failure otherwise.
import { ProtocolError, SdkError, SdkErrorCode } from "@modelcontextprotocol/client";

import { orUnavailable } from "#server/database-error.ts";
import { DomainError, type FailurePhase, upstreamFailed, type UpstreamFailure } from "#server/errors.ts";
import { OutboundError } from "#server/outbound/error.ts";
import { diagnose } from "#server/outbound/failure.ts";

import type { Sighting } from "./authorized-fetch.ts";
import { rateLimited, unauthorized, type UpstreamCallError } from "./call-error.ts";
import { redactedError } from "./rpc-error.ts";

const checkUrl = "Check that the URL is the MCP endpoint of the server; it often ends in /mcp.";

function byAnswer({ status, contentType }: Sighting): UpstreamFailure | null {
  const seen = (words: string, actor: UpstreamFailure["actor"], advice: string): UpstreamFailure => ({
    phase: "http",
    seen: words,
    actor,
    advice,
  });
  if (status === null) return null;
  if (status === 401)
    return seen(
      "The server asks for a sign-in and did not accept what it got (401).",
      "organization_admin",
      "Check the API key and its header, or choose OAuth.",
    );
  if (status === 403) return seen("The server refused access (403).", "organization_admin", "Check what the key or account may do.");
  if (status === 429) return seen("The server says there were too many requests (429).", "provider", "Wait a little and try again.");
  if (status >= 500)
    return seen(`The server failed (${status}).`, "provider", "Try again later; if it stays like this, check the provider's status page.");
  if (contentType?.includes("text/html")) return seen("A web page answered, not an MCP server.", "organization_admin", checkUrl);
  if (status >= 300) return seen(`The server answered ${status} to an MCP request.`, "organization_admin", checkUrl);
  return null;
}

/** What a call is told when the handshake that it waits for was refused in a way that calls know too. */
function refusalIn({ status, challenge, retryAfter }: Sighting, cause: unknown): UpstreamCallError | null {
  if (status === 401) return unauthorized(challenge, cause);
  return status === 429 ? rateLimited(retryAfter, cause) : null;
}

/** What our own side threw on the way (no database, no sign-in any more): the SDK wraps what its fetch throws during a handshake. */
function ownError(error: unknown): DomainError | null {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth += 1) {
    const own = orUnavailable(current);
    if (own instanceof DomainError) return own;
  }
  return null;
}

/** The UPSTREAM_FAILED error for whatever a connect or listing threw; what our own side threw stays what it is. */
export function connectFailure(error: unknown, sighting: Sighting, phase: FailurePhase): DomainError {
  const own = ownError(error);
  if (own) return own;
  if (error instanceof ProtocolError) {
    const { code, message } = redactedError(error, sighting.redacted);
    const seen = `The server answered with an error: ${message} (${code}).`;
    // The error itself is no cause to keep: it may repeat the key it was sent, and causes are logged.
    return upstreamFailed({ phase, seen, actor: "provider", advice: "Ask the provider what it means." });
  }
  const network = diagnose(error, phase);
  const isNetwork = error instanceof OutboundError || network.phase !== phase;
  if (isNetwork) return upstreamFailed(network, error);
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) {
    return upstreamFailed(
      {
        phase,
        seen: "The server did not answer in time.",
        actor: "provider",
        advice: "Try again in a moment; if it stays like this, check the provider's status page.",
      },
      error,
    );
  }
  return upstreamFailed(byAnswer(sighting) ?? network, refusalIn(sighting, error) ?? error);
}
