// /metrics after real calls, searches, failures and refreshes: the numbers moved as they should, and nothing in it names anybody.
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";

import express from "express";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { flushCalls } from "#server/audit/calls.ts";
import { transaction } from "#server/db.ts";
import { learn } from "#server/http/facts.ts";
import { metricsRoute } from "#server/http/metrics-route.ts";
import { metricNames, metricsText } from "#server/metric.ts";
import { accessToken } from "#server/oauth/tokens.ts";
import { projectRoot } from "#server/root.ts";
import { addProcessMetrics } from "#server/telemetry/process-metrics.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { ask, call, connectUpstream, execute, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { connectedWorld } from "#tests/setup/oauth.ts";
import { targetFor } from "#tests/setup/upstream.ts";

const world = useAgentWorld();
const settings: Parameters<typeof metricsRoute>[0] = { METRICS_TOKEN: undefined, PUBLIC_URL: undefined, TRUST_PROXY: false };
let port = 0;

addProcessMetrics();
const app = express();
app.use((req, res, next) => {
  learn(req, res);
  next();
});
app.get("/metrics", metricsRoute(settings));
const server = createServer(app);

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  port = typeof address === "object" && address ? address.port : 0;
});
afterAll(() => void server.close());

/** A request by hand: fetch puts headers of its own on every one. */
function scrape(headers: Record<string, string> = {}): Promise<{ status: number; type: string; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: "127.0.0.1", path: "/metrics", headers, agent: false }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      res.on("end", () => resolve({ status: res.statusCode ?? 0, type: res.headers["content-type"] ?? "", text }));
    });
    asked.on("error", reject).end();
  });
}

