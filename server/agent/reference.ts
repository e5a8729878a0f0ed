// The id of the request in every refusal an agent sees, ours and the SDK's alike: with it the line in the log is found.
import { counters } from "#server/metric.ts";

import { type AgentAnswer, JsonAnswer } from "./agent-request.ts";

const classes = ["2xx", "4xx", "401", "403", "429", "5xx"] as const;
const answers = counters("gatehouse_agent_requests_total", "Requests at /mcp/agent by the HTTP status of their answer.", "status", classes);

function classOf(status: number): (typeof classes)[number] {
  if (status < 400) return "2xx";
  if (status >= 500) return "5xx";
  return status === 401 ? "401" : status === 403 ? "403" : status === 429 ? "429" : "4xx";
}

interface RpcError {
  jsonrpc: unknown;
  id: unknown;
  error: object;
}

function isRpcError(body: unknown): body is RpcError {
  return typeof body === "object" && body !== null && "error" in body && typeof body.error === "object" && body.error !== null;
}

/** `response`, and in the JSON-RPC error of one that refuses, `data.requestId`. */
export async function withReference(response: AgentAnswer, requestId: string): Promise<AgentAnswer> {
  if (response instanceof JsonAnswer) {
    answers["2xx"].add();
    return response;
  }
  const { status, headers } = response;
  answers[classOf(status)].add();
  if (status < 400 || !headers.get("content-type")?.startsWith("application/json")) return response;
  const text = await response.text();
  const body: unknown = JSON.parse(text);
  if (!isRpcError(body)) return new Response(text, { status, headers });
  const { error } = body;
  const data = "data" in error ? error.data : {};
  // What is no object has no room for it; the header has it in any case.
  if (typeof data !== "object") return new Response(text, { status, headers });
  headers.delete("content-length");
  return new Response(JSON.stringify({ ...body, error: { ...error, data: { ...data, requestId } } }), { status, headers });
}
