// A tools/call as one POST on the session's keep-alive connections, without the SDK client's machinery (which costs several times the call itself).
// Handshakes, negotiation and HTTP+SSE stay with the SDK; a test holds both ways to equal results.
import { setImmediate, setTimeout } from "node:timers/promises";

import { type CallToolResult, CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/client";
import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser";

import { abortSignalOf, type Cancellation } from "#server/cancellation.ts";
import { inLine } from "#server/outbound/in-line.ts";
import { longAnswer, type WireAnswer } from "#server/outbound/json-exchange.ts";
import { Room } from "#server/outbound/room.ts";
import type { CallRecord } from "#server/telemetry/call-record.ts";
import { traceFields } from "#server/telemetry/trace-context.ts";

import { headerOf, type Leave } from "./authorized-fetch.ts";
import { UpstreamCallError } from "./call-error.ts";
import type { OpenSession } from "./connect.ts";
import { headerValue, mirrorHeaders, storedMirroring } from "./mirrored-parameters.ts";
import { parseInTurns } from "./parse-in-turns.ts";
import { isObject, isRequestId, messagesIn, messagesInEvent, readable, resultOf, type RpcAnswer, rpcErrorOf } from "./rpc-answer.ts";
import type { RpcError } from "./rpc-error.ts";

export interface CallInput {
  name: string;
  arguments: Record<string, unknown>;
  /** The tool as it is stored: its schema says which arguments are mirrored in headers. */
  tool?: { readonly inputSchema: unknown };
  /** The server annotates the tool as read-only or idempotent: a second call does no harm. */
  isRepeatable?: boolean;
}

export interface ProgressUpdate {
  progress: number;
  total?: number;
  message?: string;
}

/** What the caller can be asked in the middle of a call (2026-07-28), and its answers to what a server asked before. */
export interface CallerInput {
  capabilities: Record<string, unknown>;
  responses?: Record<string, unknown>;
  requestState?: string;
}

export interface CallOptions {
  /** The membership that calls. */
  caller: string;
  signal: Cancellation;
  /** Whether the caller may still make the call: asked before it opens a session and right before it leaves, because it may have waited. */
  mayLeave?: () => Promise<boolean>;
  /** Whether nothing changed since `mayLeave` said yes: asked right before the first byte, because a connection may have had to come about. */
  isFresh?: () => boolean;
  input?: CallerInput;
  onProgress?: (update: ProgressUpdate) => void;
  /** Where the phases of this call are timed, and the trace it belongs to. */
  record?: CallRecord;
}

let lastId = 0;

function headersOf(session: OpenSession): Record<string, string> {
  const common = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": session.protocolVersion,
  };
  return session.sessionId === undefined ? common : { "mcp-session-id": session.sessionId, ...common };
}

function callHeaders(session: OpenSession, input: CallInput): Record<string, string> {
  const headers = headersOf(session);
  if (session.transport !== "modern") return headers;
  const mirrored = session.mirrored.get(input.name) ?? (input.tool ? storedMirroring(input.tool) : []);
  const own = { "mcp-method": "tools/call", "mcp-name": headerValue(input.name) };
  return Object.assign(headers, mirrorHeaders(mirrored, input.arguments), own);
}

function metaOf(
  session: OpenSession,
  progressToken: number | undefined,
  capabilities: CallerInput["capabilities"],
  trace: Record<string, string> | undefined,
): Record<string, unknown> | undefined {
  const meta: Record<string, unknown> = { ...trace };
  if (session.transport === "modern") {
    meta[PROTOCOL_VERSION_META_KEY] = session.protocolVersion;
    meta[CLIENT_CAPABILITIES_META_KEY] = capabilities;
  }
  if (progressToken !== undefined) meta.progressToken = progressToken;
  return Object.keys(meta).length > 0 ? meta : undefined;
}

/** Milliseconds until a stream that ended early is asked for again where the server names none, and within which bounds it may name them. */
const resumeMs = 1_000;
const shortestResumeMs = 100;
const longestResumeMs = 30_000;
/** Streams in a row without a new event, after which the server is given up. */
const maxResumes = 5;
/** Characters that are parsed before it may rest. */
const pieceLength = 1_024;
/** What a line of an event costs beside its characters: they are joined one by one, and nothing of that is let go before the event's end. */
const lineBytes = 64;
/** Characters of an event's id that are kept to go on from there. */
const maxEventId = 1_024;
/** Milliseconds of work on a stream after which it rests, and for how many: a flood of events leaves the processor to the others. */
const workMs = 0.5;
const restMs = 8;
/** Requests of a server that are answered in one call: each of them is a request of ours, and no call needs many. */
const maxAnswered = 20;

