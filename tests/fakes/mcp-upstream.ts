// A third-party MCP server for tests: the real protocol (both generations) by the SDK's handler, and a log of what reached it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

import {
  type CallToolResult,
  createMcpHandler,
  type InputRequiredResult,
  ProtocolError,
  Server,
  type Tool,
} from "@modelcontextprotocol/server";

export interface FakeTool extends Partial<Omit<Tool, "name">> {
  name: string;
  run?: (
    given: Record<string, unknown>,
    signal: AbortSignal,
    round: { responses: Record<string, unknown> | undefined; state: string | undefined },
  ) => CallToolResult | InputRequiredResult | Promise<CallToolResult>;
}

export interface ReceivedRequest {
  method: string;
  rpcMethod: string | null;
  params: unknown;
  headers: IncomingMessage["headers"];
}

export interface FakeUpstream {
  url: string;
  origin: string;
  received: ReceivedRequest[];
  tools: FakeTool[];
  /** Answers instead of the protocol when it returns true. */
  intercept: ((req: IncomingMessage, res: ServerResponse, body: unknown) => boolean) | null;
  /** Tells every open subscription (2026-07-28) that the tools changed; only a server that was started with `announces` says that it does. */
  announceChange: () => void;
  /** Open subscriptions, and how to drop them. */
  subscriptions: Set<ServerResponse>;
  /** Goes away as a crashed server does, and comes back at the same address. */
  die: () => Promise<void>;
  revive: () => Promise<void>;
  close: () => Promise<void>;
}

export const echoTool: FakeTool = {
  name: "echo",
  title: "Echo",
  description: "Returns the text it is given.",
  inputSchema: { type: "object", properties: { text: { type: "string", description: "What to say" } }, required: ["text"] },
  run: ({ text }) => ({ content: [{ type: "text", text: String(text) }] }),
};

const said = ({ text }: Record<string, unknown>) => ({ content: [{ type: "text" as const, text: String(text) }] });

/** The same for a server that takes a moment, in milliseconds. */
export const slowEchoTool = (ms: number): FakeTool => ({
  ...echoTool,
  run: (given) => new Promise((resolve) => setTimeout(() => resolve(said(given)), ms)),
});

function serverFor(upstream: FakeUpstream, announces: boolean): Server {
  const capabilities = { tools: announces ? { listChanged: true } : {} };
  const server = new Server({ name: "fake-upstream", version: "1.2.3" }, { capabilities });
  server.setRequestHandler("tools/list", () => ({
    tools: upstream.tools.map(({ run: _run, ...tool }) => ({ inputSchema: { type: "object" as const }, ...tool })),
  }));
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
    const tool = upstream.tools.find(({ name }) => name === params.name);
    if (!tool) throw new ProtocolError(-32_602, `Unknown tool: ${params.name}`);
    return (
      (await tool.run?.(params.arguments ?? {}, mcpReq.signal, {
        responses: mcpReq.inputResponses,
        state: mcpReq.requestState<string>(),
      })) ?? { content: [] }
    );
  });
  return server;
}

function rpcOf(body: unknown): { method: string | null; params: unknown } {
  if (typeof body !== "object" || body === null || !("method" in body)) return { method: null, params: null };
  return { method: String(body.method), params: "params" in body ? body.params : null };
}

async function respond(
  upstream: FakeUpstream,
  handler: ReturnType<typeof createMcpHandler>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const raw = (await buffer(req)).toString("utf8");
  const body: unknown = raw === "" ? undefined : JSON.parse(raw);
  const rpc = rpcOf(body);
  upstream.received.push({ method: req.method ?? "", rpcMethod: rpc.method, params: rpc.params, headers: req.headers });
  if (upstream.intercept?.(req, res, body)) return;
  const gone = new AbortController();
  res.on("close", () => gone.abort());
  if (rpc.method === "subscriptions/listen") {
    upstream.subscriptions.add(res);
    res.on("close", () => upstream.subscriptions.delete(res));
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) if (typeof value === "string") headers.set(name, value);
  const request = new Request(`${upstream.origin}${req.url ?? "/"}`, {
    method: req.method ?? "GET",
    headers,
    signal: gone.signal,
    ...(raw === "" ? {} : { body: raw }),
  });
  const response = await handler.fetch(request, raw === "" ? {} : { parsedBody: body });
  res.writeHead(response.status, Object.fromEntries(response.headers)).flushHeaders();
  const reader = response.body?.getReader();
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) res.write(chunk.value);
  res.end();
}

/** Starts one on a free port of 127.0.0.1. */
export async function startUpstream(tools: FakeTool[] = [echoTool], { announces = false } = {}): Promise<FakeUpstream> {
  const nothing = () => Promise.resolve();
  const upstream: FakeUpstream = {
    url: "",
    origin: "",
    received: [],
    tools,
    intercept: null,
    announceChange: () => handler.notify.toolsChanged(),
    subscriptions: new Set(),
    die: nothing,
    revive: nothing,
    close: nothing,
  };
  const handler = createMcpHandler(() => serverFor(upstream, announces));
  const server = createServer((req, res) => {
    respond(upstream, handler, req, res).catch((error: unknown) => {
      if (!res.headersSent) res.writeHead(500);
      res.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  upstream.origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  upstream.url = `${upstream.origin}/mcp`;
  const port = Number(new URL(upstream.origin).port);
  upstream.die = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  upstream.revive = () => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  upstream.close = async () => {
    await handler.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return upstream;
}

/** Refuses every request that lacks this header value, as a server with a key does. */
export function demandHeader(name: string, value: string, challenge?: string): NonNullable<FakeUpstream["intercept"]> {
  return (req, res) => {
    if (req.headers[name] === value) return false;
    res.writeHead(401, challenge === undefined ? {} : { "www-authenticate": challenge });
    res.end();
    return true;
  };
}
