// A third-party MCP server of the 2025 generation, by hand: sessions, answers as JSON or as an event stream, and everything such a server may do
// that the SDK's own would not: forget its sessions, ask in the middle of a call, end an answer early.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";

export interface SessionRequest {
  method: string;
  rpcMethod: string | null;
  id: unknown;
  params: unknown;
  body: Record<string, unknown>;
  session: string | null;
  headers: IncomingMessage["headers"];
}

/** How a server tells that it does not know a session: as the specification wants it, or as many do it. */
export type Forgetfulness = "404" | "400";

export interface SessionUpstream {
  url: string;
  received: SessionRequest[];
  tools: Record<string, unknown>[];
  sessions: Set<string>;
  forgets: Forgetfulness;
  /** The revision it says in `initialize`, whatever it was asked for. */
  protocolVersion: string;
  answersAs: "json" | "stream";
  /** Handles a tools/call itself when it returns true; `write` sends one message on the answer's stream. */
  onCall: ((request: SessionRequest, res: ServerResponse, write: (message: object) => void) => boolean) | null;
  /** Goes on with a stream that ended early (Last-Event-ID). */
  onResume: ((request: SessionRequest, res: ServerResponse, write: (message: object) => void) => void) | null;
  /** Tells every open session that the tools changed. */
  announceChange: () => void;
  /** Open GET streams, and how to end them, as a proxy does. */
  streams: () => number;
  hangUp: () => void;
  /** Goes away as a crashed server does, and comes back at the same address without its sessions. */
  die: () => Promise<void>;
  revive: () => Promise<void>;
  close: () => Promise<void>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function write(res: ServerResponse, message: object): void {
  if (!res.headersSent) res.writeHead(200, { "content-type": "text/event-stream" });
  res.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
}

function resultOf(upstream: SessionUpstream, { rpcMethod, params }: SessionRequest): object {
  if (rpcMethod === "initialize") {
    return {
      protocolVersion: upstream.protocolVersion,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: "session-upstream", version: "1.0.0" },
    };
  }
  if (rpcMethod === "tools/list") return { tools: upstream.tools };
  const given = isObject(params) ? params.arguments : null;
  return { content: [{ type: "text", text: isObject(given) ? String(given.text) : "" }] };
}

/** Starts one on a free port of 127.0.0.1. */
export async function startSessionUpstream(
  options: Partial<Pick<SessionUpstream, "answersAs" | "forgets" | "protocolVersion">> = {},
): Promise<SessionUpstream> {
  const streams = new Set<ServerResponse>();
  const upstream: SessionUpstream = {
    url: "",
    received: [],
    tools: [{ name: "echo", description: "Returns the text it is given.", inputSchema: { type: "object" } }],
    sessions: new Set(),
    forgets: "404",
    protocolVersion: "2025-11-25",
    answersAs: "json",
    onCall: null,
    onResume: null,
    announceChange: () => {
      for (const res of streams) write(res, { method: "notifications/tools/list_changed" });
    },
    streams: () => streams.size,
    hangUp: () => {
      for (const res of streams) res.end();
    },
    die: () => Promise.resolve(),
    revive: () => Promise.resolve(),
    close: () => Promise.resolve(),
    ...options,
  };

  async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const parsed: unknown = req.method === "POST" ? await json(req) : {};
    const body = isObject(parsed) ? parsed : {};
    const header = req.headers["mcp-session-id"];
    const session = typeof header === "string" ? header : null;
    const rpcMethod = typeof body.method === "string" ? body.method : null;
    const request = { method: req.method ?? "", rpcMethod, id: body.id, params: body.params, body, session, headers: req.headers };
    upstream.received.push(request);
    const refuse = (status: number, message: string) =>
      res
        .writeHead(status, { "content-type": "application/json" })
        .end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32_000, message } }));
    if (rpcMethod === "initialize") {
      const id = randomUUID();
      upstream.sessions.add(id);
      res.setHeader("mcp-session-id", id);
    } else if (session === null || !upstream.sessions.has(session)) {
      if (session !== null && upstream.forgets === "404") refuse(404, "Session not found");
      else refuse(400, "Bad Request: No valid session ID provided");
      return;
    }
    if (req.method === "DELETE") {
      upstream.sessions.delete(session ?? "");
      res.writeHead(200).end();
    } else if (req.method === "GET" && req.headers["last-event-id"] !== undefined && upstream.onResume) {
      upstream.onResume(request, res, (message) => write(res, message));
    } else if (req.method === "GET") {
      res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      streams.add(res);
      res.on("close", () => streams.delete(res));
    } else if (rpcMethod === null || body.id === undefined) {
      res.writeHead(202).end();
    } else if (rpcMethod === "tools/call" && upstream.onCall?.(request, res, (message) => write(res, message))) {
      // It answers when and as it likes.
    } else if (upstream.answersAs === "stream") {
      write(res, { id: body.id, result: resultOf(upstream, request) });
      res.end();
    } else {
      const answer = { jsonrpc: "2.0", id: body.id, result: resultOf(upstream, request) };
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    }
  }

  const server = createServer((req, res) => {
    respond(req, res).catch((error: unknown) => res.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  upstream.url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/mcp`;
  const port = Number(new URL(upstream.url).port);
  upstream.die = async () => {
    upstream.sessions.clear();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  upstream.revive = () => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  upstream.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return upstream;
}
