// Hostile clients at the authorization server: metadata documents as they should not be, redirects elsewhere, forged and foreign consent.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";

import { db } from "#server/db.ts";
import { certificate } from "#tests/fakes/certificate.ts";
import { endless, type HostileServer, redirector, serve, stalling } from "#tests/fakes/hostile-servers.ts";
import { agentAt, json, pkce } from "#tests/setup/agent-sign-in.ts";
import { Browser, redirectUri } from "#tests/setup/browser.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { startHost } from "#tests/setup/host.ts";

// The real guard; what differs is that it knows *.hostile.test, and trusts the certificate of the tests. private.hostile.test is cloud metadata.
vi.mock("#server/outbound/outbound.ts", async () => {
  const { createOutbound } = await import("#server/outbound/fetch.ts");
  const resolve = (name: string) =>
    Promise.resolve([{ address: name.startsWith("private.") ? "169.254.169.254" : "127.0.0.1", family: 4 }]);
  return { outbound: createOutbound({ allowPrivate: true, ca: certificate, resolve }) };
});

useDatabase();
let host: Awaited<ReturnType<typeof startHost>>;
let agent: ReturnType<typeof agentAt>;
let browser: Browser;
const servers: HostileServer[] = [];

beforeAll(async () => {
  host = await startHost();
  agent = agentAt(host.origin);
});
beforeEach(async () => {
  browser = new Browser(host.origin);
  await browser.signIn();
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
afterAll(() => host.close());

/** A metadata document served over https; `of` makes it, told its own address. Returns that address. */
async function documentAt(of: (url: string) => unknown, name = "agent"): Promise<string> {
  let url = "";
  const server = await serve((_req, res) => void res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(of(url))), {
    tls: true,
  });
  servers.push(server);
  url = `https://${name}.hostile.test:${server.port}/client.json`;
  return url;
}

async function hostileDocument(listener: Parameters<typeof serve>[0], name = "agent"): Promise<string> {
  const server = await serve(listener, { tls: true });
  servers.push(server);
  return `https://${name}.hostile.test:${server.port}/client.json`;
}

/** Where /authorize sends the browser, or with which status it keeps it. */
async function outcome(clientId: string, more: Record<string, string> = {}): Promise<string> {
  const response = await browser.go(agent.authorizeUrl(clientId, pkce().challenge, more));
  await response.body?.cancel();
  return response.headers.get("location") ?? String(response.status);
}

test("a metadata document over https is a client: port-less loopback redirects, any port, and its name on the page", async () => {
  const url = await documentAt((own) => ({ client_id: own, client_name: "Document agent", redirect_uris: ["http://127.0.0.1/callback"] }));
  const page = await browser.follow(agent.authorizeUrl(url, pkce().challenge), `${host.origin}/consent/`);
  const shown = await (await browser.go(page)).text();
  expect(shown).toContain("Let Document agent in?");
  expect(shown).toContain("127.0.0.1");
});

test("documents that are huge, slow, elsewhere, at closed addresses, about another client or no JSON are no clients", async () => {
  const redirects = { redirect_uris: [redirectUri] };
  const target = await documentAt((own) => ({ client_id: own, ...redirects }));
  const documents = {
    mismatched: await documentAt(() => ({ client_id: "https://other.hostile.test/client.json", ...redirects })),
    script: await documentAt((own) => ({ client_id: own, redirect_uris: ["javascript:alert(1)"] })),
    plain: await documentAt((own) => ({ client_id: own, redirect_uris: ["http://evil.example/callback"] })),
    nothing: await documentAt(() => null),
    list: await documentAt(() => []),
    secret: await documentAt((own) => ({
      client_id: own,
      client_secret: "x",
      token_endpoint_auth_method: "client_secret_basic",
      ...redirects,
    })),
    huge: await hostileDocument(endless("application/json")),
    large: await documentAt((own) => ({ client_id: own, ...redirects, padding: "x".repeat(70_000) })),
    redirected: await hostileDocument(redirector(302, () => target)),
    gone: await hostileDocument((_req, res) => void res.writeHead(404).end()),
    text: await hostileDocument((_req, res) => void res.end("{")),
    private: await documentAt((own) => ({ client_id: own, ...redirects }), "private"),
  };
  const outcomes = await Promise.all(Object.entries(documents).map(async ([name, url]) => [name, await outcome(url)] as const));
  expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(Object.keys(documents).map((name) => [name, "400"])));
});

test("a document that never ends is given up on after five seconds", { timeout: 20_000 }, async () => {
  const url = await hostileDocument(stalling("application/json", "{"));
  const began = performance.now();
  expect(await outcome(url)).toBe("400");
  expect(performance.now() - began).toBeLessThan(8_000);
  // And not asked for again at once, whoever wants it.
  expect(await outcome(url)).toBe("400");
  expect(servers.map(({ seen }) => seen.length)).toEqual([1]);
});

