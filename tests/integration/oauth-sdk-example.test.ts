// The OAuth example of the official v1 SDK, which nobody here wrote: authorization server on another port, issuer with a slash, no refresh token.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";

import { afterAll, beforeAll, expect, test } from "vitest";

import { db } from "#server/db.ts";
import { requireUsable } from "#server/grants/access.ts";
import { openTokens } from "#server/oauth/token-set.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { targetOf } from "#server/upstream/target.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { oauthWorld, signInAtProvider } from "#tests/setup/oauth.ts";

useDatabase();

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

let example: ChildProcess;
let url: string;
let issuer: string;

beforeAll(async () => {
  const [port, authPort] = [await freePort(), await freePort()];
  const script = path.resolve(
    import.meta.dirname,
    "../../node_modules/@modelcontextprotocol/sdk/dist/esm/examples/server/simpleStreamableHttp.js",
  );
  const env = { ...process.env, MCP_PORT: String(port), MCP_AUTH_PORT: String(authPort) };
  const child = spawn(process.execPath, [script, "--oauth"], { env, stdio: ["ignore", "pipe", "inherit"] });
  example = child;
  url = `http://localhost:${port}/mcp`;
  issuer = `http://localhost:${authPort}/`;
  // Both servers say when they listen.
  await new Promise<void>((resolve, reject) => {
    let listening = 0;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (/listening on port/i.test(line)) listening += 1;
      if (listening === 2) resolve();
    });
    child.once("exit", (code) => reject(new Error(`The example ended with ${code}.`)));
  });
});

afterAll(async () => {
  await closeAllSessions();
  if (example.exitCode === null && example.kill()) await once(example, "exit");
});

test("connects, lists and calls it", async () => {
  const { owner, member, connectionId } = await oauthWorld(url);
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  const row = await db.credential.findFirstOrThrow({ where: { connectionId } });
  expect(row).toMatchObject({ issuer, status: "active" });
  expect(openTokens(connectionId, "shared", row.sealed ?? "")).toMatchObject({ refreshToken: null, resource: url });
  const usable = await requireUsable(member, connectionId);
  const result = await callTool(
    targetOf(usable),
    { name: "greet", arguments: { name: "Mira" } },
    { caller: "somebody", signal: AbortSignal.timeout(10_000) },
  );
  expect(result.content).toEqual([{ type: "text", text: "Hello, Mira!" }]);
});
