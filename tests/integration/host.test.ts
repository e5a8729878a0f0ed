// The built product over HTTP: what stands before every page and procedure, how it stops, and that secrets stay inside.
import { request as httpRequest } from "node:http";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { demandHeader, echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { bootstrapToken, callApi, type Product, startProduct, temporaryFolder } from "#tests/setup/product.ts";

const everyone = { organization: true, membershipIds: [], teamIds: [] };
const apiKey = "canary-api-key-7f3a9d";
const password = "correct horse battery";
let product: Product;
let upstream: FakeUpstream;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  upstream = await startUpstream();
  product = await startProduct({ DATABASE_URL: `pglite:${path.join(folder.path, "db")}`, LOG_LEVEL: "debug" });
});
afterAll(async () => {
  await product.stop();
  await upstream.close();
  await folder.remove();
});

/** A request by hand: fetch sets Host and Origin as it likes. */
function send(
  target: string,
  headers: Record<string, string>,
  { method = "GET", body }: { method?: string; body?: string } = {},
): Promise<{ status: number; text: string }> {
  const url = new URL(target, product.origin);
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, { method, headers }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      res.on("end", () => resolve({ status: res.statusCode ?? 0, text }));
    });
    req.on("error", reject);
    req.end(body);
  });
}

async function signIn(): Promise<string> {
  const response = await fetch(`${product.origin}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: product.origin, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ email: "owner@example.com", password }),
  });
  expect(response.status).toBe(302);
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
}

test("alive and ready", async () => {
  expect((await fetch(`${product.origin}/healthz`)).status).toBe(200);
  expect((await fetch(`${product.origin}/readyz`)).status).toBe(200);
});

test("every page has a strict policy with a nonce, and no inline script or style without it", async () => {
  const cookie = await signIn();
  const { id } = await product.api<{ id: string }>("connection.create", {
    name: "Policy",
    url: upstream.url,
    authType: "none",
    credentialMode: "shared",
    access: everyone,
  });
  const pages = [
    "/login",
    "/setup/nothing",
    "/nowhere",
    "/oauth/callback?state=x",
    "/oauth/wait",
    "/connections",
    `/connections/${id}`,
    "/agents",
    "/admin/connections",
    "/admin/connections/new",
    `/admin/connections/${id}`,
    "/admin/audit",
  ];
  for (const page of pages) {
    const response = await fetch(`${product.origin}${page}`, { headers: page === "/login" ? {} : { cookie } });
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
    expect(policy, page).toMatch(/default-src 'none'/);
    expect(policy, page).toMatch(/frame-ancestors 'none'/);
    expect(policy, page).not.toMatch(/unsafe/);
    expect(response.headers.get("x-content-type-options"), page).toBe("nosniff");
    expect(response.headers.get("referrer-policy"), page).toBeTruthy();
    expect(html, page).toContain("<html");
    for (const [tag] of html.matchAll(/<(script|style)\b[^>]*>/g))
      expect(tag.includes(`nonce="${nonce}"`) || tag.includes("src="), `${page}: ${tag}`).toBe(true);
    expect(html, page).not.toMatch(/\son[a-z]+="|\sstyle="/);
  }
  await product.api("connection.remove", { id });
});

test("each answer has a nonce of its own; consent may go on elsewhere, and only the sign-in window keeps its opener", async () => {
  const headersOf = async (page: string) => {
    const { headers } = await fetch(`${product.origin}${page}`, { redirect: "manual" });
    const policy = headers.get("content-security-policy") ?? "";
    return { nonce: /'nonce-([^']+)'/.exec(policy)?.[1], policy, opener: headers.get("cross-origin-opener-policy") };
  };
  const [first, second] = [await headersOf("/login"), await headersOf("/login")];
  expect(first.nonce).toBeTruthy();
  expect(second.nonce).not.toBe(first.nonce);
  expect(first.policy).toContain("form-action 'self'");
  expect(first.opener).toBe("same-origin-allow-popups");
  const consent = await headersOf("/consent/unknown");
  expect(consent.policy).not.toContain("form-action");
  expect(consent.opener).toBe("same-origin-allow-popups");
  const popup = await headersOf("/oauth/wait");
  expect(popup.policy).toContain("form-action 'self'");
  expect(popup.opener).toBe("unsafe-none");
});

test("another host name, another origin, an endless or large body are refused", async () => {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  expect((await send("/login", { host: "evil.example" })).status).toBe(421);
  expect((await send("/mcp/agent", { host: "evil.example", authorization: "Bearer x" }, { method: "POST", body: "{}" })).status).toBe(421);
  expect((await send("/login", { ...form, origin: "https://evil.example" }, { method: "POST", body: "email=a" })).status).toBe(403);
  expect(
    (await send("/mcp/agent", { origin: "https://evil.example", "content-type": "application/json" }, { method: "POST", body: "{}" }))
      .status,
  ).toBe(403);
  expect((await send("/login", { ...form, "sec-fetch-site": "cross-site" }, { method: "POST", body: "email=a" })).status).toBe(403);
  expect((await send("/login", { ...form, "content-length": "2000000" }, { method: "POST" })).status).toBe(413);
  expect((await send("/login", { ...form, "transfer-encoding": "chunked" }, { method: "POST", body: "email=a" })).status).toBe(411);
});

test("the machine interface: admin tokens only, closed codes, no stacks", async () => {
  const url = (procedure: string) => `${product.origin}/api/trpc/${procedure}`;
  expect((await fetch(url("connection.list"))).status).toBe(401);
  expect((await fetch(url("connection.list"), { headers: { authorization: "Bearer nonsense-nonsense-nonsense-nonsense" } })).status).toBe(
    401,
  );
  const { token } = await product.api<{ token: string }>("agentToken.create", {
    name: "agent",
    scopes: ["mcp:read", "mcp:write"],
    expiresInDays: 1,
  });
  expect((await fetch(url("connection.list"), { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
  expect(await product.api("connection.list", { scope: "manageable" }, "query")).toEqual([]);
  expect(await product.api<unknown[]>("connection.presets", undefined, "query")).toHaveLength(15);

  const wrong = await fetch(url("connection.create"), {
    method: "POST",
    headers: { authorization: `Bearer ${bootstrapToken}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "" }),
  });
  expect(wrong.status).toBe(400);
  const { error } = (await wrong.json()) satisfies { error: { data: object } };
  expect(error).toMatchObject({
    data: {
      error: "BAD_INPUT",
      issues: expect.arrayContaining([expect.objectContaining({ path: "name" }), expect.objectContaining({ path: "access" })]),
    },
  });
  expect(JSON.stringify(error)).not.toMatch(/\.ts|node_modules|stack/);
  expect((await fetch(url("nothing.here"), { headers: { authorization: `Bearer ${bootstrapToken}` } })).status).toBe(404);
});

