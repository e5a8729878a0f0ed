// An answer that nobody reads is given up with its connection; one that is read slowly, and a connection that rests, are not.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";

import { expect, test, vi } from "vitest";

import { closeStalled } from "#server/http/stalled-answers.ts";

const chunk = Buffer.alloc(65_536);

test("only a connection whose answer is not taken is closed", async () => {
  const answer = async (res: ServerResponse) => {
    for (let sent = 0; sent < 1_024 && !res.destroyed; sent += 1)
      if (!res.write(chunk)) await Promise.race([once(res, "drain"), once(res, "close")]);
    res.end();
  };
  const server = createServer((req, res) => void (req.url === "/short" ? res.end("short") : answer(res)));
  closeStalled(server, { patience: 1_500, look: 50 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const ask = async (path: string) => {
    const accepted = once(server, "connection");
    const client = connect(port, "127.0.0.1");
    client.on("error", () => undefined).write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
    const [socket]: Socket[] = await accepted;
    return { client, socket };
  };
  const resting = await ask("/short");
  const slow = await ask("/long");
  const taking = setInterval(() => slow.client.read(65_536), 20);
  const silent = await ask("/long");

  await vi.waitFor(() => expect(silent.socket?.destroyed).toBe(true), { timeout: 10_000 });
  const before = slow.client.bytesRead;
  await vi.waitFor(() => expect(slow.client.bytesRead).toBeGreaterThan(before + 2_000_000), { timeout: 5_000 });
  expect(slow.socket?.destroyed).toBe(false);
  expect(resting.socket?.destroyed).toBe(false);

  clearInterval(taking);
  for (const { client } of [resting, slow, silent]) client.destroy();
  server.closeAllConnections();
  server.close();
});

test.each([
  ["of which nothing was taken for longest", ["127.0.0.1", "127.0.0.1", "127.0.0.1"], [true, false, false]],
  ["of the address that leaves most", ["127.0.0.1", "127.0.0.2", "127.0.0.2"], [false, true, false]],
])("of answers that together are too much those go first %s", async (_which, from, closed) => {
  const server = createServer((_req, res) => void res.end(Buffer.alloc(16_777_216)));
  closeStalled(server, { patience: 600_000, look: 20, most: 40_000_000 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const sockets: Socket[] = [];
  server.on("connection", (socket: Socket) => sockets.push(socket));
  const clients: Socket[] = [];
  const port = typeof address === "object" && address ? address.port : 0;
  for (const [n, localAddress] of from.entries()) {
    const client = connect({ port, host: "127.0.0.1", localAddress });
    clients.push(client.on("error", () => undefined));
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await vi.waitFor(() => expect(sockets[n]?.writableLength).toBeGreaterThan(8_000_000));
  }
  await vi.waitFor(() => expect(sockets.map(({ destroyed }) => destroyed)).toEqual(closed));
  for (const client of clients) client.destroy();
  server.closeAllConnections();
  server.close();
});
