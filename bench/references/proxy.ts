// Reference: a bare authenticating reverse proxy, the least that Node can charge for standing between an agent and a server.
// Arguments: the upstream's origin, the token.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

import { Pool } from "undici";

const [upstream = "", token = ""] = process.argv.slice(2);
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const known = new Set([hash(token)]);
const pool = new Pool(upstream, { connections: 128, pipelining: 1 });

const server = createServer((req, res) => {
  const bearer = /^Bearer (\S+)$/.exec(req.headers.authorization ?? "")?.[1] ?? "";
  if (!known.has(hash(bearer))) return void res.writeHead(401).end();
  const headers = { "content-type": req.headers["content-type"] ?? "", accept: req.headers.accept ?? "" };
  pool
    .request({ method: "POST", path: "/mcp", headers, body: req })
    .then(({ statusCode, headers: given, body }) => {
      res.writeHead(statusCode, { "content-type": given["content-type"] ?? "application/json" });
      body.pipe(res);
    })
    .catch(() => res.writeHead(502).end());
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address ? address.port : 0}\n`);
});
