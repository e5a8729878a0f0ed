// The product's server as it is before it listens, and the caps on connections.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";

import { expect, test, vi } from "vitest";

import { capConnections } from "#server/http/connection-caps.ts";
import { httpServer } from "#server/http/http-server.ts";

test("who drips is hung up on, and there is an end to connections", () => {
  const { server } = httpServer(() => undefined);
  expect(server).toMatchObject({ headersTimeout: 15_000, requestTimeout: 60_000, keepAliveTimeout: 65_000, maxConnections: 10_000 });
});

test("an address that has as many connections as one may have gets no more until one of them closes; others do", async () => {
  const server = createServer((_req, res) => void res.end("answered"));
  capConnections(server, 2);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const clients: Socket[] = [];
  const ask = async (localAddress: string) => {
    const client = connect({ port, host: "127.0.0.1", localAddress });
    clients.push(client);
    let said = "";
    client.setEncoding("utf8").on("data", (text: string) => (said += text));
    client.on("error", () => undefined).write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await vi.waitFor(() => expect(said.includes("answered") || client.destroyed).toBe(true));
    return said.includes("answered");
  };
  expect([await ask("127.0.0.1"), await ask("127.0.0.1"), await ask("127.0.0.1"), await ask("127.0.0.2")]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  clients[0]?.destroy();
  await vi.waitFor(async () => expect(await ask("127.0.0.1")).toBe(true));
  for (const client of clients) client.destroy();
  server.closeAllConnections();
  server.close();
});
