// Twenty third-party servers in one process for bench/soak: fifteen that behave, and five that misbehave in turn once they are told to.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";

export const healthy = 15;
export const unruly = 5;

const manners = [
  "hang",
  "garbage",
  "reset",
  "drip",
  "huge",
  "restart",
  "401",
  "403",
  "429",
  "500",
  "wrong id",
  "other tools",
  "fine",
] as const;
type Manner = (typeof manners)[number];
/** Each of the five is in another manner, and goes on to the next after this long. */
const turnMs = 8_000;

/** Made once: it is the product that is measured. */
const hugeBody = Buffer.alloc(6 * 1_048_576, "x");

let begun: number | null = null;
let serial = 0;

function mannerOf(index: number): Manner {
  if (index < healthy || begun === null) return "fine";
  const turn = Math.floor((Date.now() - begun) / turnMs);
  return manners[(turn + index * 3) % manners.length] ?? "fine";
}

function resultOf(index: number, manner: Manner, method: string, params: { arguments?: { text?: string } }): object | null {
  if (method === "initialize")
    return { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: `soak ${index}`, version: "1" } };
  if (method === "tools/call") return { content: [{ type: "text", text: `${index}:${params.arguments?.text ?? ""}` }] };
  if (method !== "tools/list") return null;
  serial += 1;
  const others = manner === "other tools" ? Array.from({ length: 50 }, (_, n) => ({ name: `tool_${serial}_${n}`, inputSchema: {} })) : [];
  return { tools: [{ name: "echo", description: `Echo of server ${index}`, inputSchema: { type: "object" } }, ...others] };
}

function drip(res: ServerResponse, byte: string): void {
  const timer = setInterval(() => res.write(byte), 200);
  res.on("close", () => clearInterval(timer));
}

function misbehave(manner: Manner, res: ServerResponse): boolean {
  const json = { "content-type": "application/json" };
  if (/^\d+$/.test(manner)) res.writeHead(Number(manner), manner === "429" ? { "retry-after": "1" } : {}).end();
  else if (manner === "garbage") res.writeHead(200, json).end('{"jsonrpc":"2.0","id":1,"result":{"content":[');
  else if (manner === "reset") res.destroy();
  else if (manner === "drip") drip(res.writeHead(200, { "content-type": "text/event-stream" }), ":");
  else if (manner === "huge") res.writeHead(200, json).end(hugeBody);
  else return manner === "hang";
  return true;
}

async function answer(index: number, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method !== "POST") return void res.writeHead(405).end();
  const { id, method, params = {} } = JSON.parse(await text(req));
  const manner = mannerOf(index);
  if (misbehave(manner, res)) return;
  if (id === undefined) return void res.writeHead(202).end();
  const result = resultOf(index, manner, method, params);
  const said = manner === "wrong id" ? `not ${id}` : id;
  const body = result ? { result } : { error: { code: -32_601, message: "Method not found" } };
  res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id: said, ...body }));
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

function start(index: number): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => {
    answer(index, req, res).catch(() => res.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  const port = listen(server, 0);
  if (index >= healthy) {
    let isDown = false;
    setInterval(() => {
      const wantsDown = mannerOf(index) === "restart";
      if (wantsDown === isDown) return;
      isDown = wantsDown;
      if (!wantsDown) return void port.then((known) => listen(server, known));
      server.close();
      for (const socket of sockets) socket.destroy();
    }, 500);
  }
  return port;
}

const ports = await Promise.all(Array.from({ length: healthy + unruly }, (_, index) => start(index)));
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.on("data", (chunk) => (begun = String(chunk).includes("misbehave") ? Date.now() : null));
process.stdin.on("end", () => process.exit());
