// Reference: the same two tools as the official SDK (v1) builds them, a server and a transport for each request. Arguments: the upstream's origin, the
// token, and how: "plain" with one client that stays connected; "shared" as well, with one JSON Schema validator for all requests; "raw" with that and
// without the SDK's client; "anew" with a client for each call that connects, lists and calls.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { type CallToolResult, CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import { Pool } from "undici";
import { z } from "zod";

const [upstream = "", token = "", way = "plain"] = process.argv.slice(2);
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const tokens = new Map([[hash(token), { member: "owner" }]]);
const shared = way === "shared" || way === "raw" ? { jsonSchemaValidator: new AjvJsonSchemaValidator() } : {};

interface Call {
  name: string;
  arguments: Record<string, unknown>;
}

async function connected(): Promise<Client> {
  const client = new Client({ name: "reference", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${upstream}/mcp`)));
  return client;
}

async function withClient(): Promise<(params: Call) => Promise<CallToolResult>> {
  const client = await connected();
  return (params) => client.request({ method: "tools/call", params }, CallToolResultSchema);
}

function withoutClient(): (params: Call) => Promise<CallToolResult> {
  const pool = new Pool(upstream, { connections: 128, pipelining: 1 });
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  let lastId = 0;
  return async (params) => {
    lastId += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id: lastId, method: "tools/call", params });
    const response = await pool.request({ method: "POST", path: "/mcp", headers, body });
    const { result }: { result: CallToolResult } = JSON.parse(await response.body.text());
    return result;
  };
}

async function anew(params: Call): Promise<CallToolResult> {
  const client = await connected();
  try {
    const { tools } = await client.listTools();
    if (!tools.some(({ name }) => name === params.name)) throw new Error(`There is no tool ${params.name}.`);
    return await client.request({ method: "tools/call", params }, CallToolResultSchema);
  } finally {
    await client.close();
  }
}

const call = way === "anew" ? anew : way === "raw" ? withoutClient() : await withClient();

function serverOfOneRequest(): McpServer {
  const server = new McpServer({ name: "reference", version: "1.0.0" }, shared);
  server.registerTool("search_capabilities", { inputSchema: { query: z.string() } }, () => ({ content: [] }));
  const executeInput = { name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) };
  server.registerTool("execute_capability", { inputSchema: executeInput }, ({ name, arguments: given }) =>
    call({ name: name.split(":").slice(2).join(":"), arguments: given }),
  );
  return server;
}

async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const bearer = /^Bearer (\S+)$/.exec(req.headers.authorization ?? "")?.[1] ?? "";
  if (!tokens.has(hash(bearer))) return void res.writeHead(401).end();
  const server = serverOfOneRequest();
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  res.on("close", () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(req, res);
}

const server = createServer((req, res) => {
  respond(req, res).catch((error: unknown) => res.writeHead(500).end(String(error)));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address ? address.port : 0}\n`);
});