/** What the parser may keep of a piece at most: it is not known here which lines are data, and a kept line holds on to all that came with it. */
function keptOf(piece: string): number {
  let lines = 0;
  for (let at = 0; at < piece.length; at += 1) {
    const code = piece.charCodeAt(at);
    if (code === 10 || code === 13) lines += 1;
  }
  return piece.length + lines * lineBytes;
}

/** Parses a piece. The parser makes an error for each line that is none, and nobody reads its stack, which would be most of the work. */
function feed(parser: EventSourceParser, piece: string): void {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    parser.feed(piece);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/**
 * Reads the stream until the result. A server of the 2025 generation may end a stream early and go on in another one, which is asked for with the id
 * of the last event (2025-11-25, transports, "Resumability and Redelivery"), after the pause it named.
 */
async function readStream(
  session: OpenSession,
  first: Response,
  id: number,
  { signal, onProgress }: Omit<CallOptions, "caller">,
): Promise<CallToolResult> {
  let response = first;
  let lastEventId: string | undefined;
  let pauseMs = resumeMs;
  let answered = 0;
  let worked = 0;
  let since = 0;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let resumed: AbortSignal | undefined;
  const room = new Room(session.url.hostname, () => void reader?.cancel().catch(() => undefined));
  const rest = async () => {
    const now = performance.now();
    worked += now - since;
    since = now;
    if (worked < workMs) return;
    // Events that are parsed for their progress leave young garbage, whose collections nobody counts here.
    await setTimeout(onProgress ? 2 * restMs : restMs);
    worked = 0;
    since = performance.now();
  };
  for (let resumes = 0; ;) {
    // Without streams for the text and its events: a flood of them costs a tenth.
    const events: EventSourceMessage[] = [];
    const parser = createParser({
      onEvent: (event) => void events.push(event),
      onRetry: (ms) => (pauseMs = Math.min(Math.max(ms, shortestResumeMs), longestResumeMs)),
    });
    const decoder = new TextDecoder();
    reader = response.body?.getReader();
    try {
      for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
        since = performance.now();
        const text = decoder.decode(chunk.value, { stream: true });
        for (let at = 0; at < text.length; at += pieceLength) {
          const piece = text.slice(at, at + pieceLength);
          room.keep(keptOf(piece));
          feed(parser, piece);
          // Lines that end no event are work as well.
          await rest();
          if (events.length > 0) room.free();
          for (const event of events.splice(0)) {
            await rest();
            if (event.id && session.transport === "legacy") {
              // A copy: the id would hold on to all that came with it.
              lastEventId = event.id.length <= maxEventId ? Buffer.from(event.id).toString() : undefined;
              resumes = 0;
            }
            // Without an id it is neither the result nor a question; only progress is of interest then.
            if (event.data === "" || (!onProgress && !event.data.includes('"id"'))) continue;
            const parsed =
              event.data.length > longAnswer ? await parseLong(session, event.data, signal) : JSON.parse(readable(session, event.data));
            for (const [index, message] of messagesInEvent(parsed).entries()) {
              if (index > 0) await rest();
              if (message.id === id && message.method === undefined) return resultOf(message, session);
              if (message.method === "notifications/progress" && isObject(message.params) && message.params.progressToken === id)
                report(message.params, onProgress);
              else if (message.method !== undefined && isRequestId(message.id) && answered < maxAnswered) {
                answered += 1;
                answerServer(session, message);
              }
            }
          }
        }
        worked += performance.now() - since;
      }
      room.keep(0);
    } finally {
      // The result is the last thing anybody waits for; a stream left open would hold its connection. A stream that failed has told so already.
      reader?.cancel().catch(() => undefined);
      room.free();
    }
    resumes += 1;
    if (lastEventId === undefined || resumes > maxResumes) break;
    // One for all that follow: each listens to the call for as long as it runs.
    resumed ??= abortSignalOf(signal);
    await setTimeout(pauseMs, undefined, { signal: resumed });
    const headers = { ...headersOf(session), accept: "text/event-stream", "last-event-id": lastEventId };
    response = await session.fetch(session.url, { headers, signal: resumed }).catch((cause: unknown) => {
      if (signal.aborted) throw cause;
      // Whatever this was, the call itself had been taken: it must not look like one that never left.
      throw endedEarly(cause);
    });
    if (response.ok && response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream")) continue;
    await response.body?.cancel();
    break;
  }
  throw endedEarly();
}

/** Each pass over a long answer is a turn of its own, and others are heard in between; so is that nobody waits for it, or that it takes too much room. */
async function parseLong(session: OpenSession, text: string, signal: Cancellation): Promise<unknown> {
  const room = new Room(session.url.hostname, () => undefined);
  const goOn = () => {
    if (signal.aborted) throw signal.reason;
    room.keep(0);
  };
  try {
    room.keep(text.length);
    return await inLine(async () => {
      await setImmediate();
      goOn();
      const clean = readable(session, text);
      await setImmediate();
      goOn();
      return parseInTurns(clean, goOn);
    });
  } finally {
    room.free();
  }
}

function endedEarly(cause?: unknown): UpstreamCallError {
  const details = { cause, isServerFault: true, mayHaveRun: true };
  return new UpstreamCallError("unreachable", "The server ended its answer before the result came.", details);
}

/** A server that asks something in the middle of a call (2025 generation) waits for the answer: a ping gets one, we said we can do nothing else. */
function answerServer(session: OpenSession, { id, method }: RpcAnswer): void {
  const answer = method === "ping" ? { result: {} } : { error: { code: -32_601, message: "Gatehouse does not offer this to servers." } };
  tell(session, { id, ...answer });
}

/** Sends something that needs no answer. Best effort. */
function tell(session: OpenSession, message: object): void {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  session
    .fetch(session.url, { method: "POST", headers: headersOf(session), body, signal: AbortSignal.timeout(5_000) })
    .then((response) => response.body?.cancel())
    .catch(() => undefined);
}

function report({ progress, total, message }: Record<string, unknown>, onProgress: CallOptions["onProgress"]): void {
  if (typeof progress !== "number") return;
  onProgress?.({ progress, ...(typeof total === "number" ? { total } : {}), ...(typeof message === "string" ? { message } : {}) });
}

/** Tells a legacy server that nobody waits any more (2025-11-25, cancellation). The call is given up either way. */
function sayCancelled(session: OpenSession, requestId: number): void {
  if (session.transport !== "legacy") return;
  tell(session, { method: "notifications/cancelled", params: { requestId, reason: "The caller cancelled." } });
}

/** The answer of a server that refused at the HTTP level, with the JSON-RPC error in its body where there was one. */
export class HttpRefusal {
  readonly status: number;
  readonly challenge: string | null;
  readonly retryAfter: string | null;
  readonly rpc: RpcError | null;

  constructor(answer: WireAnswer | Response, rpc: RpcError | null) {
    this.status = answer.status;
    this.challenge = headerOf(answer, "www-authenticate");
    this.retryAfter = headerOf(answer, "retry-after");
    this.rpc = rpc;
  }
}

/**
 * Sends one tools/call, through `leave` each time. Returns the untouched result, or the refusal of a server that answered with an HTTP error. Throws
 * UpstreamCallError, network errors, and what `leave.ask` throws.
 */
export async function plainCall(
  session: OpenSession,
  input: CallInput,
  { signal, input: { capabilities, responses, requestState } = { capabilities: {} }, onProgress, record }: Omit<CallOptions, "caller">,
  leave: Leave,
): Promise<CallToolResult | HttpRefusal> {
  lastId += 1;
  const id = lastId;
  const trace = record?.trace && traceFields(record.trace);
  const meta = metaOf(session, onProgress ? id : undefined, capabilities, trace);
  const params = {
    name: input.name,
    arguments: input.arguments,
    ...(responses ? { inputResponses: responses } : {}),
    ...(requestState === undefined ? {} : { requestState }),
    ...(meta ? { _meta: meta } : {}),
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
  let isUnderWay = false;
  const start = (isLast: boolean) => (isUnderWay = leave.start(isLast));
  try {
    const headers = Object.assign(callHeaders(session, input), trace);
    const response = await session.post(session.url, { headers, body, signal }, { ask: leave.ask, start });
    const isOk = response.status >= 200 && response.status <= 299;
    if (response instanceof Response) {
      if (isOk) return await readStream(session, response, id, { signal, ...(onProgress ? { onProgress } : {}) });
      await response.body?.cancel();
      return new HttpRefusal(response, null);
    }
    isUnderWay = false;
    if (!headerOf(response, "content-type")?.toLowerCase().includes("json")) return new HttpRefusal(response, null);
    const isLong = response.text.length > longAnswer;
    // Of an error that is longer than anybody's words its head says enough.
    if (!isOk && isLong) return new HttpRefusal(response, null);
    let parsed: unknown;
    try {
      parsed = isLong ? await parseLong(session, response.text, signal) : JSON.parse(readable(session, response.text));
    } catch (error) {
      // An error's body may be anything, whatever its type says.
      if (!isOk && error instanceof SyntaxError) return new HttpRefusal(response, null);
      throw error;
    }
    // An error that came before the server read the id has none.
    const answer = messagesIn(parsed).find((message) => message.id === id || (message.id == null && message.error !== undefined));
    return isOk && answer ? resultOf(answer, session) : new HttpRefusal(response, answer ? rpcErrorOf(answer) : null);
  } catch (error) {
    if (signal.aborted && isUnderWay) sayCancelled(session, id);
    throw error;
  }
}
