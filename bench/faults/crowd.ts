// Crowds of agents for bench/faults, in a process of their own so that they do not hold up the load that is measured: many that connect at once,
// many with tokens that are none, many that send a byte a second.
import { randomBytes } from "node:crypto";
import { connect as connectTcp, type Socket } from "node:net";

import { Client, Pool } from "undici";

import { newToken } from "#server/tokens/format.ts";

export type CrowdOrder = { origin: string } & (
  | { crowd: "agents"; tokens: string[]; connectionId: string; index: number }
  | { crowd: "bad tokens"; ms: number; perSecond: number }
  | { crowd: "hasty"; ms: number; perSecond: number }
  | { crowd: "slow"; tokens: string[]; ms: number }
);
export interface CrowdReport {
  /** Requests or connections tried, and how many of them ended as they should. */
  tried: number;
  good: number;
  /** Ends in words, with their number. */
  ends: Record<string, number>;
  ms: number;
}

const headers = (token: string) => ({
  authorization: `Bearer ${token}`,
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
});

function counting() {
  const ends: Record<string, number> = {};
  return { ends, note: (end: string) => void (ends[end] = (ends[end] ?? 0) + 1) };
}

interface Agents {
  origin: string;
  tokens: string[];
  connectionId: string;
  index: number;
}

/** Each opens a connection of its own and does what a client of the SDK does: hello, its notification, a look for a stream, the tools; then one call. */
async function agents({ origin, tokens, connectionId, index }: Agents): Promise<CrowdReport> {
  const { ends, note } = counting();
  const began = performance.now();
  const one = async (token: string, n: number) => {
    const client = new Client(origin, { headersTimeout: 120_000, bodyTimeout: 120_000, connect: { timeout: 60_000 } });
    const send = async (what: string, expected: string, options: { method: "GET" } | { method: "POST"; body: string }) => {
      const response = await client.request({ path: "/mcp/agent", headers: headers(token), ...options });
      const said = `${response.statusCode} ${await response.body.text()}`;
      if (!said.startsWith(expected) && !(response.statusCode === 200 && said.includes(expected)))
        throw new Error(`${what}: ${said.slice(0, 100)}`);
    };
    const ask = (method: string, params: object, expected: string) =>
      send(method, expected, { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", id: n, method, params }) });
    try {
      const clientInfo = { name: "crowd", version: "1" };
      await ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo }, '"serverInfo"');
      const initialized = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
      await send("notifications/initialized", "202", { method: "POST", body: initialized });
      await send("a stream", "405", { method: "GET" });
      await ask("tools/list", {}, '"search_capabilities"');
      const call = { name: `mcp:${connectionId}:echo`, arguments: { text: `agent ${n}` } };
      await ask("tools/call", { name: "execute_capability", arguments: call }, `${index}:agent ${n}`);
      note("right");
    } catch (error) {
      note(String(error).slice(0, 160));
    } finally {
      await client.destroy();
    }
  };
  await Promise.all(tokens.map(one));
  return { tried: tokens.length, good: ends.right ?? 0, ends, ms: performance.now() - began };
}

/** Half of the right form, half of none: all have to be asked for differently. */
const badToken = (n: number) => (n % 2 === 0 ? newToken() : randomBytes(24).toString("hex"));

