// `npm run upstreams [name ...]`: real third-party servers through the built product, each connected, listed, searched, called,
// disconnected and deleted over the interfaces that admins and agents use. Writes docs/reports/upstreams.md.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { visit } from "#tests/fakes/visitor.ts";
import { bootstrapToken, type Product, startProduct } from "#tests/setup/product.ts";

import { startServer } from "./running.ts";
import { type RealServer, servers } from "./servers.ts";

const root = path.resolve(import.meta.dirname, "../..");

interface Answer {
  content?: { type: string; text?: string }[];
  structuredContent?: { matches?: { name: string }[]; error?: string; message?: string; connections?: { state: string }[] };
  isError?: boolean;
}

interface Detail {
  tools: { name: string }[];
  server: { name: string | null; version: string | null; transport: string | null; protocolVersion: string | null };
}

interface Row {
  server: RealServer;
  ok: boolean;
  detail?: Detail;
  result: string;
  connectMs?: number;
  callMs?: number;
}

type Agent = (name: string, given: object) => Promise<Answer>;

async function agentOf(product: Product): Promise<Agent> {
  const scopes = ["mcp:read", "mcp:write"];
  const { token } = await product.api<{ token: string }>("agentToken.create", { name: "upstreams", scopes, expiresInDays: 1 });
  return async (name, given) => {
    const response = await fetch(`${product.origin}/mcp/agent`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: given } }),
    });
    const text = await response.text();
    const answer: { result?: Answer } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
    if (!answer.result) throw new Error(`/mcp/agent answered ${text.slice(0, 200)}`);
    return answer.result;
  };
}

/** Signs in at a server whose provider approves by itself. */
async function signIn(product: Product, connectionId: string): Promise<void> {
  const { authorizationUrl } = await product.api<{ authorizationUrl: string }>("oauth.begin", { connectionId });
  const callback = await visit(authorizationUrl, `${product.origin}/oauth/callback`);
  // The attempt is bound to who began it: here the token of the machine interface, in a browser its session.
  const answer = await fetch(callback, { headers: { authorization: `Bearer ${bootstrapToken}` } });
  if (!answer.ok) throw new Error(`the callback answered ${answer.status}`);
  await answer.body?.cancel();
}

function textOf({ content = [], structuredContent: { error, message = "" } = {} }: Answer): string {
  return error === undefined ? content.map(({ type, text }) => text ?? `(${type})`).join(" ") : `${error}: ${message}`;
}
const short = (text: string) => {
  const line = text.replace(/\s+/g, " ").replaceAll("|", "/").trim();
  return line.length > 110 ? `${line.slice(0, 107)}...` : line;
};

/** Everything after the connect; the connection is deleted in any case. */
async function use(
  product: Product,
  agent: Agent,
  server: RealServer,
  id: string,
  given: object,
): Promise<Omit<Row, "server" | "connectMs">> {
  const detail = await product.api<Detail>("connection.byId", { id }, "query");
  const found = await agent("search_capabilities", { query: server.query, limit: 20 });
  const name = `mcp:${id}:${server.tool}`;
  if (!found.structuredContent?.matches?.some((match) => match.name === name))
    return { ok: false, detail, result: `search did not find ${server.tool}` };
  const began = performance.now();
  const answer = await agent("execute_capability", { name, arguments: given });
  const callMs = performance.now() - began;
  const words = textOf(answer);
  // Our own errors say what they are; `provider_error` carries the server's words.
  const ours = answer.structuredContent?.error;
  const isServers = ours === undefined || (ours === "provider_error" && server.lacks !== undefined);
  const ok = isServers && server.says.test(words) && (server.lacks !== undefined || answer.isError !== true);
  const kind = server.lacks === undefined ? (answer.isError ? "error: " : "") : `its answer without ${server.lacks}: `;
  await product.api("connection.disconnect", { id });
  const after = await agent("execute_capability", { name, arguments: given });
  if (after.structuredContent?.error !== "connection_not_connected")
    return { ok: false, detail, callMs, result: `after disconnect: ${short(textOf(after))}` };
  return { ok, detail, callMs, result: `${kind}${short(words)}` };
}

async function walk(product: Product, agent: Agent, server: RealServer): Promise<Row> {
  let running: Awaited<ReturnType<typeof startServer>> | undefined;
  let id: string | undefined;
  try {
    running = await startServer(server);
    const began = performance.now();
    const access = { organization: true, membershipIds: [], teamIds: [] };
    const input = { name: server.name, url: running.url, credentialMode: "shared", access, ...server.connect };
    ({ id } = await product.api<{ id: string }>("connection.create", input));
    if (server.connect.authType === "oauth") await signIn(product, id);
    const connectMs = performance.now() - began;
    return { server, connectMs, ...(await use(product, agent, server, id, server.given(running.place))) };
  } catch (error) {
    return { server, ok: false, result: short(error instanceof Error ? error.message : String(error)) };
  } finally {
    if (id !== undefined) await product.api("connection.remove", { id });
    await running?.stop();
  }
}

function versionOf({ packages }: RealServer, detail: Detail | undefined): string {
  return packages[0] ?? `${detail?.server.name ?? ""} ${detail?.server.version ?? ""}`.trim();
}

const ms = (value: number | undefined) => (value === undefined ? "" : value.toFixed(0));

function line({ server, ok, detail, result, connectMs, callMs }: Row): string {
  const cells = [
    server.name,
    versionOf(server, detail),
    detail?.server.transport ?? "",
    detail?.server.protocolVersion ?? "",
    server.connect.authType,
    detail ? String(detail.tools.length) : "",
    detail ? String(JSON.stringify(detail.tools).length) : "",
    server.tool,
    `${ok ? "pass" : "FAIL"}: ${result}`,
    `${ms(connectMs)} / ${ms(callMs)}`,
  ];
  return `| ${cells.join(" | ")} |`;
}

const wanted = process.argv.slice(2);
const chosen = servers.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
const lines: string[] = [];
const say = (text: string) => {
  lines.push(text);
  process.stdout.write(`${text}\n`);
};
const product = await startProduct({ LOG_LEVEL: "warn" });
const rows: Row[] = [];
try {
  const agent = await agentOf(product);
  say("# Real servers\n");
  say(
    "`npm run upstreams`: servers that nobody here wrote, through the built product: started, connected over the machine interface, searched and called through `/mcp/agent`, disconnected, deleted. Where one needs a network, a key or a cluster that the machine does not have, its own error counts as its answer, and the table says what is missing.\n",
  );
  say(
    "| server | version | transport | protocol | auth | tools | bytes of the stored list | called tool | result | connect / call ms |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
  );
  for (const server of chosen) {
    const row = await walk(product, agent, server);
    rows.push(row);
    say(line(row));
  }
} finally {
  await product.stop();
}
const passed = rows.filter(({ ok }) => ok).length;
say(`\n${passed} passed, ${rows.length - passed} failed`);
if (wanted.length === 0) {
  await mkdir(path.join(root, "docs/reports"), { recursive: true });
  await writeFile(path.join(root, "docs/reports/upstreams.md"), `${lines.join("\n")}\n`);
}
process.exitCode = passed === rows.length ? 0 : 1;