test("the client metadata document names this product by its own address", async () => {
  const document = await (await fetch(`${product.origin}/oauth/client-metadata.json`)).json();
  expect(document).toMatchObject({
    client_id: `${product.origin}/oauth/client-metadata.json`,
    redirect_uris: [`${product.origin}/oauth/callback`],
    token_endpoint_auth_method: "none",
  });
});

test("the set-up script is text for its own address, for anybody, and for no other address", async () => {
  const response = await fetch(`${product.origin}/agents/setup.sh`);
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("set-cookie")).toBeNull();
  expect(await response.text()).toContain(`url='${product.origin}/mcp/agent'`);
  expect((await send("/agents/setup.sh", { host: "evil.example';id;'" })).status).toBe(421);
});

test("a callback that is not ours shows nothing of what it was sent", async () => {
  const response = await fetch(
    `${product.origin}/oauth/callback?state=%3Cscript%3Ealert(1)%3C/script%3E&error=access_denied&error_description=call+0900+SCAM`,
  );
  const html = await response.text();
  expect(response.status).toBe(400);
  expect(html).not.toMatch(/alert\(1\)|SCAM/);
});

test("planted secrets are in no answer, no log line and no file of the database", async () => {
  upstream.intercept = demandHeader("x-api-key", apiKey);
  const connection = {
    name: "Canary",
    url: upstream.url,
    authType: "api_key",
    credentialMode: "shared",
    apiKey,
    headerName: "X-API-Key",
    headerPrefix: "",
    access: everyone,
  };
  const { id } = await product.api<{ id: string }>("connection.create", connection);
  const { token } = await product.api<{ token: string }>("agentToken.create", {
    name: "canary",
    scopes: ["mcp:read", "mcp:write"],
    expiresInDays: 1,
  });
  const cookie = await signIn();
  const agent = async (name: string, given: object) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: given } });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
    return (await fetch(`${product.origin}/mcp/agent`, { method: "POST", headers, body })).text();
  };
  const answers = [
    JSON.stringify(await product.api("connection.byId", { id }, "query")),
    JSON.stringify(await product.api("connection.list", { scope: "manageable" }, "query")),
    JSON.stringify(await product.api("agentToken.list", undefined, "query")),
    JSON.stringify(await product.api("audit.list", { limit: 200 }, "query")),
    await agent("search_capabilities", { query: "echo" }),
    await agent("execute_capability", { name: `mcp:${id}:echo`, arguments: { text: "hello" } }),
  ];
  expect(answers[5]).toContain("hello");
  for (const page of ["/connections", "/agents", "/admin/connections", `/admin/connections/${id}`, "/admin/audit"]) {
    answers.push(await (await fetch(`${product.origin}${page}`, { headers: { cookie } })).text());
  }
  await callApi(
    product.origin,
    bootstrapToken,
    "connection.create",
    { ...connection, name: "Other", apiKey: `${apiKey}-wrong` },
    "mutation",
  ).catch((error: unknown) => answers.push(String(error)));
  upstream.intercept = null;
  const secrets = [apiKey, token, bootstrapToken, password, cookie.split("=")[1] ?? ""];
  for (const secret of secrets) {
    for (const answer of answers) expect(answer).not.toContain(secret);
    expect(product.output()).not.toContain(secret);
  }
  await product.api("connection.remove", { id });

  // The database's own files, byte for byte, write-ahead log included.
  const files = readdirSync(folder.path, { recursive: true, encoding: "utf8" }).map((name) => path.join(folder.path, name));
  for (const file of files.filter((name) => statSync(name).isFile())) {
    const bytes = readFileSync(file);
    for (const secret of secrets) expect(bytes.includes(secret), `${file} holds a secret`).toBe(false);
  }
});

