// The short way for plain requests of both generations: the handshake of 2025-11-25, tools/call and tools/list as one JSON answer, without an SDK
// server built around each of them (that costs several times the call itself). Progress, questions, batches and mistakes stay with the SDK; a test
// holds both ways to equal answers.
import {
  type CallToolResult,
  type InitializeResult,
  isSpecType,
  type ListToolsResult,
  ProtocolError,
  ProtocolErrorCode,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/server";

import { log } from "#server/log.ts";

import { type AgentAnswer, type AgentRequest, JsonAnswer } from "./agent-request.ts";
import type { CallContext } from "./call-context.ts";
import { isPlainlyModern, modernResult, modernVersion } from "./plain-modern.ts";
import { referring } from "./reference.ts";
import { sessionIdFor } from "./session-id.ts";
import { instructions, serverCapabilities, serverInfo } from "./tool-definitions.ts";
import { isTool, listTools, runTool } from "./tools.ts";
import { demandUrlElicitation } from "./url-elicitation.ts";

/** Milliseconds after which a slow answer becomes an event stream, and between its signs of life: proxies cut what stays silent for a minute. */
const patienceMs = 15_000;

type Plain = { id: string | number; isModern: boolean } & (
  { method: "initialize"; protocolVersion: string } | { method: "tools/list" } | { method: "tools/call"; name: string; given: unknown }
);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const holdsOnly = (value: Record<string, unknown>, keys: readonly string[]) => Object.keys(value).every((key) => keys.includes(key));

/** The generation that the headers speak of, when there is nothing special about them. */
function generationOf({ headers }: AgentRequest): { isModern: boolean } | null {
  const accept = headers.get("accept") ?? "";
  const version = headers.get("mcp-protocol-version");
  if (!accept.includes("application/json") || !accept.includes("text/event-stream")) return null;
  const isModern = version === modernVersion;
  if (!isModern && (headers.has("mcp-method") || (version !== null && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)))) return null;
  return { isModern };
}

/** Whether it says that the handshake of 2025-11-25 is over, which nobody has to act on. */
function endsHandshake(request: AgentRequest, body: unknown): boolean {
  return isObject(body) && body.method === "notifications/initialized" && body.jsonrpc === "2.0" && holdsOnly(body, ["jsonrpc", "method"])
    ? generationOf(request)?.isModern === false
    : false;
}

function isHandshake(params: Record<string, unknown>): boolean {
  try {
    return holdsOnly(params, ["protocolVersion", "capabilities", "clientInfo"]) && isSpecType.InitializeRequestParams(params);
  } catch {
    // Deeper than the check can follow.
    return false;
  }
}

/**
 * Whether a request before 2026-07-28 asks nothing by its `_meta`: agents put the trace and ids of their own there. What the protocol reads of it is
 * the SDK's.
 */
function isPlainMeta(meta: unknown): boolean {
  if (meta === undefined) return true;
  return isObject(meta) && Object.keys(meta).every((key) => key !== "progressToken" && !key.startsWith("io.modelcontextprotocol/"));
}

/** The request, when there is nothing special about it; null leaves it to the SDK. */
function plain(request: AgentRequest, body: unknown): Plain | null {
  if (!isObject(body) || body.jsonrpc !== "2.0" || !holdsOnly(body, ["jsonrpc", "id", "method", "params"])) return null;
  const generation = generationOf(request);
  if (!generation) return null;
  const { isModern } = generation;
  const { id, method, params = {} } = body;
  if ((typeof id !== "string" && !Number.isSafeInteger(id)) || !isObject(params)) return null;
  const known = typeof id === "string" ? id : Number(id);
  // A generation that nobody knows is negotiated by the SDK.
  if (method === "initialize") {
    const { protocolVersion } = params;
    const isKnown = typeof protocolVersion === "string" && SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion);
    return isKnown && !isModern && isHandshake(params) ? { id: known, isModern, method, protocolVersion } : null;
  }
  const { _meta: meta, name, arguments: given = {} } = params;
  const isPlain = () => (isModern ? isPlainlyModern(request, body, { method, meta, name }) : isPlainMeta(meta));
  if (method === "tools/list") return holdsOnly(params, ["_meta"]) && isPlain() ? { id: known, isModern, method } : null;
  if (method !== "tools/call" || !holdsOnly(params, ["name", "arguments", "_meta"])) return null;
  if (typeof name !== "string" || !isTool(name) || !isObject(given)) return null;
  return isPlain() ? { id: known, isModern, method, name, given } : null;
}

/** An error as the protocol tells it; what is none of the protocol's own is a fault of ours, and a reference that is in the log. */
function errorFor(error: unknown, requestId: string) {
  if (error instanceof ProtocolError) {
    const { code, message, data } = error;
    return referring({ code, message, ...(data === undefined ? {} : { data }) }, requestId);
  }
  log.error({ err: error, requestId }, "a plain request failed");
  const message = `Something went wrong in Gatehouse. Reference: ${requestId}.`;
  return { code: ProtocolErrorCode.InternalError, message, data: { requestId } };
}

/** The whole answer as text. Never rejects: a slow one is a stream by then, which has no status left to fail with. */
async function messageFor(request: Plain, context: CallContext): Promise<string> {
  const { id, isModern, method } = request;
  if (method === "initialize") {
    const result: InitializeResult = {
      protocolVersion: request.protocolVersion,
      capabilities: serverCapabilities,
      serverInfo,
      instructions,
    };
    return JSON.stringify({ jsonrpc: "2.0", id, result });
  }
  try {
    let result: ListToolsResult | CallToolResult;
    if (method === "tools/list") result = await listTools(context.actor);
    else {
      const answer = await runTool(request.name, request.given, context);
      result = context.canOpenUrl ? demandUrlElicitation(answer) : answer;
    }
    return JSON.stringify({ jsonrpc: "2.0", id, result: isModern ? modernResult(method, result) : result });
  } catch (error) {
    return JSON.stringify({ jsonrpc: "2.0", id, error: errorFor(error, context.actor.requestId) });
  }
}

function streamOf(message: Promise<string>): Response {
  const encoder = new TextEncoder();
  let alive: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const say = (text: string) => controller.enqueue(encoder.encode(text));
      say(": working\n\n");
      alive = setInterval(() => say(": working\n\n"), patienceMs);
      const ended = message.then((text) => {
        say(`event: message\ndata: ${text}\n\n`);
        controller.close();
      });
      // Also when the agent is gone and its stream closed: then nobody waits for the message.
      ended.catch((error: unknown) => controller.error(error)).finally(() => clearInterval(alive));
    },
    cancel: () => clearInterval(alive),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" } });
}

/** Answers a plain request; null when it is the SDK's. */
export async function answerPlain(request: AgentRequest, body: unknown, context: CallContext): Promise<AgentAnswer | null> {
  if (endsHandshake(request, body)) return new Response(null, { status: 202 });
  const found = plain(request, body);
  if (!found) return null;
  const message = messageFor(found, context);
  const text = await new Promise<string | null>((resolve, reject) => {
    const late = setTimeout(resolve, patienceMs, null);
    message.then((answer) => {
      clearTimeout(late);
      resolve(answer);
    }, reject);
  });
  if (text === null) return streamOf(message);
  const sessionId = found.method === "initialize" ? sessionIdFor(body) : null;
  return new JsonAnswer(text, 200, sessionId === null ? null : { "mcp-session-id": sessionId });
}
