// Real third-party servers that nobody here wrote: connect, search, execute, disconnect, through the product's verbs and its agent endpoint.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { asResponse } from "#server/agent/agent-request.ts";
import { handleAgentRequest } from "#server/agent/endpoint.ts";
import { beginAuthorization } from "#server/connections/begin-authorization.ts";
import { create } from "#server/connections/create.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import type { CreateInput } from "#server/connections/schema.ts";
import { db } from "#server/db.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { agentRequestOf } from "#tests/setup/agent-request.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { temporaryFolder } from "#tests/setup/product.ts";

useDatabase();

const root = path.resolve(import.meta.dirname, "../..");
const bin = (name: string) => path.join(root, "node_modules/.bin", name);
const everyone = { organization: true, membershipIds: [], teamIds: [] };
const origin = "http://127.0.0.1:3999";
const children: ChildProcess[] = [];
let owner: Person;

beforeEach(async () => {
  await resetDatabase();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
});
afterEach(async () => {
  await closeAllSessions();
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address ? address.port : 0;
}

/** Starts a server and waits until its port answers HTTP at all. */
async function start(command: string, args: string[], port: number, env: Record<string, string> = {}): Promise<void> {
  const child: ChildProcess = spawn(command, args, { stdio: ["pipe", "ignore", "ignore"], env: { ...process.env, ...env } });
  children.push(child);
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
        return fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) }).then(
          () => true,
          () => false,
        );
      },
      { timeout: 25_000, interval: 100 },
    )
    .toBe(true);
}

interface Answer {
  structuredContent?: { matches?: { name: string }[]; error?: string; connections?: { state: string }[] };
  content: { type: string; text?: string }[];
  isError?: boolean;
}

async function agent(): Promise<(name: string, given: object) => Promise<Answer>> {
  const { token } = await createToken(owner.actor, { name: "agent", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 });
  return async (name, given) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: given } });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
    const request = new Request(`${origin}/mcp/agent`, { method: "POST", headers, body });
    const answered = await handleAgentRequest(agentRequestOf(request), {
      origin,
      requestId: "r",
      running: { cancel: () => undefined, whenOver: () => undefined },
      address: "127.0.0.1",
      signal: new AbortController().signal,
    });
    const text = await asResponse(answered).text();
    const answer: { result: Answer } = JSON.parse(text.startsWith("event:") ? (/^data: (.*)$/m.exec(text)?.[1] ?? "") : text);
    return answer.result;
  };
}

/** Connect, search, execute, disconnect; returns what the execution gave. */
async function walk(
  input: Omit<CreateInput, "access" | "credentialMode">,
  query: string,
  tool: string,
  given: object,
  connect?: (id: string) => Promise<void>,
): Promise<Answer> {
  const { id } = await create(owner.actor, { credentialMode: "shared", access: everyone, ...input });
  await connect?.(id);
  const call = await agent();
  const found = await call("search_capabilities", { query });
  expect(found.structuredContent?.matches?.map(({ name }) => name)).toContain(`mcp:${id}:${tool}`);
  const result = await call("execute_capability", { name: `mcp:${id}:${tool}`, arguments: given });
  await disconnect(owner.actor, { id });
  expect((await call("search_capabilities", { query })).structuredContent).toMatchObject({
    matches: [],
    connections: [{ state: "needs_connection" }],
  });
  expect(await db.credential.count()).toBe(0);
  expect((await call("execute_capability", { name: `mcp:${id}:${tool}`, arguments: given })).structuredContent?.error).toBe(
    "connection_not_connected",
  );
  return result;
}

test("server-everything over streamable HTTP, with sessions", async () => {
  const port = await freePort();
  await start(bin("mcp-server-everything"), ["streamableHttp"], port, { PORT: String(port) });
  const result = await walk({ name: "Everything", url: `http://127.0.0.1:${port}/mcp`, authType: "none" }, "echo message back", "echo", {
    message: "hello",
  });
  expect(result.content[0]).toMatchObject({ type: "text", text: expect.stringContaining("hello") });
}, 60_000);