test("nothing redirects to an address that was not registered", async () => {
  const clientId = String((await agent.register({ redirect_uris: [redirectUri, "https://app.example/back"] })).body.client_id);
  const elsewhere = [
    "https://evil.example/callback",
    "https://app.example.evil.example/back",
    "https://app.example/back/../../evil",
    "https://app.example/back?next=//evil.example",
    "https://app.example@evil.example/back",
    "https://app.example/back#fragment",
    "//evil.example/callback",
    "http://127.0.0.1.evil.example:7777/callback",
    "http://127.0.0.1:7777@evil.example/callback",
    "http://127.0.0.1:7777/callback/../other",
    "javascript:alert(1)",
    "cursor://anysphere.cursor-mcp/oauth/callback",
  ];
  for (const address of elsewhere) {
    expect([address, await outcome(clientId, { redirect_uri: address })]).toEqual([address, "400"]);
    expect([address, await outcome(clientId, { redirect_uri: address, scope: "nonsense", prompt: "none" })]).toEqual([address, "400"]);
  }
  expect(await outcome("nobody", { redirect_uri: redirectUri })).toBe("400");
  const refused = new URL(await outcome(clientId, { response_type: "token" }));
  expect(refused.origin + refused.pathname).toBe(redirectUri);
});

test("people get a page that says what to do, programs get JSON, and neither repeats what was sent", async () => {
  const url = agent.authorizeUrl("<script>alert(1)</script>", pkce().challenge, { redirect_uri: "https://evil.example/" });
  const page = await fetch(url, { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" }, redirect: "manual" });
  const text = await page.text();
  expect([page.status, page.headers.get("content-type")]).toEqual([400, expect.stringContaining("text/html")]);
  expect(text).toContain("This agent is not known here");
  expect(text).toContain(`Reference: ${page.headers.get("x-request-id")}`);
  expect(text).not.toMatch(/<script|evil\.example/);
  expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'nonce-[\w-]+'; frame-ancestors 'none'$/);
  const program = await fetch(url, { headers: { accept: "*/*" }, redirect: "manual" });
  expect([program.status, await json(program)]).toEqual([400, expect.objectContaining({ error: "invalid_client" })]);
  const over = await fetch(`${host.origin}/authorize/unknown-interaction`, { headers: { accept: "text/html" }, redirect: "manual" });
  expect([over.status, await over.text()]).toEqual([400, expect.stringContaining("This sign-in is over")]);
});

test("consent is the browser's that began it, once, and in an organization of one's own", async () => {
  const clientId = String((await agent.register({ client_name: "Mixed up" })).body.client_id);
  const page = await browser.follow(agent.authorizeUrl(clientId, pkce().challenge), `${host.origin}/consent/`);
  const foreign = await db.organization.create({ data: { name: "Elsewhere", slug: "elsewhere" } });
  const grants = () => db.agentGrant.count({ where: { clientId } });
  const elsewhere = await browser.go(page, { organization: foreign.id, decision: "allow" });
  expect([elsewhere.status, await grants()]).toEqual([422, 0]);
  // Another person, and the same person in another browser: the page's address is not what lets them answer.
  const other = new Browser(host.origin);
  await other.signIn();
  const own = /name="organization" value="([^"]+)"/.exec(await (await browser.go(page)).text())?.[1] ?? "";
  expect((await other.go(page, { organization: own, decision: "allow" })).status).toBe(422);
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "cross-site" }]) {
    const forged = await fetch(page, {
      method: "POST",
      redirect: "manual",
      headers: new Headers(Object.entries({ cookie, ...headers })),
      body: new URLSearchParams({ organization: own, decision: "allow" }),
    });
    expect(forged.status).toBe(403);
  }
  expect(await grants()).toBe(0);
  const allowed = await browser.go(page, { organization: own, decision: "allow" });
  const back = await browser.follow(allowed.headers.get("location") ?? "", redirectUri);
  expect(back.searchParams.get("code")).toBeTruthy();
  // Replayed: the answer, and the way back.
  expect((await browser.go(page, { organization: own, decision: "allow" })).status).toBe(422);
  expect((await browser.go(allowed.headers.get("location") ?? "")).status).toBe(400);
  expect(await grants()).toBe(1);
});

test("hostile names are text, and registrations that make no sense are refused", async () => {
  const names = ['"><img src=x onerror=alert(1)>', "\u202Egnp.exe", "a".repeat(5_000), "Claude Code\n\nAllowed by your admin"];
  for (const name of names) {
    const { status, body } = await agent.register({ client_name: name });
    if (status !== 201) continue;
    const page = await browser.follow(agent.authorizeUrl(String(body.client_id), pkce().challenge), `${host.origin}/consent/`);
    const shown = await (await browser.go(page)).text();
    expect(shown).not.toContain("<img src=x");
    expect(shown).not.toContain("a".repeat(81));
  }
  const refused = [
    { redirect_uris: ["http://127.0.0.1:7777/callback", "data:text/html,x"] },
    { redirect_uris: "https://app.example/" },
    { redirect_uris: [42] },
    { client_name: "nul \u0000" },
    { jwks_uri: "not a url" },
  ];
  for (const metadata of refused) expect([metadata, (await agent.register(metadata)).status]).toEqual([metadata, 400]);
});
