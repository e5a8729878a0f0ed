// Smart add against real servers: what it reports, that it leaves nothing behind, and that it only looks.
import { createServer } from "node:http";

import { afterEach, beforeEach, expect, test } from "vitest";

import { candidatesFor } from "#server/connections/candidates.ts";
import { preflight } from "#server/connections/preflight.ts";
import { presets } from "#server/connections/presets.ts";
import { db } from "#server/db.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { demandHeader, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startOAuthUpstream } from "#tests/fakes/oauth-upstream.ts";
import { startSseUpstream } from "#tests/fakes/sse-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();

let upstream: FakeUpstream;
let owner: Person;
beforeEach(async () => {
  await resetDatabase();
  upstream = await startUpstream();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
});
afterEach(() => upstream.close());

const look = (text: string) => preflight(owner.actor, { text });

test("an open server is described by its URL, and nothing is stored or called", async () => {
  const { found, others } = await look(upstream.url);
  expect(found).toMatchObject({ url: upstream.url, auth: "none", signIn: null, problem: null });
  expect(found?.server).toMatchObject({ transport: "modern", name: "fake-upstream", version: "1.2.3", tools: 1 });
  expect(others).toEqual([]);
  expect(upstream.received.map(({ rpcMethod }) => rpcMethod)).not.toContain("tools/call");
  expect(await db.connection.count()).toBe(0);
  expect(await db.auditEvent.count()).toBe(0);
});

test("a host alone is enough: the likely addresses are tried, and what was wrong with the first ones is said", async () => {
  upstream.intercept = (req, res) => {
    if (req.url === "/sse") return false;
    res.writeHead(404).end();
    return true;
  };
  const { found, others } = await look(new URL(upstream.url).host);
  expect(found?.url).toBe(`${upstream.origin}/sse`);
  expect(others.map(({ url }) => url)).toEqual([`${upstream.origin}/mcp`, `${upstream.origin}/`]);
  expect(others[0]?.failure).toMatchObject({ phase: "http", actor: "organization_admin" });
});

test("an old HTTP+SSE server is recognized", async () => {
  const sse = await startSseUpstream();
  try {
    expect((await look(sse.url)).found?.server?.transport).toBe("sse");
  } finally {
    await sse.close();
  }
});

test("a server behind OAuth is described without registering anything there", async () => {
  const ledger = await startOAuthUpstream();
  try {
    const { found } = await look(ledger.url);
    expect(found).toMatchObject({ auth: "oauth", server: null, problem: null });
    expect(found?.signIn).toMatchObject({ issuer: ledger.issuer, registration: "dcr", refresh: "expected" });
    expect(ledger.count("Client")).toBe(0);
  } finally {
    await ledger.close();
  }
});

test("a server that refuses without saying how people sign in takes a key", async () => {
  upstream.intercept = demandHeader("x-api-key", "right-key");
  expect((await look(upstream.url)).found).toMatchObject({ auth: "api_key", signIn: null, server: null });
});

test("a server that points to metadata which is no good wants OAuth, and the problem is said", async () => {
  upstream.intercept = (req, res) => {
    const challenge = `Bearer resource_metadata="${upstream.origin}/.well-known/oauth-protected-resource"`;
    if (req.method === "POST") res.writeHead(401, { "www-authenticate": challenge }).end();
    else res.writeHead(404).end();
    return true;
  };
  const { found } = await look(upstream.url);
  expect(found).toMatchObject({ auth: "oauth", signIn: null, problem: { phase: "discovery", actor: "provider" } });
});

test("where nothing is, each address has its reason", async () => {
  const web = createServer((_req, res) => res.writeHead(200, { "content-type": "text/html" }).end("<h1>Hello</h1>"));
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const address = web.address();
  const port = typeof address === "object" && address ? address.port : 0;
  try {
    const { found, others } = await look(`http://127.0.0.1:${port}/`);
    expect(found).toBeNull();
    expect(others.map(({ failure }) => failure.seen)).toContain("A web page answered, not an MCP server.");
  } finally {
    web.close();
  }
});

test.each([
  ["an address that is never called", "http://169.254.169.254/latest", "url"],
  ["a name that does not resolve", "https://nothing.invalid/mcp", "dns"],
  ["a port nobody listens on", "http://127.0.0.1:1/mcp", "tcp"],
])("%s is told by its phase", async (_what, text, phase) => {
  const { found, others } = await look(text);
  expect(found).toBeNull();
  expect(others).toMatchObject([{ failure: { phase } }]);
});

test.each(["!!!", "http://", "two words . com"])("%j is no address", async (text) => {
  await expect(look(text)).rejects.toMatchObject({ code: "BAD_INPUT", details: { issues: [{ path: "text" }] } });
});

test("looking is limited for each person", async () => {
  const tries = Array.from({ length: 30 }, () => look("http://127.0.0.1:1/mcp"));
  await Promise.all(tries);
  await expect(look(upstream.url)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  const other = await createMember({ id: owner.actor.orgId, name: "Acme" }, { role: "admin" });
  expect((await preflight(other.actor, { text: upstream.url })).found).not.toBeNull();
});

const urls = (text: string, allowPrivate = false) => candidatesFor(text, { allowPrivate }).map(({ url }) => url);

test("a name or host of a known server leads to its preset first", () => {
  const notion = presets.find(({ id }) => id === "notion");
  for (const text of ["notion", "Notion", "mcp.notion.com", "notion.com", "www.notion.com", "https://mcp.notion.com/mcp"]) {
    expect(candidatesFor(text, { allowPrivate: false })[0]).toEqual({ url: notion?.url, presetId: "notion" });
  }
});

test("candidates are few, in the order of their likelihood, and a whole URL stays what it is", () => {
  expect(urls("example.org")).toEqual([
    "https://example.org/mcp",
    "https://example.org/",
    "https://example.org/sse",
    "https://example.org/v1/sse",
    "https://mcp.example.org/mcp",
    "https://mcp.example.org/",
    "https://mcp.example.org/sse",
    "https://mcp.example.org/v1/sse",
  ]);
  expect(urls("https://example.org/tools/mcp?team=7")).toEqual(["https://example.org/tools/mcp?team=7"]);
  expect(urls("Frobnicator Inc")[0]).toBe("https://mcp.frobnicatorinc.com/mcp");
  expect(urls("localhost:3100", true)[0]).toBe("http://localhost:3100/mcp");
  expect(urls("localhost:3100")[0]).toBe("https://localhost:3100/mcp");
  expect(urls(`${"a.".repeat(300)}com`).length).toBeLessThanOrEqual(8);
});
