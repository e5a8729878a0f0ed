// Third-party servers as they should not be: they redirect in circles, never answer, never end, lie about their address.
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";

import type { ResolvedAddress } from "#server/outbound/fetch.ts";

import { certificate, privateKey } from "./certificate.ts";

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface HostileServer {
  port: number;
  origin: string;
  /** Connections made to it so far. */
  connections: () => number;
  /** Requests it got so far, in order. */
  seen: SeenRequest[];
  close: () => Promise<void>;
}

async function listening(server: Server, scheme: string, seen: SeenRequest[]): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port.");
  return {
    port: address.port,
    origin: `${scheme}://127.0.0.1:${address.port}`,
    connections: () => connections,
    seen,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** An HTTP server on loopback; over TLS it is `*.hostile.test`. It notes each request with its body before it hands it on. */
export function serve(listener: RequestListener, { tls = false } = {}): Promise<HostileServer> {
  const seen: SeenRequest[] = [];
  const noting: RequestListener = (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      listener(request, response);
    });
  };
  const server = tls ? createTlsServer({ cert: certificate, key: privateKey }, noting) : createServer(noting);
  return listening(server, tls ? "https" : "http", seen);
}

/** A TCP server that says `bytes` to whoever sends something, and hangs up; without bytes it only hangs up. */
export function serveBytes(bytes: string): Promise<HostileServer> {
  return serveSockets((socket) => void (bytes === "" ? socket.destroy() : socket.end(bytes, "latin1")));
}

/** Leaves each connection to `answer` once something was asked on it. */
export function serveSockets(answer: (socket: Socket) => void): Promise<HostileServer> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => answer(socket));
  });
  return listening(server, "http", []);
}

/** Answers every request with a redirect to what `location` says of it. */
export function redirector(status: number, location: (request: IncomingMessage) => string): RequestListener {
  return (request, response) => response.writeHead(status, { location: location(request) }).end();
}

/** Sends as much as is taken, for ever. */
export function endless(contentType: string): RequestListener {
  return (_request, response: ServerResponse) => {
    response.writeHead(200, { "content-type": contentType });
    const chunk = Buffer.alloc(65_536, "x");
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more);
    more();
  };
}

/** `mebibytes` of zeros in a thousandth of the size. */
export function gzipBomb(mebibytes: number): RequestListener {
  // A gzip file may be several, one behind the other.
  const member = gzipSync(Buffer.alloc(1_048_576));
  const bomb = Buffer.concat(new Array<Buffer>(mebibytes).fill(member));
  return (_request, response) => response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb);
}

/** Sends its headers and the beginning of a body, and then nothing. */
export function stalling(contentType: string, beginning: string): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { "content-type": contentType });
    response.write(beginning);
  };
}

/** A name server that changes its mind: the n-th question gets the n-th answer, the last one stays. */
export function rebinding(...answers: string[][]): { resolve: (hostname: string) => Promise<ResolvedAddress[]>; asked: () => number } {
  let asked = 0;
  const resolve = (): Promise<ResolvedAddress[]> => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    return Promise.resolve(answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
  };
  return { resolve, asked: () => asked };
}
