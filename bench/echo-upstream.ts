// The upstream of the benchmark: a stateless JSON MCP server by hand, as cheap as Node makes it, so that the ratios speak of Gatehouse.
// `echo` answers at once, `echo_slow` after 50 ms.
import { createServer } from "node:http";

let calls = 0;
let requests = 0;
const slowMs = 50;

const inputSchema = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
const tools = ["echo", "echo_slow"].map((name) => ({ name, description: "Returns the text it is given.", inputSchema }));

function answer(method: string, id: unknown, params: { arguments?: { text?: string } }): object | null {
  const result = (value: object) => ({ jsonrpc: "2.0", id, result: value });
  if (method === "initialize")
    return result({ protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "echo", version: "1.0.0" } });
  if (method === "tools/list") return result({ tools });
  if (method === "tools/call") return result({ content: [{ type: "text", text: params.arguments?.text ?? "" }] });
  return method.startsWith("notifications/") ? null : { jsonrpc: "2.0", id, error: { code: -32_601, message: "Method not found" } };
}

const server = createServer((req, res) => {
  if (req.url === "/count") return void res.end(JSON.stringify({ calls, requests }));
  if (req.method !== "POST") return void res.writeHead(405).end();
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () => {
    const { method, id, params = {} } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    requests += 1;
    if (method === "tools/call") calls += 1;
    const body = answer(method, id, params);
    const send = () => {
      if (body === null) return void res.writeHead(202).end();
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (params.name === "echo_slow") setTimeout(send, slowMs);
    else send();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address ? address.port : 0}\n`);
});
