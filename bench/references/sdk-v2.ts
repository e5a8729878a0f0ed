// Reference: the same two tools as the official SDK (v2) builds them, a server object for each request and one client that stays connected.
// Arguments: the upstream's origin, the token.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

const [upstream = "", token = ""] = process.argv.slice(2);
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const tokens = new Map([[hash(token), { member: "owner" }]]);
const client = new Client({ name: "reference", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
await client.connect(new StreamableHTTPClientTransport(new URL(`${upstream}/mcp`)));

const searchInput = z.object({ query: z.string() });
const executeInput = z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) });

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "reference", version: "1.0.0" });
  server.registerTool("search_capabilities", { inputSchema: searchInput }, () => ({ content: [] }));
  server.registerTool("execute_capability", { inputSchema: executeInput }, ({ name, arguments: given }) =>
    client.callTool({ name: name.split(":").slice(2).join(":"), arguments: given }),
  );
  return server;
});

async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const bearer = /^Bearer (\S+)$/.exec(req.headers.authorization ?? "")?.[1] ?? "";
  if (!tokens.has(hash(bearer))) return void res.writeHead(401).end();
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) if (typeof value === "string") headers.set(name, value);
  const body = (await buffer(req)).toString("utf8");
  const response = await handler.fetch(new Request(`http://${req.headers.host}${req.url}`, { method: "POST", headers, body }));
  res.writeHead(response.status, Object.fromEntries(response.headers));
  res.end(Buffer.from(await response.arrayBuffer()));
}

const server = createServer((req, res) => {
  respond(req, res).catch((error: unknown) => res.writeHead(500).end(String(error)));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address ? address.port : 0}\n`);
});