test("SIGTERM: a running call finishes, new requests are turned away, the exit code is 0", async () => {
  const second = await startProduct();
  let release: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const here = new Promise<void>((resolve) => (arrived = resolve));
  upstream.tools = [
    echoTool,
    {
      name: "wait",
      run: () => {
        arrived();
        return new Promise((resolve) => (release = () => resolve({ content: [{ type: "text", text: "finished" }] })));
      },
    },
  ];
  const { id } = await second.api<{ id: string }>("connection.create", {
    name: "Slow",
    url: upstream.url,
    authType: "none",
    credentialMode: "shared",
    access: everyone,
  });
  const { token } = await second.api<{ token: string }>("agentToken.create", { name: "agent", scopes: ["mcp:write"], expiresInDays: 1 });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "execute_capability", arguments: { name: `mcp:${id}:wait` } },
  });
  const running = fetch(`${second.origin}/mcp/agent`, { method: "POST", headers, body }).then((response) => response.text());
  await here;
  const stopped = second.stop();
  await expect
    .poll(() =>
      fetch(`${second.origin}/readyz`).then(
        ({ status }) => status,
        () => 503,
      ),
    )
    .toBe(503);
  release();
  expect(await running).toContain("finished");
  expect(await stopped).toBe(0);
  upstream.tools = [echoTool];
}, 40_000);