/** All samples by name and labels. */
async function samples(): Promise<Map<string, number>> {
  const { status, type, text } = await scrape();
  expect({ status, type }).toEqual({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      // The form of the format itself: a name, labels, a number.
      expect(line).toMatch(/^[a-z_0-9]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (-?[\d.e+-]+|\+Inf|NaN)$/);
      const cut = line.lastIndexOf(" ");
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
}

/** What `work` moved, as differences. */
async function moved(work: () => Promise<unknown>): Promise<(name: string) => number> {
  const before = await samples();
  await work();
  const after = await samples();
  return (name) => {
    const value = after.get(name);
    if (value === undefined) throw new Error(`There is no sample ${name}.`);
    return value - (before.get(name) ?? 0);
  };
}

const toolCalls = (tool: string, outcome: string) => `gatehouse_tool_calls_total{tool="${tool}",outcome="${outcome}"}`;
const phase = (name: string) => `gatehouse_call_phase_seconds_count{phase="${name}"}`;

test("calls, searches, failures and refused tokens are counted and timed by phase", async () => {
  const { id } = await connectUpstream(world, "Canary connection");
  const token = await tokenFor(world.owner.actor);
  const client = await legacyClient(world, token);
  const by = await moved(async () => {
    await execute(client, `mcp:${id}:echo`, { text: "canary argument" });
    await execute(client, `mcp:${id}:echo`, { text: "canary argument" });
    await execute(client, `mcp:${id}:nothing`);
    await execute(client, "gatehouse:connection.list");
    await search(client, "echo");
    await search(client, "zzzz");
    await call(client, "execute_capability", { calls: [{ name: `mcp:${id}:echo`, arguments: { text: "x" } }, { name: "echo" }] });
    world.upstream.intercept = (_req, res, body) => {
      if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/call") return false;
      res.writeHead(502).end();
      return true;
    };
    await execute(client, `mcp:${id}:echo`, { text: "canary argument" });
    await ask(world, "gth_canary", {});
    await ask(world, `${token.slice(0, -4)}0000`, {});
    await flushCalls();
  });
  expect(by(toolCalls("execute_capability", "ok"))).toBe(4);
  expect(by(toolCalls("execute_capability", "unknown_capability"))).toBe(2);
  expect(by(toolCalls("execute_capability", "connection_failed"))).toBe(1);
  expect(by(toolCalls("search_capabilities", "ok"))).toBe(2);
  expect(by('gatehouse_tool_call_seconds_count{tool="execute_capability"}')).toBe(7);
  expect(by('gatehouse_search_matches_bucket{le="0"}')).toBe(1);
  expect(by("gatehouse_search_matches_count")).toBe(2);
  expect(by(phase("checks"))).toBe(7);
  // Also what is refused has its row.
  expect(by(phase("intent"))).toBe(7);
  expect(by(phase("turn"))).toBe(4);
  expect(by(phase("upstream"))).toBe(4);
  expect(by(phase("operation"))).toBe(1);
  expect(by(phase("shaping"))).toBe(4);
  expect(by('gatehouse_agent_requests_total{status="401"}')).toBe(2);
  expect(by('gatehouse_agent_requests_total{status="2xx"}')).toBeGreaterThanOrEqual(8);
  expect(by('gatehouse_token_checks_total{result="hit"}')).toBeGreaterThan(0);
  expect(by("gatehouse_audit_batch_rows_count")).toBeGreaterThan(0);
  expect(by('gatehouse_rights_memory_total{result="hit"}')).toBeGreaterThan(0);
  expect(by("gatehouse_upstream_sessions")).toBe(1);
  expect(by('gatehouse_upstream_handshakes_total{outcome="ok"}')).toBeGreaterThan(0);
});

test("a server that fails in a row is seen as paused; listings and refreshes are counted by how they ended", async () => {
  const { id } = await connectUpstream(world);
  const client = await legacyClient(world, await tokenFor(world.owner.actor));
  const oauth = await connectedWorld({ endsIn: -1 });
  try {
    const by = await moved(async () => {
      await syncCatalog(await targetFor(id));
      world.upstream.intercept = (_req, res) => Boolean(res.writeHead(503).end());
      for (let tries = 0; tries < 6; tries += 1) await execute(client, `mcp:${id}:echo`, { text: "x" });
      await syncCatalog(await targetFor(id)).catch(() => undefined);
      await accessToken(oauth.shared);
    });
    expect(by('gatehouse_paused{why="failing"}')).toBe(1);
    expect(by('gatehouse_pauses_total{why="failing"}')).toBe(1);
    expect(by('gatehouse_catalog_listings_total{outcome="ok"}')).toBeGreaterThan(0);
    expect(by('gatehouse_catalog_listings_total{outcome="failed"}')).toBe(1);
    expect(by('gatehouse_token_refreshes_total{outcome="ok"}')).toBe(1);
  } finally {
    await oauth.upstream.close();
  }
});

test("connections to the database are counted: all, and those that are free", async () => {
  const inUse = async () => {
    const found = await samples();
    const of = (state: string) => found.get(`gatehouse_database_connections{state="${state}"}`) ?? NaN;
    // How many is not this test's: what is beside it may wait for the one connection of an embedded database.
    expect(of("waiting")).toBeGreaterThanOrEqual(0);
    return of("open") - of("idle");
  };
  await vi.waitFor(async () => expect(await inUse()).toBe(0), { interval: 20 });
  const inside = await transaction(async (tx) => {
    await tx.organization.count();
    return inUse();
  });
  expect(inside).toBe(1);
});

test("no name, id, address, argument or token of anybody is in the text", async () => {
  const { id } = await connectUpstream(world, "Canary connection");
  const token = await tokenFor(world.owner.actor);
  const client = await legacyClient(world, token);
  world.upstream.tools.push({ name: "canary_tool", run: () => ({ content: [{ type: "text", text: "canary result" }] }) });
  await syncCatalog(await targetFor(id));
  await execute(client, `mcp:${id}:canary_tool`, { text: "canary argument" });
  await search(client, "canary tool");
  const { text } = await scrape();
  const { orgId, orgName, membershipId, userId, name } = world.owner.actor;
  for (const secret of [
    token,
    id,
    world.upstream.url,
    world.upstream.origin,
    orgId,
    orgName,
    membershipId,
    userId,
    name,
    "127.0.0.1",
    "echo",
  ])
    expect(text).not.toContain(secret);
  expect(text).not.toMatch(/canary|gth_|https?:/i);
});

test("every metric is explained in docs/observability.md", () => {
  const page = readFileSync(join(projectRoot, "docs/observability.md"), "utf8");
  expect(metricNames().filter((name) => !page.includes(`\`${name}`))).toEqual([]);
  expect(metricsText()).toContain("nodejs_eventloop_lag_p99_seconds");
});

test("without a token only a program on this machine reads it, past no proxy; to others there is nothing", async () => {
  Object.assign(settings, { METRICS_TOKEN: undefined, PUBLIC_URL: undefined, TRUST_PROXY: false });
  expect((await scrape()).status).toBe(200);
  const signs: Record<string, string>[] = [
    { "x-forwarded-for": "203.0.113.7" },
    { "x-forwarded-host": "gate.example.com" },
    { forwarded: "for=203.0.113.7" },
    { via: "1.1 proxy" },
    { "x-real-ip": "127.0.0.1" },
    { "cf-connecting-ip": "203.0.113.7" },
    { host: "rebound.example.com" },
    { origin: "http://127.0.0.1" },
    { "sec-fetch-site": "none" },
  ];
  for (const headers of signs) expect((await scrape(headers)).status).toBe(404);
  // A public address says that a proxy is there, and nothing that it leaves a sign.
  settings.PUBLIC_URL = "https://gate.example.com";
  expect((await scrape()).status).toBe(404);
  settings.TRUST_PROXY = true;
  expect((await scrape()).status).toBe(200);
  settings.PUBLIC_URL = undefined;
  // By the socket, whatever a trusted proxy may say of the address.
  server.once("connection", (socket) => Object.defineProperty(socket, "remoteAddress", { value: "203.0.113.7" }));
  expect((await scrape()).status).toBe(404);
});

test("with a token everybody who has it reads it, and nobody else, from this machine or not", async () => {
  settings.METRICS_TOKEN = "a-token-of-the-operator";
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  expect((await scrape({ ...bearer("a-token-of-the-operator"), "x-forwarded-for": "203.0.113.7", host: "gate.example.com" })).status).toBe(
    200,
  );
  for (const headers of [
    {},
    bearer("a-token-of-the-operato"),
    bearer("a-token-of-the-operators"),
    { authorization: "Basic a-token-of-the-operator" },
  ]) {
    const refused = await scrape(headers);
    expect(refused.status).toBe(404);
    expect(refused.text).not.toContain("gatehouse_");
  }
  settings.METRICS_TOKEN = undefined;
});
