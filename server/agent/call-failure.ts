// From what went wrong upstream to what the agent is told.
import type { UsableConnection } from "#server/grants/access.ts";
import { links } from "#server/origin.ts";
import type { ConnectionRow } from "#server/search/search.ts";
import type { IndexedTool } from "#server/search/tool-lists.ts";
import { boundedText, UpstreamCallError } from "#server/upstream/call-error.ts";
import { failuresInARow } from "#server/upstream/pause.ts";
import { listAnew } from "#server/upstream/sync-catalog.ts";
import { targetOf } from "#server/upstream/target.ts";

import { argumentAdvice } from "./argument-advice.ts";
import { inWords } from "./relayed-questions.ts";
import { ToolError, type ToolErrorBody } from "./tool-error.ts";

interface Failed {
  connection: UsableConnection;
  tool: IndexedTool;
  capability: string;
  arguments: Record<string, unknown>;
  origin: string;
}

function reconnectRow({ id, name, credentialMode }: UsableConnection, origin: string): Omit<ConnectionRow, "message"> {
  const actor = credentialMode === "shared" ? "organization_admin" : "member";
  const url = actor === "member" ? links.connect(origin, id) : links.manage(origin, id);
  return {
    id,
    name,
    state: "reconnect_required",
    actor,
    action: { label: actor === "member" ? `Connect ${name} again` : `Ask an admin to connect ${name} again`, url },
  };
}

function reconnect({ reason }: UpstreamCallError, { connection, capability, origin }: Failed): ToolErrorBody {
  const row = reconnectRow(connection, origin);
  const why =
    reason === "insufficient_scope"
      ? "The connected account does not allow this; it has to be connected again with more access."
      : "The provider did not accept the stored credential.";
  return {
    error: "reconnect_required",
    message: `${why} ${row.action.label}: ${row.action.url}`,
    capability,
    connection: row,
    retryable: false,
  };
}

const checkFirst = "It may still have done the work: check before you try again.";

/** The ToolError for a failed call. Anything that is not an upstream failure is returned as it came. */
export function callFailure(error: unknown, failed: Failed): unknown {
  if (!(error instanceof UpstreamCallError)) return error;
  const { connection, tool, capability } = failed;
  const { name } = connection;
  // A second call of a tool that only reads, or that may be called twice, does no harm.
  const isInDoubt = error.mayHaveRun && !tool.isRepeatable;
  const tell = (body: Omit<ToolErrorBody, "capability">) => new ToolError({ ...body, capability }, error);
  switch (error.reason) {
    case "unauthorized":
    case "insufficient_scope":
      return new ToolError(reconnect(error, failed), error);
    case "timeout":
      return tell({
        error: "capability_timeout",
        message: `${name} did not answer within the time limit. ${checkFirst} Do not reconnect.`,
        retryable: true,
      });
    case "rate_limited":
      return tell({
        error: "rate_limited",
        message: `${name} says there were too many requests. Wait before you try again.`,
        retryable: true,
        retryAfterSeconds: error.retryAfterSeconds ?? 30,
      });
    case "busy":
      return tell({
        error: "rate_limited",
        message: `${name} is busy: as many calls as Gatehouse makes to it at once are under way. Nothing was sent; try again in a moment.`,
        retryable: true,
        retryAfterSeconds: error.retryAfterSeconds,
      });
    case "paused":
      return tell({
        error: "connection_failed",
        message: `${name} failed ${failuresInARow} times in a row, so calls to it pause. Nothing was sent; it is tried again in ${error.retryAfterSeconds} seconds. Do not reconnect.`,
        retryable: true,
        retryAfterSeconds: error.retryAfterSeconds,
      });
    case "unknown_tool":
      // The stored list is out of date: ask for the new one, so that the next search is right.
      listAnew(targetOf(connection));
      return tell({
        error: "unknown_capability",
        message: `${name} no longer has the tool ${tool.name}. Search again: its tools are being listed anew.`,
        retryable: false,
        upstream: error.upstream,
      });
    case "invalid_params": {
      const issues = argumentAdvice(tool.inputSchema, failed.arguments);
      return tell({
        error: "invalid_capability_arguments",
        message: `${name} refused the arguments: ${error.message}`,
        retryable: false,
        issues,
        upstream: error.upstream,
      });
    }
    case "unreachable":
      return tell({
        error: "connection_failed",
        message: isInDoubt
          ? `${name} failed during the call: ${error.message} ${checkFirst} This is not a problem of Gatehouse or of the sign-in.`
          : `${name} could not be reached: ${error.message} Try again in a moment; this is not a problem of Gatehouse or of the sign-in.`,
        retryable: true,
        retryAfterSeconds: error.retryAfterSeconds,
      });
    case "result_too_large":
      return tell({
        error: "result_too_large",
        message: `The result of ${name} is larger than Gatehouse accepts. Ask for less: a narrower query, fewer fields, a smaller page.`,
        retryable: false,
      });
    case "no_room":
      return tell({
        error: "result_too_large",
        message: `The call to ${name} was made, but too many large answers were on their way at once, so its answer was given up. Check what it did before you make it again.`,
        retryable: false,
      });
    case "input_required":
      return tell({
        error: "provider_error",
        message: boundedText(
          `${name} needs more input before it goes on: it ${inWords(error.questions ?? { inputRequests: {} })}. This client cannot pass that on; give it in the arguments if the tool takes it there, or use a client with elicitation.`,
        ),
        retryable: false,
      });
    // Whoever asks before a call leaves knows why; this is for the rest.
    case "not_allowed":
      return tell({ error: "forbidden", message: `The right to call ${name} was taken away. Nothing was sent.`, retryable: false });
    case "cancelled":
      return tell({
        error: "connection_failed",
        message: isInDoubt ? `The call was cancelled while ${name} had it. ${checkFirst}` : "The call was cancelled.",
        retryable: true,
      });
    case "protocol_error":
      return tell({
        error: "provider_error",
        message: `${name} answered with an error: ${error.message}`,
        retryable: false,
        upstream: error.upstream,
      });
  }
}