test("server-everything over HTTP+SSE alone", async () => {
  const port = await freePort();
  await start(bin("mcp-server-everything"), ["sse"], port, { PORT: String(port) });
  const result = await walk({ name: "Everything", url: `http://127.0.0.1:${port}/sse`, authType: "none" }, "echo message back", "echo", {
    message: "over sse",
  });
  expect(result.content[0]).toMatchObject({ type: "text", text: expect.stringContaining("over sse") });
}, 60_000);

test("notion-mcp-server with a static bearer; a wrong one creates nothing", async () => {
  const port = await freePort();
  await start(bin("notion-mcp-server"), ["--transport", "http", "--port", String(port), "--auth-token", "static-bearer"], port, {
    NOTION_TOKEN: "x",
  });
  const notion = { name: "Notion", url: `http://127.0.0.1:${port}/mcp`, authType: "api_key" } as const;
  await expect(create(owner.actor, { ...notion, apiKey: "wrong", credentialMode: "shared", access: everyone })).rejects.toMatchObject({
    code: "UPSTREAM_FAILED",
    details: { failure: { phase: "http", actor: "organization_admin" } },
  });
  expect(await db.connection.count()).toBe(0);
  // Notion itself cannot be reached from a test: what counts is that the call arrived and its answer came back untouched.
  const result = await walk({ ...notion, apiKey: "static-bearer" }, "search pages by title", "API-post-search", { query: "x" });
  expect(result.content.length).toBeGreaterThan(0);
}, 60_000);

test("filesystem behind mcp-proxy, with X-API-Key", async () => {
  const [port, folder] = [await freePort(), await temporaryFolder()];
  const documents = path.join(folder.path, "documents");
  await mkdir(documents);
  await writeFile(path.join(documents, "note.txt"), "the note's text");
  await start(
    bin("mcp-proxy"),
    ["--host", "127.0.0.1", "--port", String(port), "--apiKey", "s3cret", "--", bin("mcp-server-filesystem"), documents],
    port,
  );
  const files = {
    name: "Files",
    url: `http://127.0.0.1:${port}/mcp`,
    authType: "api_key",
    headerName: "X-API-Key",
    headerPrefix: "",
    apiKey: "s3cret",
  } as const;
  const result = await walk(files, "read a text file", "read_text_file", { path: path.join(documents, "note.txt") });
  expect(result.content[0]?.text).toContain("the note's text");
  await folder.remove();
}, 60_000);

test("the v1 SDK's OAuth example: DCR, an issuer with a trailing slash, no refresh token", async () => {
  const [port, authPort] = [await freePort(), await freePort()];
  const example = path.join(root, "node_modules/@modelcontextprotocol/sdk/dist/esm/examples/server/simpleStreamableHttp.js");
  await start(process.execPath, [example, "--oauth"], port, { MCP_PORT: String(port), MCP_AUTH_PORT: String(authPort) });
  const result = await walk(
    { name: "Example", url: `http://localhost:${port}/mcp`, authType: "oauth" },
    "simple greeting",
    "greet",
    { name: "Mira" },
    async (connectionId) => {
      const { authorizationUrl } = await beginAuthorization(owner.actor, { connectionId });
      // The example approves by itself: it answers the authorization request with the redirect back to us.
      const redirect = await fetch(authorizationUrl, { redirect: "manual" });
      const back = new URL(redirect.headers.get("location") ?? "").searchParams;
      const outcome = await finishAuthorization(owner.actor, {
        state: back.get("state"),
        code: back.get("code"),
        iss: back.get("iss"),
        error: back.get("error"),
      });
      expect(outcome).toMatchObject({ state: "connected" });
    },
  );
  expect(result.content[0]?.text).toContain("Mira");
}, 60_000);
