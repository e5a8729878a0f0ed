// New connections are greeted at a pace, networks in turn; what they said meanwhile is not lost.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, expect, test } from "vitest";

import { greetAtPace } from "#server/http/greeting.ts";

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that answers with the body it got, and notes the addresses that asked in their order. */
async function greeted(): Promise<{ port: number; asked: string[]; at: number[] }> {
  const asked: string[] = [];
  const at: number[] = [];
  const server = createServer((req, res) => {
    asked.push(req.socket.remoteAddress ?? "");
    at.push(performance.now());
    void text(req).then((body) => res.end(body));
  });
  open.push(server);
  greetAtPace(server);
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1_024 });
  await once(server, "listening");
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : 0, asked, at };
}

function ask(port: number, body: string, localAddress = "127.0.0.1"): Socket {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  return socket;
}

test("a crowd is greeted one by one, and all are answered with what they sent", async () => {
  const { port, at } = await greeted();
  const sockets = Array.from({ length: 200 }, (_, n) => ask(port, `body ${n}.${n === 150 ? "x".repeat(200_000) : ""}`));
  const answers = await Promise.all(sockets.map((socket) => text(socket)));
  for (const [n, answer] of answers.entries()) expect(answer).toContain(`body ${n}.${n === 150 ? "xxx" : ""}`);
  expect(answers.every((answer) => answer.startsWith("HTTP/1.1 200"))).toBe(true);
  // Sixteen at once, the others with a millisecond between any two.
  const sorted = at.toSorted((a, b) => a - b);
  expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThan(180);
});

test("another network does not wait behind it", async () => {
  const { port, asked } = await greeted();
  const crowd = Array.from({ length: 300 }, () => ask(port, "crowd"));
  const other = ask(port, "other", "127.0.0.2");
  await Promise.all([...crowd, other].map((socket) => text(socket)));
  expect(asked).toHaveLength(301);
  // Its connection came last of all, when a good part of the crowd was greeted.
  expect(asked.length - asked.indexOf("127.0.0.2")).toBeGreaterThan(20);
});

test("those who leave while they wait keep nobody out", async () => {
  const { port, asked } = await greeted();
  const crowd = Array.from({ length: 100 }, () => ask(port, "crowd").on("error", () => undefined));
  await Promise.all(crowd.map((socket) => once(socket, "connect")));
  for (const socket of crowd) socket.resetAndDestroy();
  expect(await text(ask(port, "stays"))).toContain("stays");
  expect(asked.length).toBeLessThanOrEqual(101);
});
