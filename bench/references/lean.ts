// Reference: the leanest gateway with two tools. JSON-RPC by hand, tokens in a map, one raw request to the upstream; no database, no audit, no rights.
// Arguments: the upstream's origin, the token.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

import { Pool } from "undici";

const [upstream = "", token = ""] = process.argv.slice(2);
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const tokens = new Map([[hash(token), { member: "owner" }]]);
const connections = new Map([["reference", new Pool(upstream, { connections: 128, pipelining: 1 })]]);
const tools = [
  { name: "search_capabilities", inputSchema: { type: "object", properties: { query: { type: "string" } }, required: ["query"] } },
  { name: "execute_capability", inputSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] } },
];
const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
let lastId = 0;

async function execute(capability: string, given: unknown): Promise<object> {
  const [, id = "", ...rest] = capability.split(":");
  const pool = connections.get(id);
  if (!pool) return { error: { code: -32_602, message: "Unknown capability" } };
  lastId += 1;
  const params = { name: rest.join(":"), arguments: given };
  const body = JSON.stringify({ jsonrpc: "2.0", id: lastId, method: "tools/call", params });
  const response = await pool.request({ method: "POST", path: "/mcp", headers, body });
  const { result, error }: { result?: unknown; error?: unknown } = JSON.parse(await response.body.text());
  return error === undefined ? { result } : { error };
}

async function answer(text: string): Promise<string> {
  const { id, method, params = {} } = JSON.parse(text);
  const ended =
    method === "tools/list"
      ? { result: { tools } }
      : method === "tools/call" && params.name === "execute_capability"
        ? await execute(String(params.arguments?.name), params.arguments?.arguments)
        : { error: { code: -32_601, message: "Method not found" } };
  return JSON.stringify({ jsonrpc: "2.0", id, ...ended });
}

const server = createServer((req, res) => {
  const bearer = /^Bearer (\S+)$/.exec(req.headers.authorization ?? "")?.[1] ?? "";
  if (!tokens.has(hash(bearer))) return void res.writeHead(401).end();
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () => {
    answer(Buffer.concat(chunks).toString("utf8")).then(
      (text) => res.writeHead(200, { "content-type": "application/json" }).end(text),
      () => res.writeHead(400).end(),
    );
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address ? address.port : 0}\n`);
});
