// Bodies at the agents' door: nothing of one is held before its sender may send it, and one that is refused leaves its connection in order.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";

import express from "express";
import { afterEach, expect, test, vi } from "vitest";

import { routeTo } from "#server/http/agent-route.ts";
import { learn } from "#server/http/facts.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { revoke } from "#server/tokens/revoke.ts";
import { tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();
const listing = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
const open: Socket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

/** A connection by hand, and what came back on it so far. */
function wire(): { socket: Socket; said: () => string } {
  const socket = connect(Number(new URL(world.origin).port), "127.0.0.1");
  let said = "";
  socket.on("data", (chunk) => (said += chunk.toString()));
  socket.on("error", () => undefined);
  open.push(socket);
  return { socket, said: () => said };
}

function head(length: number | "chunked", token: string | null, type = "application/json"): string {
  return [
    "POST /mcp/agent HTTP/1.1",
    "host: 127.0.0.1",
    `content-type: ${type}`,
    "accept: application/json, text/event-stream",
    ...(token === null ? [] : [`authorization: Bearer ${token}`]),
    length === "chunked" ? "transfer-encoding: chunked" : `content-length: ${length}`,
    "\r\n",
  ].join("\r\n");
}

test.each([
  ["a missing token", 401, null, 1_000_000],
  ["another type", 415, "good", 1_000_000],
  ["a length that is too large", 413, "good", 1_048_577],
] as const)("%s is refused before any of the body came, and the connection is closed", async (_what, status, whose, length) => {
  const token = whose && (await tokenFor(world.owner.actor));
  const { socket, said } = wire();
  const closed = once(socket, "close");
  socket.write(head(length, token, status === 415 ? "text/plain" : undefined));
  await closed;
  expect(said()).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*connection: close`, "i"));
});

test.each([
  ["401", null, undefined],
  ["415", "good", "text/plain"],
  ["413", "good", undefined],
])("a large body that is refused with %s leaves its connection to the next request", async (status, whose, type) => {
  const good = await tokenFor(world.owner.actor);
  const { socket, said } = wire();
  const body = Buffer.alloc(1_500_000, 32);
  socket.write(head(body.length, whose && good, type));
  socket.write(body);
  await vi.waitFor(() => expect(said()).toContain(`HTTP/1.1 ${status}`));
  socket.write(head(listing.length, good) + listing);
  await vi.waitFor(() => expect(said()).toContain('"tools"'));
});

test("an endless body ends with its refusal", async () => {
  const { socket, said } = wire();
  // Not by `once`: the connection may end in an error here.
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.write(head("chunked", await tokenFor(world.owner.actor)));
  const chunk = `10000\r\n${" ".repeat(65_536)}\r\n`;
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
  await closed;
  expect(said()).toMatch(/^(HTTP\/1\.1 413|$)/);
});

test("a token that is revoked while its body comes is good for nothing any more", async () => {
  const { id, token } = await createToken(world.owner.actor, { name: "agent", scopes: ["mcp:read"], expiresInDays: 1 });
  const { socket, said } = wire();
  socket.write(head(listing.length, token) + listing.slice(0, 10));
  await revoke(world.owner.actor, { id });
  socket.write(listing.slice(10));
  await vi.waitFor(() => expect(said()).toContain("HTTP/1.1 401"));
});

/** A door of its own for one answer, which is a stream. */
async function streamingDoor(pull: (controller: ReadableStreamDefaultController<Uint8Array>, res: ServerResponse) => void) {
  const app = express().set("env", "test");
  app.use((req, res, next) => {
    learn(req, res);
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => pull(controller, res) });
    return routeTo(() => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })))(req, res, next);
  });
  const server = createServer(app);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const close = async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { origin: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`, close };
}

test("an answer that fails in the middle of its stream ends its connection, and nothing else", async () => {
  const unheard: unknown[] = [];
  const note = (reason: unknown) => unheard.push(reason);
  process.on("unhandledRejection", note);
  const parts = [Buffer.from(": begun\n\n")];
  const door = await streamingDoor((controller) => {
    const part = parts.shift();
    if (part) controller.enqueue(part);
    else controller.error(new Error("broken"));
  });
  const response = await fetch(door.origin, { method: "POST", body: "x" });
  await expect(response.text()).rejects.toThrow();
  await door.close();
  process.off("unhandledRejection", note);
  expect(unheard).toEqual([]);
});

test("a long stream that waits for its reader many times leaves nothing on its answer", async () => {
  // Larger than what Node takes without a pause.
  const chunk = Buffer.alloc(1_048_576, 10);
  const chunks = 20;
  let pauses = 0;
  const listeners: number[] = [];
  const door = await streamingDoor((controller, res) => {
    if (listeners.length === 0) res.on("drain", () => (pauses += 1));
    listeners.push(res.listenerCount("close"));
    if (listeners.length <= chunks) controller.enqueue(chunk);
    else controller.close();
  });
  const response = await fetch(door.origin, { method: "POST", body: "x" });
  expect((await response.arrayBuffer()).byteLength).toBe(chunks * chunk.byteLength);
  await door.close();
  expect(pauses).toBeGreaterThan(10);
  // Beside those from before it began: the one that cancels it, and one at most while it waits.
  expect(Math.max(...listeners)).toBeLessThanOrEqual((listeners[0] ?? 0) + 2);
});