async function badTokens({ origin, ms, perSecond }: { origin: string; ms: number; perSecond: number }): Promise<CrowdReport> {
  const { ends, note } = counting();
  const pool = new Pool(origin, { connections: 500, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
  const open = new Set<Promise<void>>();
  const began = performance.now();
  let tried = 0;
  while (performance.now() - began < ms) {
    const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
    for (; tried < due && open.size < 500; tried += 1) {
      const sent = pool
        .request({ method: "POST", path: "/mcp/agent", headers: headers(badToken(tried)), body })
        .then(async (response) => {
          await response.body.dump();
          note(String(response.statusCode));
        })
        .catch((error: unknown) => note(String(error).slice(0, 100)))
        .finally(() => open.delete(sent));
      open.add(sent);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(open);
  await pool.destroy();
  const good = (ends["401"] ?? 0) + (ends["429"] ?? 0);
  return { tried, good, ends, ms: performance.now() - began };
}

/** Bad tokens over 200 connections, ten in a piece, without waiting for any answer; who is hung up on comes back at once. */
async function hasty({ origin, ms, perSecond }: { origin: string; ms: number; perSecond: number }): Promise<CrowdReport> {
  const { ends, note } = counting();
  const { hostname, port, host } = new URL(origin);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
  const request = (n: number) =>
    `POST /mcp/agent HTTP/1.1\r\nhost: ${host}\r\n${Object.entries(headers(badToken(n)))
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("")}content-length: ${body.length}\r\n\r\n${body}`;
  const open = (): Socket => {
    const socket = connectTcp(Number(port), hostname);
    socket.on("data", (said) => {
      for (const [, status = ""] of said.toString("latin1").matchAll(/HTTP\/1\.1 (\d{3})/g)) note(status);
    });
    return socket.on("error", () => undefined).on("close", () => note("hung up on"));
  };
  const sockets = Array.from({ length: 200 }, open);
  const began = performance.now();
  let sent = 0;
  for (let turn = 0; performance.now() - began < ms;) {
    const due = ((performance.now() - began) / 1_000) * perSecond;
    for (let tries = 0; sent < due && tries < sockets.length; tries += 1, turn += 1) {
      const at = turn % sockets.length;
      const socket = sockets[at];
      if (!socket || socket.destroyed) sockets[at] = open();
      // What nobody reads any more is no more trouble to anybody.
      else if (socket.writableLength === 0) {
        socket.write(Array.from({ length: 10 }, (_, n) => request(sent + n)).join(""));
        sent += 10;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const report = { ends: { ...ends, sent }, ms: performance.now() - began };
  for (const socket of sockets) socket.destroy();
  const { "hung up on": hungUp = 0, ...answers } = ends;
  const tried = Object.values(answers).reduce((sum, count) => sum + count, 0);
  return { ...report, tried: tried + hungUp, good: (ends["401"] ?? 0) + (ends["429"] ?? 0) + (ends["503"] ?? 0) + hungUp };
}

/** Two for each token: one drips its headers, one the body of a request with that token. Counts those that were hung up on before the end. */
async function slow({ origin, tokens, ms }: { origin: string; tokens: string[]; ms: number }): Promise<CrowdReport> {
  const { ends, note } = counting();
  const { hostname, port, host } = new URL(origin);
  const sockets: Socket[] = [];
  const head = `POST /mcp/agent HTTP/1.1\r\nhost: ${host}\r\n`;
  const drip = (beginning: string, more: string) => {
    const socket = connectTcp(Number(port), hostname);
    sockets.push(socket);
    socket.on("connect", () => socket.write(beginning));
    socket.on("error", () => undefined).on("close", () => note("hung up on"));
    const timer = setInterval(() => socket.write(more), 1_000);
    socket.on("close", () => clearInterval(timer));
  };
  for (const token of tokens) {
    const all = Object.entries(headers(token)).map(([name, value]) => `${name}: ${value}\r\n`);
    drip(head, "x-a: b\r\n");
    drip(`${head}${all.join("")}content-length: 1000\r\n\r\n`, " ");
  }
  await new Promise((resolve) => setTimeout(resolve, ms));
  const good = ends["hung up on"] ?? 0;
  for (const socket of sockets) socket.destroy();
  return { tried: sockets.length, good, ends: { "hung up on": good }, ms };
}

function workOf(order: CrowdOrder): Promise<CrowdReport> {
  switch (order.crowd) {
    case "agents":
      return agents(order);
    case "bad tokens":
      return badTokens(order);
    case "hasty":
      return hasty(order);
    case "slow":
      return slow(order);
  }
}

process.on("message", (order: CrowdOrder) => {
  const work = workOf(order);
  work.then(
    (report: CrowdReport) => process.send?.(report),
    (error: unknown) => process.send?.({ tried: 0, good: 0, ends: { [String(error)]: 1 }, ms: 0 } satisfies CrowdReport),
  );
});
process.on("disconnect", () => process.exit());
