// New connections are greeted at a pace, sites in turn; what they said meanwhile is not lost.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, Socket } from "node:net";
import { text } from "node:stream/consumers";

import { afterEach, expect, test, vi } from "vitest";

import { newcomers, strangers } from "#server/crowd.ts";
import { greetAtPace } from "#server/http/greeting.ts";

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that answers with the body it got, and notes when it was asked. */
async function greeted() {
  const at: number[] = [];
  const server = createServer((req, res) => {
    at.push(performance.now());
    void text(req).then((body) => res.end(body));
  });
  open.push(server);
  const greetAll = greetAtPace(server);
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1_024 });
  await once(server, "listening");
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : 0, at, server, greetAll };
}

function ask(port: number, body: string): Socket {
  const socket = connect({ port, host: "127.0.0.1" });
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

/** A server that nothing connects to: who comes, and when, is said by the test. `greeted` are the addresses in their order. */
function told() {
  const server = createServer();
  server.removeAllListeners("connection");
  const greeted: string[] = [];
  const sockets: Socket[] = [];
  server.on("connection", (socket: Socket) => {
    greeted.push(socket.remoteAddress ?? "");
    sockets.push(socket);
  });
  const greetAll = greetAtPace(server);
  const come = (remoteAddress: string) => {
    const socket = Object.defineProperty(new Socket(), "remoteAddress", { value: remoteAddress });
    server.emit("connection", socket);
    return socket;
  };
  return { server, greeted, sockets, come, greetAll };
}

test("another site does not wait behind it", async () => {
  const { greeted, come } = told();
  for (let n = 0; n < 300; n += 1) come("192.0.2.1");
  come("192.0.2.2");
  const atOnce = greeted.length;
  // Those who come while nobody waits.
  expect(atOnce).toBeLessThan(30);
  await vi.waitFor(() => expect(greeted).toContain("192.0.2.2"));
  // One of the crowd was first in the row.
  expect(greeted.indexOf("192.0.2.2") - atOnce).toBeLessThanOrEqual(1);
});

test("while many agents of a site wait for their turn, its connections are greeted slowly, and those of others are not", async () => {
  const crowd = "192.0.2.1";
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const { signal } = new AbortController();
  const lookedUp = Array.from({ length: 40 }, () => strangers.inTurn({ site: crowd, signal }, () => held));
  await vi.waitFor(() => expect(strangers.waiting(crowd)).toBe(36));
  const now = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(now);
  const { greeted, come } = told();
  const of = (site: string) => greeted.filter((address) => address === site).length;
  try {
    for (let n = 0; n < 40; n += 1) come(crowd);
    const atOnce = greeted.length;
    for (let n = 0; n < 20; n += 1) come("192.0.2.2");
    await vi.waitFor(() => expect(of("192.0.2.2")).toBe(20));
    // No time went by since its first.
    expect(of(crowd)).toBe(atOnce + 1);
    clock.mockReturnValue(now + 24);
    come("192.0.2.2");
    await vi.waitFor(() => expect(of("192.0.2.2")).toBe(21));
    expect(of(crowd)).toBe(atOnce + 1);
    clock.mockReturnValue(now + 25);
    await vi.waitFor(() => expect(of(crowd)).toBe(atOnce + 2));
  } finally {
    clock.mockRestore();
    goOn();
    await Promise.all(lookedUp);
  }
  await vi.waitFor(() => expect(greeted).toHaveLength(61));
});

test("those who were looked up and wait for a turn count as well", async () => {
  let waiting = 4;
  const spies = [strangers, newcomers].map((row) => vi.spyOn(row, "waiting").mockImplementation(() => waiting));
  const now = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(now);
  try {
    const { greeted, come } = told();
    for (let n = 0; n < 40; n += 1) come("192.0.2.1");
    const atOnce = greeted.length;
    come("192.0.2.2");
    await vi.waitFor(() => expect(greeted).toContain("192.0.2.2"));
    // No time went by since the first of each.
    expect(greeted).toHaveLength(atOnce + 2);
    waiting = 3;
    await vi.waitFor(() => expect(greeted).toHaveLength(41));
  } finally {
    for (const spy of [...spies, clock]) spy.mockRestore();
  }
});

test("one that comes alone from such a site waits as well, and longer where one was greeted just now", async () => {
  const spy = vi.spyOn(strangers, "waiting").mockImplementation((site) => (site === "192.0.2.1" ? 8 : 0));
  const now = performance.now();
  const clock = vi.spyOn(performance, "now").mockReturnValue(now);
  try {
    const { greeted, come } = told();
    come("192.0.2.1");
    expect(greeted).toEqual([]);
    await vi.waitFor(() => expect(greeted).toEqual(["192.0.2.1"]));
    come("192.0.2.1");
    come("192.0.2.2");
    await vi.waitFor(() => expect(greeted).toContain("192.0.2.2"));
    expect(greeted).toHaveLength(2);
    clock.mockReturnValue(now + 25);
    await vi.waitFor(() => expect(greeted).toHaveLength(3));
  } finally {
    spy.mockRestore();
    clock.mockRestore();
  }
});

test("beyond the bound the first of a site goes on for each that comes, and nobody of another for it", async () => {
  const { greeted, sockets, come } = told();
  const crowd = Array.from({ length: 2_500 }, () => come("192.0.2.1"));
  for (let n = 0; n < 40; n += 1) come("192.0.2.2");
  const before = sockets.length;
  crowd.push(...Array.from({ length: 100 }, () => come("192.0.2.1")));
  const atOnce = sockets.length;
  expect(atOnce).toBeGreaterThan(80);
  expect(sockets.map((socket) => crowd.indexOf(socket))).toEqual(Array.from({ length: atOnce }, (_, n) => n));
  expect(before).toBeLessThan(30);
  // Sites in turn all the same.
  await vi.waitFor(() => expect(greeted).toContain("192.0.2.2"));
  expect(greeted.indexOf("192.0.2.2") - atOnce).toBeLessThanOrEqual(1);
});

test("those beyond the bound do not keep those who wait from being greeted", async () => {
  const { greeted, come } = told();
  for (let n = 0; n < 2_600; n += 1) come("192.0.2.1");
  come("192.0.2.2");
  const greetedLater = greeted.length;
  let isOver = false;
  let now = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  // More often than anybody's patience, in a loop that never rests.
  const flood = () => {
    if (isOver) return;
    now += 0.5;
    come("192.0.2.3");
    setImmediate(flood);
  };
  flood();
  try {
    await vi.waitFor(() => expect(greeted.slice(greetedLater)).toContain("192.0.2.1"), { interval: 1 });
  } finally {
    isOver = true;
    clock.mockRestore();
  }
});

test("those who leave while they wait keep nobody out", async () => {
  const { port } = await greeted();
  const crowd = Array.from({ length: 100 }, () => ask(port, "crowd").on("error", () => undefined));
  await Promise.all(crowd.map((socket) => once(socket, "connect")));
  for (const socket of crowd) socket.resetAndDestroy();
  expect(await text(ask(port, "stays"))).toContain("stays");
});

test("one connection too many costs nobody a turn", async () => {
  const { server, greeted, come } = told();
  let isFull = true;
  server.on("connection", (socket: Socket) => void (isFull && socket.destroy()));
  for (let n = 0; n < 300; n += 1) come("192.0.2.1");
  const atOnce = greeted.length;
  isFull = false;
  come("192.0.2.2");
  await vi.waitFor(() => expect(greeted).toContain("192.0.2.2"));
  // Nobody of those who were hung up on while they waited.
  expect(greeted).toHaveLength(atOnce + 1);
});

test("once it is over a busy site is greeted as well, without a pause", () => {
  const spy = vi.spyOn(strangers, "waiting").mockReturnValue(8);
  try {
    const { greeted, come, greetAll } = told();
    for (let n = 0; n < 40; n += 1) come("192.0.2.1");
    expect(greeted).toHaveLength(0);
    const since = performance.now();
    greetAll();
    expect(greeted).toHaveLength(40);
    // One each 25 ms would be a second.
    expect(performance.now() - since).toBeLessThan(500);
    come("192.0.2.1");
    expect(greeted).toHaveLength(41);
  } finally {
    spy.mockRestore();
  }
});

test("once it is over all that wait are greeted, and whoever comes afterwards", async () => {
  const { port, server, greetAll } = await greeted();
  let arrived = 0;
  const all = new Promise<void>((resolve) => {
    server.on("connection", () => {
      arrived += 1;
      // Most of them wait by now.
      if (arrived === 100) resolve();
    });
  });
  const crowd = Array.from({ length: 100 }, () => connect({ port, host: "127.0.0.1" }).on("error", () => undefined));
  await all;
  greetAll();
  crowd.push(connect({ port, host: "127.0.0.1" }).on("error", () => undefined));
  await Promise.all(crowd.filter(({ connecting }) => connecting).map((socket) => once(socket, "connect")));
  await vi.waitFor(() => expect(arrived).toBe(101));
  // What http knows it can close; what it does not know would keep the server from closing.
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
  open.splice(0);
});
