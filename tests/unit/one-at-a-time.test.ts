// Connections that are read in small pieces: nobody gets more parsed than is answered, and whatever else Node's server does is as it was.
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import { afterEach, expect, test } from "vitest";

import { isEarly, watchTheHasty, refuseEarly } from "#server/http/one-at-a-time.ts";

let server: Server;
afterEach(() => void server.close());

async function listen(answer: RequestListener): Promise<number> {
  server = createServer((req, res) => (isEarly(res) ? refuseEarly(res) : answer(req, res)));
  watchTheHasty(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** What comes back for these bytes until the connection ends. */
function say(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

const ask = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

const statuses = (said: string) => said.match(/HTTP\/1\.1 \d+/g);

/** After this the address is known to send ahead, and what it sends is read in small pieces. */
const sendAhead = (port: number) => say(port, ask.repeat(2));

test("of many requests at once one is answered and one refused; of the next that come from there few are parsed", async () => {
  let begun = 0;
  const port = await listen((_req, res) => void res.end("answer"));
  server.prependListener("request", () => (begun += 1));
  const many = ask.repeat(2_000);
  const said = await say(port, many);
  expect(statuses(said)).toEqual(["HTTP/1.1 200", "HTTP/1.1 503"]);
  expect(said).toMatch(/x-request-id: [\w-]{36}/i);
  begun = 0;
  expect(statuses(await say(port, many))).toEqual(["HTTP/1.1 200", "HTTP/1.1 503"]);
  expect(begun).toBeLessThan(100);
});

test("a large body comes through whole, and one connection serves one request after the other", async () => {
  const port = await listen((req, res) => void req.pipe(res));
  await sendAhead(port);
  const body = Array.from({ length: 200_000 }, (_, n) => `line ${n}\n`).join("");
  const socket = connect(port, "127.0.0.1");
  for (let n = 0; n < 3; n += 1) {
    const asked = request({ method: "POST", createConnection: () => socket, headers: { connection: "keep-alive" } });
    asked.end(body);
    const [response]: IncomingMessage[] = await once(asked, "response");
    expect(response && (await text(response))).toBe(body);
  }
  socket.destroy();
});

test("what is no HTTP gets one answer and no more", async () => {
  const port = await listen((_req, res) => void res.end());
  await sendAhead(port);
  expect(statuses(await say(port, "nonsense\r\n".repeat(2_000)))).toEqual(["HTTP/1.1 400"]);
});

test("a tunnel is hung up on, and what came behind it is not read", async () => {
  let begun = 0;
  const port = await listen((_req, res) => void res.end());
  await sendAhead(port);
  server.prependListener("request", () => (begun += 1));
  expect(await say(port, `CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n${ask.repeat(200)}`)).toBe("");
  expect(begun).toBe(0);
});
