// A flood of tokens that are none: after the first hundred of an address no statement is spent on them, and those that were good go on.
import { once } from "node:events";
import { Agent, get, type IncomingMessage, request } from "node:http";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { db } from "#server/db.ts";
import { newToken } from "#server/tokens/format.ts";
import { startHost } from "#tests/setup/host.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { tokenFor } from "#tests/setup/agent.ts";

useDatabase();
vi.setConfig({ testTimeout: 60_000 });

let host: Awaited<ReturnType<typeof startHost>>;
let good: string;
let unused: string;

beforeAll(async () => {
  host = await startHost();
  const { actor } = await createMember(await createOrganization("Other"), { role: "owner" });
  good = await tokenFor(actor);
  unused = await tokenFor(actor);
});
afterAll(() => host.close());

async function list(token: string) {
  const response = await fetch(`${host.origin}/mcp/agent`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  const body: unknown = await response.json();
  return { status: response.status, headers: response.headers, body };
}

test("costs nothing of the wrong form, a hundred looks of the right one, and then one late answer each", async () => {
  expect((await list(good)).status).toBe(200);
  const asked = vi.spyOn(db, "$queryRaw");
  expect((await list("gth_too-short")).status).toBe(401);
  expect(asked).not.toHaveBeenCalled();

  const first = await Promise.all(Array.from({ length: 100 }, () => list(newToken())));
  expect(first.map(({ status }) => status)).toEqual(first.map(() => 401));
  expect(asked).toHaveBeenCalledTimes(100);
  const began = performance.now();
  const flood = await Promise.all(Array.from({ length: 50 }, () => list(newToken())));
  expect(flood.map(({ status }) => status)).toEqual(flood.map(() => 429));
  expect(flood[0]?.headers.get("retry-after")).toBe("10");
  expect(flood[0]?.headers.get("x-request-id")).toMatch(/./);
  for (const { headers, body } of flood) {
    const data = { retryable: true, retryAfterSeconds: 10, requestId: headers.get("x-request-id") };
    expect(body).toMatchObject({ error: { data } });
  }
  expect(performance.now() - began).toBeGreaterThan(900);
  expect(asked).toHaveBeenCalledTimes(100);

  // Nobody can tell a new token from a guessed one without looking; one that was good lately can be told.
  expect((await list(unused)).status).toBe(429);
  expect((await list(good)).status).toBe(200);
});

/** The same from another address, one after the other on one connection. */
async function listFrom(localAddress: string, tokens: readonly string[]): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress });
  const statuses: number[] = [];
  for (const token of tokens) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
    const asked = request(`${host.origin}/mcp/agent`, { method: "POST", headers, agent });
    asked.end(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }));
    const [response]: IncomingMessage[] = await once(asked, "response");
    response?.resume();
    await (response && once(response, "end"));
    statuses.push(response?.statusCode ?? 0);
  }
  agent.destroy();
  return statuses;
}

test("is not one token over and over: an office with an agent that does not stop lets new agents in", async () => {
  const same = newToken();
  const statuses = await listFrom("127.0.0.2", [...Array.from({ length: 300 }, () => same), unused]);
  expect(statuses).toEqual([...Array.from({ length: 300 }, () => 401), 200]);
});

test("does not hold off who reads the metrics from the same address", async () => {
  // By hand: fetch says of itself that it is a browser.
  const asked = get(`${host.origin}/metrics`, { headers: { authorization: `Bearer ${newToken()}` }, agent: false });
  const [response]: IncomingMessage[] = await once(asked, "response");
  response?.resume();
  expect(response?.statusCode).toBe(200);
});

test("is no matter of people who come without a token", async () => {
  const response = await fetch(`${host.origin}/login`);
  expect(response.status).toBe(200);
  await response.text();
});
