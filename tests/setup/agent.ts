// An agent before the product's door: the endpoint behind a real HTTP server, a real upstream, and MCP clients of both generations.
import { createServer, type Server } from "node:http";

import {
  Client as ModernClient,
  type ClientCapabilities,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import express from "express";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { z } from "zod";

import { flushCalls } from "#server/audit/calls.ts";
import type { Actor } from "#server/auth/actor.ts";
import { create as createConnection } from "#server/connections/create.ts";
import { agentRoute } from "#server/http/agent-route.ts";
import { learn } from "#server/http/facts.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

export const everyone = { organization: true, membershipIds: [], teamIds: [] };

const foundOutline = z.object({
  matches: z.array(z.looseObject({ name: z.string(), schemaDigest: z.string(), signature: z.string() })),
  connections: z.array(z.looseObject({ id: z.string(), name: z.string(), state: z.string() })),
  unmatchedTerms: z.array(z.string()).optional(),
  hint: z.string().optional(),
  complete: z.boolean(),
  asOf: z.string(),
});

/** What the hooks of `useAgentWorld` set up anew for each test. */
export interface AgentWorld {
  origin: string;
  upstream: FakeUpstream;
  /** The owner of the organization Acme, whose upstream it is. */
  owner: Person;
}

const open: { close: () => Promise<void> }[] = [];

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`);
    });
  });
}

/** Opens the database and the door for a file's tests; before each of them the world is new. Call it once, at the top of the file. */
export function useAgentWorld(): AgentWorld {
  useDatabase();
  const world: Partial<AgentWorld> = {};
  const app = express();
  app.use((req, res, next) => {
    learn(req, res);
    next();
  }, agentRoute);
  const server = createServer(app);
  beforeAll(async () => {
    world.origin = await listen(server);
  });
  afterAll(async () => {
    await flushCalls();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(async () => {
    await resetDatabase();
    world.upstream = await startUpstream();
    world.owner = await createMember(await createOrganization("Acme"), { role: "owner" });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()));
    // The server first: a handshake that hangs on it ends then.
    await world.upstream?.close();
    await closeAllSessions();
  });
  const known = <Key extends keyof AgentWorld>(key: Key) => {
    const value = world[key];
    if (value === undefined) throw new Error(`The world has no ${key} before its hooks ran.`);
    return value;
  };
  return {
    get origin() {
      return known("origin");
    },
    get upstream() {
      return known("upstream");
    },
    get owner() {
      return known("owner");
    },
  };
}

/** Connects the world's upstream for everyone in the organization. */
export function connectUpstream(world: AgentWorld, name = "Echo server") {
  const { url } = world.upstream;
  return createConnection(world.owner.actor, { name, url, authType: "none", credentialMode: "shared", access: everyone });
}

export async function tokenFor(actor: Actor, scopes: ("mcp:read" | "mcp:write")[] = ["mcp:read", "mcp:write"]): Promise<string> {
  return (await createToken(actor, { name: "agent", scopes, expiresInDays: 1 })).token;
}

const door = (world: AgentWorld) => new URL(`${world.origin}/mcp/agent`);

/** One HTTP request by hand. */
export function ask(world: AgentWorld, token: string | null, body: unknown, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers({ "content-type": "application/json", accept: "application/json, text/event-stream", ...init.headers });
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  return fetch(door(world), { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), ...init, headers });
}

/** A client of the generation before 2026-07-28 (the v1 SDK), closed after the test. */
export async function legacyClient(world: AgentWorld, token: string): Promise<Client> {
  const client = new Client({ name: "peer", version: "1.0.0" });
  open.push(client);
  await client.connect(new StreamableHTTPClientTransport(door(world), { requestInit: { headers: { authorization: `Bearer ${token}` } } }));
  return client;
}

/** A client of 2026-07-28 (the v2 SDK), closed after the test. */
export async function modernClient(world: AgentWorld, token: string, capabilities: ClientCapabilities = {}): Promise<ModernClient> {
  const client = new ModernClient({ name: "peer", version: "1.0.0" }, { capabilities, versionNegotiation: { mode: "auto" } });
  open.push(client);
  await client.connect(new ModernTransport(door(world), { requestInit: { headers: { authorization: `Bearer ${token}` } } }));
  return client;
}

export function call(client: Client, name: string, given: Record<string, unknown>) {
  return client.request({ method: "tools/call", params: { name, arguments: given } }, CallToolResultSchema);
}

export function execute(client: Client, name: string, given: Record<string, unknown> = {}) {
  return call(client, "execute_capability", { name, arguments: given });
}

export async function search(
  client: Client,
  query: string | string[],
  more: Record<string, unknown> = {},
): Promise<z.output<typeof foundOutline>> {
  const result = await call(client, "search_capabilities", { query, ...more });
  const [block] = result.content;
  // The text and the structured content are the same object.
  expect(block?.type === "text" && JSON.parse(block.text)).toEqual(result.structuredContent);
  return foundOutline.parse(result.structuredContent);
}
