// The staged rollout through the built product: what a member of an organization that is off gets is, byte for byte, what a member of an
// organization without connections gets: pages, machine interface, both tools.
import { afterAll, beforeAll, expect, test } from "vitest";

import { procedures } from "#server/trpc/agent-operations.ts";
import { echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { runCommandLine } from "#tests/setup/command-line.ts";
import { type Product, startProduct, temporaryFolder } from "#tests/setup/product.ts";

let product: Product;
let upstream: FakeUpstream;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let settings: Record<string, string>;
/** The member's browser, and their agent's token. */
let cookie = "";
let token = "";

const everyone = { organization: true, membershipIds: [], teamIds: [] };

beforeAll(async () => {
  folder = await temporaryFolder();
  upstream = await startUpstream([echoTool]);
  settings = {
    DATABASE_URL: `pglite:${folder.path}/db`,
    CONNECTIONS_GATING: "1",
    SECRET_KEYS: `t:${Buffer.alloc(32, 5).toString("base64")}`,
  };
  product = await startProduct(settings);
  const { link } = await product.api<{ link: string }>("invitation.create", { email: "mia@example.com" });
  const joined = await fetch(link, {
    method: "POST",
    redirect: "manual",
    headers: { origin: product.origin, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ name: "Mia", password: "correct horse battery" }),
  });
  expect(joined.status).toBe(302);
  cookie = joined.headers.get("set-cookie")?.split(";")[0] ?? "";
  const made = await call("agentToken.create", { name: "agent", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 }, "mutation");
  token = /"token":"(gth_[^"]+)"/.exec(made)?.[1] ?? "";
});
afterAll(async () => {
  await product.stop();
  await upstream.close();
  await folder.remove();
});

/** What differs between any two requests, and says nothing about connections. */
const steady = (answer: string) =>
  answer
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<request>")
    .replace(/nonce="[^"]*"|\\"nonce\\",\\"[^"]*\\"/g, "<nonce>")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replace(/\bD?\d{13}\b/g, "<time>")
    .replace(/(just now|\d+ (second|minute)s? ago)/g, "<ago>");

async function call(path: string, input: unknown, kind: "query" | "mutation"): Promise<string> {
  const query = kind === "query" && input !== undefined ? `?input=${encodeURIComponent(JSON.stringify(input))}` : "";
  const response = await fetch(`${product.origin}/api/trpc/${path}${query}`, {
    method: kind === "query" ? "GET" : "POST",
    headers: { cookie, origin: product.origin, "content-type": "application/json" },
    ...(kind === "mutation" ? { body: JSON.stringify(input ?? null) } : {}),
  });
  return `${response.status} ${await response.text()}`;
}

async function page(path: string): Promise<string> {
  const response = await fetch(`${product.origin}${path}`, { redirect: "manual", headers: { cookie } });
  return `${response.status} ${response.headers.get("location") ?? ""} ${await response.text()}`;
}

async function agent(method: string, params?: object): Promise<string> {
  const response = await fetch(`${product.origin}/mcp/agent`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, ...(params ? { params } : {}) }),
  });
  return `${response.status} ${await response.text()}`;
}

/** Everything this member can reach or try, about a connection of this id. */
async function everything(id: string): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const path of [
    "/",
    "/connections",
    `/connections?connect=${id}`,
    `/connections/${id}`,
    "/agents",
    "/settings",
    "/admin/connections",
    `/admin/connections/${id}`,
  ])
    answers[`page ${path}`] = await page(path);
  const idInputs = {
    id,
    connectionId: id,
    membershipId: "nobody",
    attemptId: "none",
    query: "echo text",
    apiKey: "k",
    version: 1,
    approve: true,
  };
  for (const [path, { type }] of procedures()) {
    // These would change who is asking.
    if (["member.leave", "organization.switch", "agentToken.create", "agentToken.revoke"].includes(path)) continue;
    if (type === "subscription") continue;
    answers[path] = await call(path, idInputs, type);
  }
  answers["tools/list"] = await agent("tools/list");
  for (const [name, given] of [
    ["search_capabilities", { query: "echo text" }],
    ["search_capabilities", { query: "echo text", connection: "Books" }],
    ["execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "hi" } }],
    ["execute_capability", { name: `mcp:${id}:*` }],
    ["execute_capability", { name: "gatehouse:connection.list" }],
    ["execute_capability", { name: "gatehouse:grant.mine" }],
  ] as const)
    answers[`${name} ${JSON.stringify(given)}`] = await agent("tools/call", { name, arguments: given });
  for (const key of Object.keys(answers)) answers[key] = steady(answers[key] ?? "");
  return answers;
}

const rollout = (position: string) => runCommandLine(["rollout", position, "--org", "acme"], settings);

test("off is byte-identical to an organization without connections, for pages, tRPC and both tools; admins stage; enabling opens it", async () => {
  // The first use of a token is noted beside it; that is not what this is about.
  await agent("tools/list");
  await expect.poll(() => call("agentToken.list", undefined, "query")).toContain('"lastClient":"node"');

  const input = { name: "Books", url: upstream.url, authType: "none", credentialMode: "shared", access: everyone };
  const { id } = await product.api<{ id: string }>("connection.create", input);
  await product.api("connection.update", { id, version: 1, requestable: true });
  const own = { ...input, name: "Own keys", authType: "api_key", credentialMode: "per_member", apiKey: "key" };
  await product.api("connection.create", own);

  // Staging: whoever manages sees and uses it.
  expect(await product.api("connection.list", { scope: "usable" }, "query")).toHaveLength(2);
  const off = await everything(id);
  expect(await rollout("dark")).toMatchObject({ code: 0 });
  expect(await product.api("connection.list", { scope: "usable" }, "query")).toEqual([]);
  expect(await product.api("connection.list", { scope: "manageable" }, "query")).toHaveLength(2);
  const dark = await everything(id);
  await rollout("enable");
  const on = await everything(id);
  expect(on["tools/list"]).toContain("Books (1)");
  expect(on[`execute_capability {"name":"mcp:${id}:echo","arguments":{"text":"hi"}}`]).toContain('"text":"hi"');

  for (const { id: removed } of await product.api<{ id: string }[]>("connection.list", { scope: "manageable" }, "query"))
    await product.api("connection.remove", { id: removed });
  const without = await everything(id);
  const differing = (answers: Record<string, string>) => Object.keys(without).filter((key) => answers[key] !== without[key]);
  expect(differing(off)).toEqual([]);
  expect(differing(dark)).toEqual([]);
  expect(differing(on).length).toBeGreaterThan(5);
});
