// The id of the request in every error an agent sees, ours and the SDK's alike: with it the line in the log is found.
import { counters } from "#server/metric.ts";

import { type AgentAnswer, JsonAnswer } from "./agent-request.ts";

const classes = ["2xx", "4xx", "401", "403", "429", "5xx"] as const;
const answers = counters("gatehouse_agent_requests_total", "Requests at /mcp/agent by the HTTP status of their answer.", "status", classes);

function classOf(status: number): (typeof classes)[number] {
  if (status < 400) return "2xx";
  if (status >= 500) return "5xx";
  return status === 401 ? "401" : status === 403 ? "403" : status === 429 ? "429" : "4xx";
}

function isRpcError(body: unknown): body is { error: object } {
  return typeof body === "object" && body !== null && "error" in body && typeof body.error === "object" && body.error !== null;
}

/** A JSON-RPC error with `data.requestId`; as it came where its data is no object: the header has the id in any case. */
export function referring<Failure extends object>(error: Failure, requestId: string): Failure {
  const data = "data" in error ? error.data : {};
  return typeof data === "object" && !Array.isArray(data) ? { ...error, data: { ...data, requestId } } : error;
}

/** The text of a refusal with the id in its JSON-RPC error; null where there is none. */
function withId(text: string, requestId: string): string | null {
  const body: unknown = JSON.parse(text);
  return isRpcError(body) ? JSON.stringify({ ...body, error: referring(body.error, requestId) }) : null;
}

/** Counts an answer of the agents' door. */
export function countAnswer(status: number): void {
  answers[classOf(status)].add();
}

/** `response`, and in the JSON-RPC error of one that refuses, `data.requestId`. */
export async function withReference(response: AgentAnswer, requestId: string): Promise<AgentAnswer> {
  const { status } = response;
  countAnswer(status);
  if (status < 400) return response;
  if (response instanceof JsonAnswer) return new JsonAnswer(withId(response.text, requestId) ?? response.text, status, response.headers);
  const { headers } = response;
  if (!headers.get("content-type")?.startsWith("application/json")) return response;
  const text = await response.text();
  const referred = withId(text, requestId);
  if (referred !== null) headers.delete("content-length");
  return new Response(referred ?? text, { status, headers });
}
