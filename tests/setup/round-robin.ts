// A plain reverse proxy as an operator has one in front of several processes: each request goes to the next of them, whoever made it (no sticky
// sessions). A process that does not take connections is passed over; what breaks off after that is told as 502, because it may have been done.
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

export interface RoundRobin {
  origin: string;
  /** Where requests go, in turn. Takes effect with the next request. */
  targets: string[];
  /** How many requests each target was given. */
  given: Map<string, number>;
  /** Sends the next request there, whoever's turn it is. */
  next: (target: string) => void;
  close: () => Promise<void>;
}

/** Starts one on a free port of 127.0.0.1, without anybody behind it yet. */
export async function startRoundRobin(): Promise<RoundRobin> {
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  const proxy: RoundRobin = {
    origin: "",
    targets: [],
    given: new Map(),
    next: (target) => (turn = Math.max(0, proxy.targets.indexOf(target))),
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  const pick = () => {
    const target = proxy.targets[turn % proxy.targets.length] ?? "";
    turn += 1;
    proxy.given.set(target, (proxy.given.get(target) ?? 0) + 1);
    return target;
  };

  function forward(req: IncomingMessage, res: ServerResponse, body: Buffer, tries: number): void {
    const forwarded = { "x-forwarded-for": req.socket.remoteAddress, "x-forwarded-host": req.headers.host, "x-forwarded-proto": "http" };
    const headers = { ...req.headers, ...forwarded, "content-length": body.byteLength };
    const onward = request(pick() + (req.url ?? "/"), { method: req.method, headers, agent }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
      answer.on("error", () => res.destroy());
    });
    onward.on("error", (error: NodeJS.ErrnoException) => {
      if (res.headersSent) return void res.destroy();
      // Nothing was sent: the connection was refused, or was one of before that ended while it waited.
      const unsent = error.code === "ECONNREFUSED" || (onward.reusedSocket && error.code === "ECONNRESET" && req.method === "GET");
      if (unsent && tries > 1) return forward(req, res, body, tries - 1);
      res.writeHead(502, { "content-type": "text/plain" }).end("Bad gateway");
    });
    res.on("close", () => {
      if (!res.writableFinished) onward.destroy();
    });
    onward.end(body);
  }

  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => forward(req, res, Buffer.concat(chunks), Math.max(1, proxy.targets.length)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  proxy.origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  return proxy;
}
