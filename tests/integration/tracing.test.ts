// Traces: from the agent's context through Gatehouse to the third-party server, and to a collector that speaks the real protocol.
import { createRequire } from "node:module";

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";

import { create as createConnection } from "#server/connections/create.ts";
import { accessToken } from "#server/oauth/tokens.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { startSpan, startTracing, stopTracing } from "#server/telemetry/tracing.ts";
import { type CollectedSpan, type OtlpCollector, startCollector } from "#tests/fakes/otlp-collector.ts";
import { startSseUpstream } from "#tests/fakes/sse-upstream.ts";
import { ask, connectUpstream, everyone, legacyClient, modernClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";
import { connectedWorld } from "#tests/setup/oauth.ts";
import { targetFor } from "#tests/setup/upstream.ts";

const world = useAgentWorld();
let collector: OtlpCollector;

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const agentSpan = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${agentSpan}-01`;
const tracestate = "agent=abc";

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await stopTracing();
  await collector.close();
});

const settings = (more: Partial<Parameters<typeof startTracing>[0]> = {}) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_HEADERS: { authorization: "Basic collector-secret" },
  OTEL_SERVICE_NAME: "gate",
  OTEL_TRACES_SAMPLER_ARG: 1,
  ...more,
});

/** The attributes of a span, by name. */
function told({ attributes }: CollectedSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

function one(name: string): CollectedSpan {
  const found = collector.spans.filter((span) => span.name === name);
  expect(found, name).toHaveLength(1);
  if (!found[0]) throw new Error(`No span ${name}.`);
  return found[0];
}

const paramsOutline = z.looseObject({ _meta: z.looseObject({}).optional() });

/** What the upstream got with its last tools/call: the two fields of its headers, and all of its `_meta`. */
function received() {
  const request = world.upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call").at(-1);
  const { traceparent: parent, tracestate: state, baggage } = request?.headers ?? {};
  return { headers: { parent, state, baggage }, meta: paramsOutline.parse(request?.params)._meta };
}

function callOf(name: string, meta?: Record<string, unknown>) {
  const params = {
    name: "execute_capability",
    arguments: { name, arguments: { text: "canary argument" } },
    ...(meta ? { _meta: meta } : {}),
  };
  return { jsonrpc: "2.0", id: 1, method: "tools/call", params };
}

// First: afterwards the packages are in memory for good.
test("without an endpoint nothing is loaded and nothing sent; the agent's own context goes on unchanged, and only a valid one", async () => {
  const { id } = await connectUpstream(world);
  const token = await tokenFor(world.owner.actor);
  await startTracing(settings({ OTEL_EXPORTER_OTLP_ENDPOINT: undefined }));
  const capability = `mcp:${id}:echo`;
  const answered = await ask(world, token, callOf(capability), { headers: { traceparent, tracestate, baggage: "user=alice" } });
  expect(await answered.text()).toContain("canary argument");
  expect(received()).toMatchObject({ headers: { parent: traceparent, state: tracestate }, meta: { traceparent, tracestate } });
  expect(received().headers.baggage).toBeUndefined();
  await ask(world, token, callOf(capability, { traceparent, baggage: "user=alice" }));
  expect(received()).toMatchObject({ headers: { parent: traceparent }, meta: { traceparent } });
  expect(JSON.stringify(received())).not.toMatch(/baggage|alice/);
  for (const bad of ["nonsense", `00-${"0".repeat(32)}-${agentSpan}-01`, `${traceparent}-x`]) {
    const headers = { traceparent: bad, tracestate };
    expect(await (await ask(world, token, callOf(capability, headers), { headers })).text()).toContain("canary argument");
    expect(JSON.stringify(received())).not.toMatch(/traceparent|agent=abc/);
    expect(received().headers).toEqual({});
  }
  await ask(world, token, callOf(capability));
  expect(received().headers).toEqual({});
  expect(collector.deliveries).toEqual([]);
  const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes("@opentelemetry"));
  expect(loaded).toEqual([]);
});

test("one trace from the agent's span to the third-party server, with a span for each step and nothing in them that is not theirs", async () => {
  const { id } = await connectUpstream(world);
  const token = await tokenFor(world.owner.actor);
  await startTracing(settings());
  expect(Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes("@opentelemetry"))).toBe(true);
  const response = await ask(world, token, callOf(`mcp:${id}:echo`), { headers: { traceparent, tracestate } });
  expect(await response.text()).toContain("canary argument");
  await stopTracing();

  const inTrace = collector.spans.filter((span) => span.traceId === traceId);
  expect(inTrace.map(({ name }) => name).sort()).toEqual(
    ["POST /mcp/agent", "checks", "execute_capability", "intent", "shaping", "tools/call", "turn"].sort(),
  );
  const door = one("POST /mcp/agent");
  expect(door).toMatchObject({ parentSpanId: agentSpan, kind: 2 });
  const execution = one("execute_capability");
  expect(execution.parentSpanId).toBe(door.spanId);
  for (const name of ["checks", "intent", "turn", "tools/call", "shaping"]) expect(one(name).parentSpanId, name).toBe(execution.spanId);
  const upstream = one("tools/call");
  expect(upstream.kind).toBe(3);
  const child = `00-${traceId}-${upstream.spanId}-01`;
  expect(received()).toMatchObject({ headers: { parent: child, state: tracestate }, meta: { traceparent: child, tracestate } });

  expect(told(door)).toMatchObject({ "mcp.method.name": "tools/call", "http.response.status_code": 200 });
  expect(told(door)["gatehouse.request_id"]).toBe(response.headers.get("x-request-id") ?? told(door)["gatehouse.request_id"]);
  expect(told(execution)).toMatchObject({ "gatehouse.connection_id": id, "gen_ai.tool.name": "echo", "gatehouse.outcome": "ok" });
  const [delivery] = collector.deliveries;
  expect(delivery?.headers).toMatchObject({ authorization: "Basic collector-secret", "content-type": "application/json" });
  const text = JSON.stringify(collector.deliveries.map(({ body }) => body));
  expect(text).toContain('{"stringValue":"gate"}');
  expect(text).not.toMatch(/canary|gth_|collector-secret/);
  expect(text).not.toContain(world.upstream.origin);
});

test("a 2026-07-28 agent's context in `_meta`, a failed call, a search; a listing and a refresh have traces of their own", async () => {
  const { id } = await connectUpstream(world);
  const token = await tokenFor(world.owner.actor);
  const oauth = await connectedWorld({ endsIn: -1 });
  try {
    await startTracing(settings());
    const client = await modernClient(world, token);
    world.upstream.tools.push({
      name: "broken",
      run: () => {
        throw new Error("broken");
      },
    });
    await syncCatalog(await targetFor(id));
    const call = { name: "execute_capability", arguments: { name: `mcp:${id}:broken`, arguments: {} } };
    await client.callTool({ ...call, _meta: { traceparent } });
    await search(await legacyClient(world, token), "echo");
    await accessToken(oauth.shared);
    await stopTracing();
  } finally {
    await oauth.upstream.close();
  }
  const execution = one("execute_capability");
  expect(execution).toMatchObject({ traceId, status: { code: 2 } });
  expect(told(execution)["error.type"]).toEqual(expect.any(String));
  expect(received().meta).toMatchObject({ traceparent: `00-${traceId}-${one("tools/call").spanId}-01` });
  expect(told(one("search_capabilities"))).toMatchObject({ "gatehouse.matches": expect.anything() });
  const background = collector.spans.filter(({ name }) => ["connect", "tools/list", "token refresh"].includes(name));
  expect(new Set(background.map(({ name }) => name)).size).toBe(3);
  for (const span of background) {
    expect(span.parentSpanId ?? "").toBe("");
    expect(span.traceId).not.toBe(traceId);
  }
  expect(told(one("token refresh"))).toMatchObject({ "gatehouse.connection_id": oauth.connectionId });
});

test("an HTTP+SSE server gets the context in `_meta`", async () => {
  const sse = await startSseUpstream();
  try {
    const input = { name: "Old", url: sse.url, authType: "none", credentialMode: "shared", access: everyone } as const;
    const { id } = await createConnection(world.owner.actor, input);
    await syncCatalog(await targetFor(id));
    const answered = await ask(world, await tokenFor(world.owner.actor), callOf(`mcp:${id}:echo`), { headers: { traceparent } });
    expect(await answered.text()).toContain("canary argument");
    expect(sse.metas).toEqual([{ traceparent }]);
  } finally {
    await sse.close();
  }
});

test("the share that the operator set counts for agents that say they are recorded, too; one that says it is not is followed", async () => {
  const { id } = await connectUpstream(world);
  const token = await tokenFor(world.owner.actor);
  await startTracing(settings({ OTEL_TRACES_SAMPLER_ARG: 0 }));
  await ask(world, token, callOf(`mcp:${id}:echo`), { headers: { traceparent } });
  // The trace goes on, as one that is not recorded here.
  expect(received().meta).toMatchObject({ traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`)) });
  await stopTracing();
  await startTracing(settings());
  await ask(world, token, callOf(`mcp:${id}:echo`), { headers: { traceparent: `00-${traceId}-${agentSpan}-00` } });
  await stopTracing();
  expect(collector.spans).toEqual([]);
});

test("a collector that never answers: calls go on, what waits is bounded, and the end is not held up", async () => {
  const { id } = await connectUpstream(world);
  const token = await tokenFor(world.owner.actor);
  collector.isDead = true;
  await startTracing(settings());
  // Many more than may wait; they are dropped, not kept.
  for (let count = 0; count < 50_000; count += 1) startSpan("filler", {})?.end(null);
  await vi.waitFor(() => expect(collector.deliveries.length).toBeGreaterThan(0), 10_000);
  const answered = await ask(world, token, callOf(`mcp:${id}:echo`));
  expect(await answered.text()).toContain("canary argument");
  collector.isDead = false;
  const began = performance.now();
  await stopTracing();
  expect(performance.now() - began).toBeLessThan(6_000);
  const delivered = collector.deliveries.flatMap(({ body }) => JSON.stringify(body).match(/"name":"filler"/g) ?? []);
  expect(delivered.length).toBeLessThanOrEqual(4_096 + 512);
});
