// Reference: the same two tools as the official SDK (v1) builds them, a server and a transport for each request and one client that stays connected.
// Arguments: the upstream's origin, the token.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

const [upstream = "", token = ""] = process.argv.slice(2);
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const tokens = new Map([[hash(token), { member: "owner" }]]);
const client = new Client({ name: "reference", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(new URL(`${upstream}/mcp`)));

function serverOfOneRequest(): McpServer {
  const server = new McpServer({ name: "reference", version: "1.0.0" });
  server.registerTool("search_capabilities", { inputSchema: { query: z.string() } }, () => ({ content: [] }));
  const executeInput = { name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) };
  server.registerTool("execute_capability", { inputSchema: executeInput }, ({ name, arguments: given }) => {
    const params = { name: name.split(":").slice(2).join(":"), arguments: given };
    return client.request({ method: "tools/call", params }, CallToolResultSchema);
  });
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
