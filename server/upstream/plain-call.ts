// A tools/call as one POST on the session's keep-alive connections, without the SDK client's machinery (which costs several times the call itself).
// Handshakes, negotiation, HTTP+SSE and mirrored parameter headers stay with the SDK; a test holds both ways to equal results.
import { type CallToolResult, CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/client";
import { EventSourceParserStream } from "eventsource-parser/stream";

import { boundedText, UpstreamCallError } from "./call-error.ts";
import type { OpenSession } from "./connect.ts";

export interface CallInput {
  name: string;
  arguments: Record<string, unknown>;
}

export interface ProgressUpdate {
  progress: number;
  total?: number;
  message?: string;
}

export interface CallOptions {
  signal: AbortSignal;
  onProgress?: (update: ProgressUpdate) => void;
}

let lastId = 0;

function headersOf(session: OpenSession, name: string): Record<string, string> {
  const common = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": session.protocolVersion,
  };
  if (session.verdict.transport === "modern") return { ...common, "mcp-method": "tools/call", "mcp-name": headerValue(name) };
  return session.sessionId === undefined ? common : { ...common, "mcp-session-id": session.sessionId };
}

/** A header value holds visible ASCII; anything else travels Base64-encoded in the sentinel form of the 2026-07-28 transport. */
function headerValue(text: string): string {
  if (/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith("=?base64?")) return text;
  return `=?base64?${Buffer.from(text).toString("base64")}?=`;
}

function metaOf(session: OpenSession, progressToken: number | undefined): Record<string, unknown> | undefined {
  const meta: Record<string, unknown> = {};
  if (session.verdict.transport === "modern") {
    meta[PROTOCOL_VERSION_META_KEY] = session.protocolVersion;
    meta[CLIENT_CAPABILITIES_META_KEY] = {};
  }
  if (progressToken !== undefined) meta.progressToken = progressToken;
  return Object.keys(meta).length > 0 ? meta : undefined;
}

interface RpcAnswer {
  id?: unknown;
  method?: unknown;
  params?: unknown;
  result?: unknown;
  error?: unknown;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseMessages(text: string): RpcAnswer[] {
  const parsed: unknown = JSON.parse(text);
  return (Array.isArray(parsed) ? parsed : [parsed]).filter(isObject);
}

function isResult(value: unknown): value is CallToolResult {
  return isObject(value);
}

/** The result in an answer, or the error it carries, thrown. */
function resultOf({ result, error }: RpcAnswer): CallToolResult {
  if (isObject(error)) {
    const code = typeof error.code === "number" ? error.code : 0;
    const message = boundedText(typeof error.message === "string" ? error.message : "The server reported an error.");
    throw ofRpcError({ code, message, data: error.data });
  }
  if (!isResult(result)) throw new UpstreamCallError("protocol_error", "The server's answer holds neither a result nor an error.");
  // `resultType` belongs to the envelope of 2026-07-28, not to the tool's result.
  const { resultType = "complete", ...untouched } = result;
  if (resultType !== "complete")
    throw new UpstreamCallError("protocol_error", "The server asks the person for more input first, which Gatehouse cannot pass on yet.");
  return untouched;
}

/** A JSON-RPC error by its code. MCP names an unknown tool -32602 "Unknown tool", some servers -32601. */
export function ofRpcError(upstream: { code: number; message: string; data?: unknown }, cause?: unknown): UpstreamCallError {
  const unknown = /\b(unknown tool|tool (\S+ )?not found|no such tool)\b/i.test(upstream.message);
  if (unknown || upstream.code === -32_601) return new UpstreamCallError("unknown_tool", upstream.message, { upstream, cause });
  if (upstream.code === -32_602) return new UpstreamCallError("invalid_params", upstream.message, { upstream, cause });
  return new UpstreamCallError("protocol_error", upstream.message, { upstream, cause });
}

async function readStream(response: Response, id: number, onProgress: CallOptions["onProgress"]): Promise<CallToolResult> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
  try {
    for (let event = await reader?.read(); event?.value !== undefined; event = await reader?.read()) {
      if (event.value.data === "") continue;
      for (const message of parseMessages(event.value.data)) {
        if (message.id === id && message.method === undefined) return resultOf(message);
        if (message.method === "notifications/progress" && isObject(message.params) && message.params.progressToken === id)
          report(message.params, onProgress);
      }
    }
  } finally {
    // The result is the last thing anybody waits for; a stream left open would hold its connection.
    void reader?.cancel();
  }
  throw new UpstreamCallError("unreachable", "The server ended its answer before the result came.");
}

function report({ progress, total, message }: Record<string, unknown>, onProgress: CallOptions["onProgress"]): void {
  if (typeof progress !== "number") return;
  onProgress?.({ progress, ...(typeof total === "number" ? { total } : {}), ...(typeof message === "string" ? { message } : {}) });
}

/** Tells a legacy server that nobody waits any more (2025-11-25, cancellation). Best effort: the call is given up either way. */
function sayCancelled(session: OpenSession, id: number): void {
  if (session.verdict.transport !== "legacy") return;
  const body = JSON.stringify({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId: id, reason: "The caller cancelled." },
  });
  session
    .fetch(session.url, { method: "POST", headers: headersOf(session, ""), body, signal: AbortSignal.timeout(5_000) })
    .then((response) => response.body?.cancel())
    .catch(() => undefined);
}

/** The answer of a server that refused at the HTTP level. */
export class HttpRefusal {
  readonly status: number;
  readonly challenge: string | null;
  readonly retryAfter: string | null;

  constructor({ status, headers }: Response) {
    this.status = status;
    this.challenge = headers.get("www-authenticate");
    this.retryAfter = headers.get("retry-after");
  }
}

/** Sends one tools/call. Returns the untouched result, or the HTTP refusal of a server that answered no JSON-RPC. Throws UpstreamCallError and network errors. */
export async function plainCall(
  session: OpenSession,
  input: CallInput,
  { signal, onProgress }: CallOptions,
): Promise<CallToolResult | HttpRefusal> {
  lastId += 1;
  const id = lastId;
  const meta = metaOf(session, onProgress ? id : undefined);
  const params = { name: input.name, arguments: input.arguments, ...(meta ? { _meta: meta } : {}) };
  const body = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
  const cancelled = () => sayCancelled(session, id);
  signal.addEventListener("abort", cancelled, { once: true });
  try {
    const response = await session.fetch(session.url, { method: "POST", headers: headersOf(session, input.name), body, signal });
    const type = response.headers.get("content-type") ?? "";
    if (response.ok && type.startsWith("text/event-stream")) return await readStream(response, id, onProgress);
    if (type.includes("json") && (response.ok || response.status === 400)) {
      const answer = parseMessages(await response.text()).find(
        (message) => message.id === id || (message.id === null && message.error !== undefined),
      );
      return answer ? resultOf(answer) : new HttpRefusal(response);
    }
    await response.body?.cancel();
    return new HttpRefusal(response);
  } finally {
    signal.removeEventListener("abort", cancelled);
  }
}
