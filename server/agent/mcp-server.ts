// The MCP side of the endpoint: both protocol generations through the SDK's handler, two tools, nothing fixed built per request.
import {
  type AuthInfo,
  type CallToolResult,
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";

import { DomainError } from "#server/errors.ts";
import { usableConnections } from "#server/grants/access.ts";
import { log } from "#server/log.ts";
import { search, searchInput } from "#server/search/search.ts";

import type { CallContext } from "./call-context.ts";
import { executeCapability } from "./execute-capability.ts";
import { instructions, serverInfo, toolList } from "./tool-definitions.ts";
import { errorResult, ToolError } from "./tool-error.ts";

/** The handler passes `authInfo` through untouched; this is how a request's context finds its way to its tools. */
const contexts = new WeakMap<AuthInfo, Pick<CallContext, "actor" | "signal">>();

async function searchCapabilities(given: unknown, { actor }: CallContext): Promise<CallToolResult> {
  if (!actor.scopes.includes("mcp:read")) {
    throw new ToolError({ error: "insufficient_mcp_scope", message: "This token lacks the scope mcp:read.", requiredScope: "mcp:read" });
  }
  const parsed = searchInput.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    throw new ToolError({
      error: "invalid_capability_arguments",
      message: 'search_capabilities takes { "query": string, "limit"?: 1..20, "connection"?: string, "detail"?: "full" | "brief" }.',
      issues,
    });
  }
  const result = await search(actor, parsed.data);
  return { content: [{ type: "text", text: JSON.stringify(result) }], structuredContent: { ...result } };
}

const tools = new Map([
  ["search_capabilities", searchCapabilities],
  ["execute_capability", executeCapability],
]);

/** Runs one of the two tools; every expected end is a result, everything else a reference that is in the log. */
export async function runTool(name: string, given: unknown, context: CallContext): Promise<CallToolResult> {
  const tool = tools.get(name);
  if (!tool)
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Unknown tool: ${name.slice(0, 100)}. The tools are search_capabilities and execute_capability.`,
    );
  const { requestId } = context.actor;
  try {
    return await tool(given, context);
  } catch (error) {
    if (error instanceof ToolError) return errorResult(error.body, requestId);
    if (error instanceof DomainError && error.code !== "INTERNAL") {
      return errorResult({ error: "provider_error", message: error.message, retryable: error.code === "UNAVAILABLE" }, requestId);
    }
    log.error({ err: error, requestId, tool: name }, "tool failed");
    return errorResult(
      { error: "provider_error", message: `Something went wrong in Gatehouse. Reference: ${requestId}.`, retryable: true },
      requestId,
    );
  }
}

function progressReporter({ mcpReq }: ServerContext): CallContext["onProgress"] {
  const token = mcpReq._meta?.progressToken;
  if (token === undefined) return undefined;
  return (update) => {
    // Progress is a courtesy: an agent that is gone by now misses nothing.
    mcpReq.notify({ method: "notifications/progress", params: { progressToken: token, ...update } }).catch(() => undefined);
  };
}

const handler = createMcpHandler(
  ({ authInfo }) => {
    const call = authInfo && contexts.get(authInfo);
    if (!call) throw new Error("A request reached the MCP handler without its context.");
    const { actor, signal } = call;
    const server = new Server(serverInfo, { capabilities: { tools: {} }, instructions });
    server.setRequestHandler("tools/list", async () => ({ tools: toolList(await usableConnections(actor)) }));
    server.setRequestHandler("tools/call", (request, context) => {
      const onProgress = progressReporter(context);
      const { name, arguments: given } = request.params;
      return runTool(name, given ?? {}, {
        actor,
        signal: AbortSignal.any([signal, context.mcpReq.signal]),
        ...(onProgress ? { onProgress } : {}),
      });
    });
    return server;
  },
  { onerror: (error) => log.debug({ err: error }, "mcp exchange") },
);

/** Answers one MCP request that was authenticated and read. */
export function answer(request: Request, body: unknown, { actor, signal }: Pick<CallContext, "actor" | "signal">): Promise<Response> {
  const authInfo: AuthInfo = { token: "", clientId: actor.tokenId ?? "", scopes: [...actor.scopes] };
  contexts.set(authInfo, { actor, signal });
  return handler.fetch(request, { authInfo, parsedBody: body });
}
