// The two tools as verbs of one caller: what tools/list and tools/call answer, whichever way a request came in.
import { type CallToolResult, type ListToolsResult, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";

import type { Actor } from "#server/auth/actor.ts";
import { orUnavailable } from "#server/database-error.ts";
import { DomainError } from "#server/errors.ts";
import { usableConnections } from "#server/grants/access.ts";
import { log } from "#server/log.ts";
import { search, searchInput } from "#server/search/search.ts";

import { executeBatch, isBatch } from "./batch.ts";
import type { CallContext } from "./call-context.ts";
import { countSearch } from "./limits.ts";
import { observedExecute, observedSearch } from "./observed.ts";
import { toolList } from "./tool-definitions.ts";
import { errorResult, ToolError } from "./tool-error.ts";

async function searchCapabilities(given: unknown, { actor }: CallContext): Promise<{ result: CallToolResult; matches: number }> {
  if (!actor.scopes.includes("mcp:read")) {
    throw new ToolError({
      error: "insufficient_mcp_scope",
      message: "This token lacks the scope mcp:read. Ask the person you work for to create a token with it.",
      requiredScope: "mcp:read",
    });
  }
  const parsed = searchInput.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    throw new ToolError({
      error: "invalid_capability_arguments",
      message:
        'search_capabilities takes { "query": string or up to 5 strings, "limit"?: 1..20, "connection"?: string, "detail"?: "full" | "brief" }. See issues.',
      issues,
    });
  }
  await countSearch(actor);
  const found = await search(actor, parsed.data);
  const result: CallToolResult = { content: [{ type: "text", text: JSON.stringify(found) }], structuredContent: { ...found } };
  return { result, matches: found.matches.length };
}

/** One call, or several at once. */
function execute(given: unknown, context: CallContext): Promise<CallToolResult> {
  if (!isBatch(given)) return observedExecute(given, context);
  return executeBatch(given, context, (call, alone) => answered(observedExecute, call, alone));
}

const tools = new Map([
  ["search_capabilities", observedSearch(searchCapabilities)],
  ["execute_capability", execute],
]);

export function isTool(name: string): boolean {
  return tools.has(name);
}

/** What the endpoint says with 503: an answer that began has no status left to say it with. */
const unavailable = -32_000;

function ourFault(error: unknown, requestId: string, what: string): string {
  log.error({ err: error, requestId }, `${what} failed`);
  return `Something went wrong in Gatehouse. Reference: ${requestId}.`;
}

/** Every expected end as a result, everything else as a reference that is in the log. */
async function answered(tool: typeof execute, given: unknown, context: CallContext): Promise<CallToolResult> {
  const { requestId } = context.actor;
  try {
    return await tool(given, context);
  } catch (thrown) {
    const error = orUnavailable(thrown);
    if (error instanceof ToolError) {
      if (error.body.requiredScope !== undefined) context.onMissingScope?.(error.body.requiredScope);
      return errorResult(error.body, requestId);
    }
    if (error instanceof DomainError && error.code !== "INTERNAL") {
      return errorResult({ error: "provider_error", message: error.message, retryable: error.code === "UNAVAILABLE" }, requestId);
    }
    return errorResult({ error: "provider_error", message: ourFault(error, requestId, "a tool call"), retryable: true }, requestId);
  }
}

/** Runs one of the two tools; its end is always a result. Throws ProtocolError for another name. */
export async function runTool(name: string, given: unknown, context: CallContext): Promise<CallToolResult> {
  const tool = tools.get(name);
  if (!tool) {
    const message = `Unknown tool: ${name.slice(0, 100)}. The tools are search_capabilities and execute_capability.`;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
  }
  return answered(tool, given, context);
}

/** What tools/list answers to this caller. Throws ProtocolError when the connections cannot be read. */
export async function listTools(actor: Actor): Promise<ListToolsResult> {
  try {
    return { tools: toolList(await usableConnections(actor)) };
  } catch (thrown) {
    const error = orUnavailable(thrown);
    if (error instanceof DomainError && error.code === "UNAVAILABLE")
      throw new ProtocolError(unavailable, error.message, { retryable: true, retryAfterSeconds: 1 });
    // The protocol's error is sent as it is: it may not carry what a database says.
    throw new ProtocolError(ProtocolErrorCode.InternalError, ourFault(error, actor.requestId, "tools/list"));
  }
}
