// The two tools as the operator sees them: how often they ended how, how long they took, and their traces. Nothing here changes an answer.
import type { CallToolResult } from "@modelcontextprotocol/server";

import { orUnavailable } from "#server/database-error.ts";
import { DomainError } from "#server/errors.ts";
import { log } from "#server/log.ts";
import { type Counter, counters, histogram, histograms } from "#server/metric.ts";
import { CallRecord } from "#server/telemetry/call-record.ts";
import { traceContextOf, type TraceContext } from "#server/telemetry/trace-context.ts";
import { startSpan } from "#server/telemetry/tracing.ts";

import { type AgentAnswer, type AgentRequest } from "./agent-request.ts";
import type { CallContext } from "./call-context.ts";
import { executeCapability } from "./execute-capability.ts";
import { ToolError, type ToolErrorName } from "./tool-error.ts";

/** How a tool can end: well, with an error of the server's own tool, with one of ours, or with a fault of ours. */
type Outcome = "ok" | "tool_error" | "unavailable" | "internal" | ToolErrorName;

const outcomes = [
  "ok",
  "tool_error",
  "unavailable",
  "internal",
  "unknown_capability",
  "forbidden",
  "insufficient_mcp_scope",
  "needs_connection",
  "connection_not_connected",
  "reconnect_required",
  "connection_failed",
  "capability_timeout",
  "rate_limited",
  "invalid_capability_arguments",
  "policy_blocked",
  "result_too_large",
  "provider_error",
] as const satisfies readonly Outcome[];

const toolNames = ["search_capabilities", "execute_capability"] as const;
const callsHelp = "Tool calls of agents by tool and outcome; each call of a batch counts.";
const ended: Record<(typeof toolNames)[number], Record<Outcome, Counter>> = {
  search_capabilities: counters("gatehouse_tool_calls_total", callsHelp, "outcome", outcomes, { tool: "search_capabilities" }),
  execute_capability: counters("gatehouse_tool_calls_total", callsHelp, "outcome", outcomes, { tool: "execute_capability" }),
};
const toolSeconds = histograms(
  "gatehouse_tool_call_seconds",
  "Time that tool calls took, from the checks to the shaped answer.",
  "tool",
  toolNames,
);
const searchMatches = histogram("gatehouse_search_matches", "Matches that a search of an agent found.", [0, 1, 2, 3, 5, 10, 20]);

/** A search slower than this, in milliseconds, is worth a line in the log. */
const slowSearchMs = 250;

function outcomeOf(thrown: unknown): Outcome {
  if (thrown instanceof ToolError) return thrown.body.error;
  const error = orUnavailable(thrown);
  if (!(error instanceof DomainError)) return "internal";
  if (error.code === "UNAVAILABLE") return "unavailable";
  return error.code === "INTERNAL" ? "internal" : "provider_error";
}

/** `executeCapability`, observed. */
export async function observedExecute(given: unknown, context: CallContext): Promise<CallToolResult> {
  const record = new CallRecord({ requestId: context.actor.requestId, trace: context.trace });
  const end = (outcome: Outcome) => {
    ended.execute_capability[outcome].add();
    toolSeconds.execute_capability.observe(record.end(outcome));
  };
  try {
    const result = await executeCapability(given, context, record);
    end(result.isError ? "tool_error" : "ok");
    return result;
  } catch (error) {
    end(outcomeOf(error));
    throw error;
  }
}

/** A search tool, observed. */
export const observedSearch =
  (tool: (given: unknown, context: CallContext) => Promise<{ result: CallToolResult; matches: number }>) =>
  async (given: unknown, context: CallContext): Promise<CallToolResult> => {
    const began = performance.now();
    const { requestId } = context.actor;
    const span = startSpan("search_capabilities", { parent: context.trace, attributes: { "gatehouse.request_id": requestId } });
    const end = (outcome: Outcome, matches?: number) => {
      const ms = performance.now() - began;
      ended.search_capabilities[outcome].add();
      toolSeconds.search_capabilities.observe(ms / 1_000);
      if (matches !== undefined) searchMatches.observe(matches);
      span?.end(outcome === "ok" ? null : outcome, { attributes: { "gatehouse.matches": matches } });
      if (ms >= slowSearchMs) log.warn({ requestId, tool: "search_capabilities", outcome, matches, ms: Math.round(ms) }, "slow search");
    };
    try {
      const { result, matches } = await tool(given, context);
      end("ok", matches);
      return result;
    } catch (error) {
      end(outcomeOf(error));
      throw error;
    }
  };

const knownMethods = ["initialize", "ping", "tools/list", "tools/call", "server/discover", "notifications/initialized"];

function methodOf(body: unknown): string {
  const method = typeof body === "object" && body !== null && "method" in body ? body.method : null;
  return knownMethods.find((known) => known === method) ?? "another";
}

/** Answers a request of an agent with the trace it belongs to: the one it named, or our span below that. */
export async function observedRequest(
  { headers, body, requestId }: { headers: AgentRequest["headers"]; body: unknown; requestId: string },
  answer: (trace: TraceContext | undefined) => Promise<AgentAnswer>,
): Promise<AgentAnswer> {
  const told = traceContextOf(headers, body);
  const attributes = { "mcp.method.name": methodOf(body), "gatehouse.request_id": requestId };
  const span = startSpan("POST /mcp/agent", { kind: "server", parent: told, attributes });
  if (!span) return answer(told);
  try {
    const response = await answer(span.context);
    const { status } = response;
    span.end(status >= 500 ? String(status) : null, { attributes: { "http.response.status_code": status } });
    return response;
  } catch (error) {
    span.end("internal");
    throw error;
  }
}
