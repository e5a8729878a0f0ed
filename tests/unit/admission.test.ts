// Thousands of new connections at once come in by turns, as many with each as the event loop keeps its pace with.
import { once } from "node:events";
import { createServer, Server } from "node:http";
import { connect, Socket } from "node:net";

import { expect, test } from "vitest";

import { admitInTurn } from "#server/http/admission.ts";

/** How many of 500 connections come in with each turn, when greeting one takes `ms` milliseconds. */
async function turnsOf(ms: number): Promise<number[]> {
  const server = new Server();
  let served = 0;
  server.removeAllListeners("connection").on("connection", () => {
    served += 1;
    for (const until = performance.now() + ms; performance.now() < until;);
  });
  admitInTurn(server);
  for (let n = 0; n < 500; n += 1) server.emit("connection", new Socket());
  expect(served).toBe(0);
  const turns: number[] = [];
  for (let before = 0; served < 500; before = served) {
    await new Promise((resolve) => setImmediate(resolve));
    turns.push(served - before);
  }
  return turns;
}

test("where each costs much, one comes in with each turn in the end", async () => {
  const turns = await turnsOf(5);
  expect(turns[0]).toBeGreaterThan(8);
  expect(Math.max(...turns.slice(7))).toBe(1);
});

test("where they cost nothing, all are in at once", async () => {
  expect((await turnsOf(0)).length).toBeLessThan(40);
});

test("who goes away before it came in is passed over, and the others are answered", async () => {
  const server = createServer((_req, res) => res.end("here"));
  admitInTurn(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const left = Array.from({ length: 50 }, () => connect(port, "127.0.0.1"));
  await Promise.all(left.map((socket) => once(socket, "connect")));
  for (const socket of left) socket.resetAndDestroy();
  const stayed = await fetch(`http://127.0.0.1:${port}`);
  expect(await stayed.text()).toBe("here");
  server.closeAllConnections();
  server.close();
});
