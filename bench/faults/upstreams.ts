// The third-party servers of bench/faults: in one process five that behave, in another ("unruly") one that does as it is told, so that it takes nothing
// from them but the processor. They keep a ledger of the calls that reached them. Told and asked over the channel of the parent process.
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";

import { healthyServers, type Manner, type Order, type Report } from "./manners.ts";

const hugeBody = Buffer.alloc(10 * 1_048_576, "x");
/** With the text of a call before it 3.9 MB of JSON: just under what is read of an answer. Each line has an id that nothing shortens. */
const largeText = Array.from({ length: 39_000 }, () => `\n${randomUUID()} a line of a long list`.padEnd(99, ".")).join("");
const eventCount = 100_000;
/** Lines of a field that does not exist. */
const idleLines = "x\n".repeat(262_144);

let manner: Manner = "fine";
let executed: string[] = [];
let abandoned = 0;

interface Asked {
  id?: unknown;
  method?: string;
  params?: { name?: string; arguments?: { text?: string }; _meta?: { progressToken?: unknown } };
}

/** The one that misbehaves is the last. */
const mannerOf = (index: number): Manner => (index === healthyServers ? manner : "fine");

const toolOf = (index: number) => (mannerOf(index) === "other tools" ? "speak" : "echo");

function textOf(index: number, { params }: Asked): string {
  const text = `${index}:${params?.arguments?.text ?? ""}`;
  return mannerOf(index) === "large" ? `${text}${largeText}` : text;
}

function resultOf(index: number, asked: Asked): object | null {
  const { method } = asked;
  if (method === "initialize")
    return { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: `faults ${index}`, version: "1" } };
  if (method === "tools/call") return { content: [{ type: "text", text: textOf(index, asked) }] };
  if (method === "tools/list")
    return { tools: [{ name: toolOf(index), description: `Echo of server ${index}`, inputSchema: { type: "object" } }] };
  return null;
}

/** 100,000 progress events, as fast as they are read, and then the result. */
function streamEvents(res: ServerResponse, { id, params }: Asked, answer: string): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  const progressToken = params?._meta?.progressToken ?? id;
  let sent = 0;
  const more = () => {
    while (!res.destroyed && sent < eventCount) {
      sent += 1;
      const event = JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress: sent } });
      if (!res.write(`event: message\ndata: ${event}\n\n`)) return void res.once("drain", more);
    }
    res.end(`event: message\ndata: ${answer}\n\n`);
  };
  more();
}

function misbehave(res: ServerResponse, asked: Asked, answer: string): boolean {
  const json = { "content-type": "application/json" };
  if (manner === "hang") return true;
  if (manner === "drip") {
    let at = 0;
    res.writeHead(200, json);
    const timer = setInterval(() => res.write(answer[at++] ?? " "), 1_000);
    res.on("close", () => clearInterval(timer));
  } else if (manner === "reset") res.destroy();
  else if (manner === "garbage") res.writeHead(200, json).end('{"jsonrpc":"2.0","id":1,"result":{"content":[');
  else if (manner === "huge") res.writeHead(200, json).end(hugeBody);
  else if (manner === "events" && asked.method === "tools/call") streamEvents(res, asked, answer);
  else if (manner === "lines" && asked.method === "tools/call")
    res.writeHead(200, { "content-type": "text/event-stream" }).end(`${idleLines}data: ${answer}\n\n`);
  else return false;
  return true;
}

async function respond(index: number, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method !== "POST") return void res.writeHead(405).end();
  const asked: Asked = JSON.parse(await text(req));
  const { id, method, params } = asked;
  res.on("close", () => (abandoned += res.writableFinished ? 0 : 1));
  if (method === "tools/call") executed.push(`${index}:${params?.arguments?.text ?? ""}`);
  const result = resultOf(index, asked);
  const unknown = method === "tools/call" && params?.name !== toolOf(index);
  const body = result && !unknown ? { result } : { error: { code: -32_602, message: "Unknown tool" } };
  const answer = JSON.stringify({ jsonrpc: "2.0", id, ...body });
  if (index === healthyServers && misbehave(res, asked, answer)) return;
  if (id === undefined) return void res.writeHead(202).end();
  res.writeHead(200, { "content-type": "application/json" }).end(answer);
}

/** Starts one; the returned function shuts it, with what is under way, or opens it again on its port. */
async function start(index: number): Promise<{ port: number; open: (wanted: boolean) => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => {
    respond(index, req, res).catch(() => res.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const open = (wanted: boolean) => {
    if (wanted === server.listening) return;
    if (wanted) return void server.listen(port, "127.0.0.1");
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, open };
}

const say = (report: Report) => void process.send?.(report);
const indexes = process.argv[2] === "unruly" ? [healthyServers] : Array.from({ length: healthyServers }, (_, index) => index);
const servers = await Promise.all(indexes.map(start));
process.on("message", (order: Order) => {
  if ("ask" in order) {
    say({ executed, abandoned });
    [executed, abandoned] = [[], 0];
    return;
  }
  // Who comes back with other tools was away in between.
  const [unruly] = servers;
  if (order.manner === "other tools") unruly?.open(false);
  manner = order.manner;
  unruly?.open(manner !== "dead");
});
process.on("disconnect", () => process.exit());
say({ ports: servers.map(({ port }) => port) });
