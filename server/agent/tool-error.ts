// What an agent is told when a call gives no result: one shape, a closed list of errors, words it can act on.
import type { CallToolResult } from "@modelcontextprotocol/server";

import type { TokenScope } from "#server/auth/actor.ts";
import type { FieldIssue } from "#server/errors.ts";
import type { ConnectionRow } from "#server/search/search.ts";

export type ToolErrorName =
  | "unknown_capability"
  | "forbidden"
  | "insufficient_mcp_scope"
  | "needs_connection"
  | "connection_not_connected"
  | "reconnect_required"
  | "connection_failed"
  | "capability_timeout"
  | "rate_limited"
  | "invalid_capability_arguments"
  | "policy_blocked"
  | "result_too_large"
  | "provider_error";

export interface ToolErrorBody {
  error: ToolErrorName;
  message: string;
  capability?: string;
  connection?: Omit<ConnectionRow, "message">;
  requiredScope?: TokenScope;
  retryable: boolean;
  retryAfterSeconds?: number;
  issues?: FieldIssue[];
  /** Names close to an unknown one. */
  near?: string[];
  upstream?: { code: number; message: string; data?: unknown };
}

/** An expected end of a call; the endpoint turns it into a tool result. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  readonly body: ToolErrorBody;

  constructor(body: Omit<ToolErrorBody, "retryable"> & { retryable?: boolean }, cause?: unknown) {
    super(body.message, cause === undefined ? undefined : { cause });
    this.body = { retryable: false, ...body };
  }
}

/** Why a call does not leave whose token went while it waited. */
export function tokenOver(capability?: string): ToolError {
  const message = "The token of this request is no longer good: it was revoked or has expired. Nothing was sent for this call.";
  return new ToolError({ error: "forbidden", message, ...(capability === undefined ? {} : { capability }) });
}

/** The tool result of an error: `isError`, the object, and the same as JSON text. */
export function errorResult(body: ToolErrorBody, requestId: string): CallToolResult {
  const structuredContent = { ...body, requestId };
  const result: CallToolResult = { isError: true, content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
  ours.set(result, structuredContent);
  return result;
}

// A server's own result may look like one of these; only what was made here may send a person somewhere.
const ours = new WeakMap<CallToolResult, ToolErrorBody & { requestId: string }>();

/** Whether `errorResult` made this result. */
export function isOurs(result: CallToolResult): boolean {
  return ours.has(result);
}

/** The error that `errorResult` made this result of; null for every other result, whatever it looks like. */
export function ourError(result: CallToolResult): (ToolErrorBody & { requestId: string }) | null {
  return ours.get(result) ?? null;
}
