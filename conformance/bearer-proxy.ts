// The official suite cannot send a token: this loopback proxy adds one, and leaves everything else as the suite sent it.
import { once } from "node:events";
import { createServer, request } from "node:http";

/** Listens on a free port of 127.0.0.1 in front of `origin`; `Host` and `Origin` name that one where they named the proxy. */
export async function startBearerProxy(origin: string, token: string): Promise<{ origin: string; close: () => void }> {
  const target = new URL(origin);
  const server = createServer((req, res) => {
    const own = `:${req.socket.localPort}`;
    const onTarget = (value = "") => (value.endsWith(own) ? value.slice(0, -own.length) + `:${target.port}` : value);
    const headers = { ...req.headers, host: onTarget(req.headers.host), authorization: `Bearer ${token}` };
    if (req.headers.origin !== undefined) Object.assign(headers, { origin: onTarget(req.headers.origin) });
    const onward = request({ host: target.hostname, port: target.port, method: req.method, path: req.url, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on("error", (error) => {
      if (!res.headersSent) res.statusCode = 502;
      res.end(String(error));
    });
    req.pipe(onward);
    res.on("close", () => onward.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://localhost:${port}`, close };
}
