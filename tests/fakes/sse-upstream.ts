// A third-party MCP server that only speaks HTTP+SSE, made with the v1 SDK's own transport as an independent peer.
import { createServer, type ServerResponse } from "node:http";

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

export interface SseUpstream {
  url: string;
  /** Streams opened so far, calls that arrived, and the authorization each request came with. */
  opened: number;
  calls: { name: string; given: Record<string, unknown> }[];
  /** The `_meta` of each of these calls. */
  metas: unknown[];
  /** Calls that arrived are answered after it. */
  hold: Promise<void>;
  /** Refuses messages with 429 and this `Retry-After`, unless it is null. */
  retryAfter: string | null;
  /** Refuses messages with this status, unless it is null. */
  refuses: number | null;
  /** How many streams are open. */
  streams: () => number;
  /** Ends every open stream, as a restart does. */
  hangUp: () => void;
  /** Forgets its sessions, and leaves their streams open. */
  forget: () => void;
  close: () => Promise<void>;
}

function serverFor(upstream: SseUpstream): Server {
  const server = new Server({ name: "sse-upstream", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [{ name: "echo", inputSchema: { type: "object" } }] }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const given = params.arguments ?? {};
    upstream.calls.push({ name: params.name, given });
    upstream.metas.push(params._meta);
    await upstream.hold;
    return { content: [{ type: "text", text: String(given.text) }], surprise: 1 };
  });
  return server;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startSseUpstream(): Promise<SseUpstream> {
  const sessions = new Map<string, SSEServerTransport>();
  const streams = new Set<ServerResponse>();
  const upstream: SseUpstream = {
    url: "",
    opened: 0,
    calls: [],
    metas: [],
    hold: Promise.resolve(),
    retryAfter: null,
    refuses: null,
    streams: () => streams.size,
    hangUp: () => {
      for (const res of streams) res.destroy();
    },
    forget: () => sessions.clear(),
    close: () => Promise.resolve(),
  };
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? "/", "http://localhost");
    if (req.method === "GET" && url.pathname === "/sse") {
      const transport = new SSEServerTransport("/messages", res);
      sessions.set(transport.sessionId, transport);
      streams.add(res);
      res.on("close", () => streams.delete(res));
      upstream.opened += 1;
      void serverFor(upstream).connect(transport);
    } else if (req.method === "POST" && url.pathname === "/messages") {
      if (upstream.retryAfter !== null) return void res.writeHead(429, { "retry-after": upstream.retryAfter }).end();
      if (upstream.refuses !== null) return void res.writeHead(upstream.refuses).end();
      const session = sessions.get(url.searchParams.get("sessionId") ?? "");
      // A stream that ended meanwhile has nowhere to answer to.
      if (session) session.handlePostMessage(req, res).catch(() => res.destroy());
      else res.writeHead(404).end("Session not found");
    } else {
      res.writeHead(url.pathname === "/sse" ? 405 : 404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  upstream.url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/sse`;
  upstream.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return upstream;
}
