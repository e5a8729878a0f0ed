// What is plain in a request of 2026-07-28, and what its answer has beside the result. The SDK itself says what a request is; whatever it would have
// to say no to, and calls of agents that can be asked something in the middle of them, stay with it.
import { CLIENT_CAPABILITIES_META_KEY, classifyInboundRequest, SERVER_INFO_META_KEY } from "@modelcontextprotocol/server";

import type { AgentRequest } from "./agent-request.ts";
import { serverInfo } from "./tool-definitions.ts";

export const modernVersion = "2026-07-28";

/** What an agent can be asked for; the others change nothing about a call. */
const askable = ["elicitation", "sampling", "roots"];
/** The one tool that asks: agents say with each request what they can be asked for, with those that never ask as well. */
const askingTool = "execute_capability";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether nothing is special about this request: `meta` is the `_meta` of its params, `name` the tool of a call. */
export function isPlainlyModern(
  { headers }: AgentRequest,
  body: unknown,
  { method, meta, name }: { method: unknown; meta: unknown; name?: unknown },
): boolean {
  if (!isObject(meta) || "progressToken" in meta || headers.has("mcp-session-id")) return false;
  const capabilities = meta[CLIENT_CAPABILITIES_META_KEY];
  if (!isObject(capabilities) || (name === askingTool && askable.some((kind) => kind in capabilities))) return false;
  // 2026-07-28, Streamable HTTP: these repeat the body. A name that had to be encoded is not taken apart here.
  const [mcpMethodHeader, toldName] = [headers.get("mcp-method"), headers.get("mcp-name")];
  if (mcpMethodHeader === null || mcpMethodHeader !== method || (name !== undefined && toldName !== name)) return false;
  const { kind } = classifyInboundRequest({
    httpMethod: "POST",
    protocolVersionHeader: modernVersion,
    mcpMethodHeader,
    body,
  });
  return kind === "modern";
}

/** The result with what 2026-07-28 wants on it: its kind, who answers, and how long a list may be kept. */
export function modernResult(method: "tools/list" | "tools/call", result: Record<string, unknown>): Record<string, unknown> {
  const { _meta = {}, resultType, ...rest } = result;
  // The server behind us may have named itself: it is nearer to the answer.
  const named = isObject(_meta) && _meta[SERVER_INFO_META_KEY] === undefined ? { [SERVER_INFO_META_KEY]: serverInfo, ..._meta } : _meta;
  const cache = method === "tools/list" ? { ttlMs: 0, cacheScope: "private" } : {};
  return { resultType: "complete", ...cache, ...rest, _meta: named };
}
