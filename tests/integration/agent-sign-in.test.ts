// Agents sign in by URL, through the built product over HTTP: discovery, registration, consent, tokens, and the ways it ends.
import { createHash, randomBytes } from "node:crypto";

import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Product, startProduct } from "#tests/setup/product.ts";

const redirectUri = "http://127.0.0.1:7777/callback";
let product: Product;

beforeAll(async () => {
  product = await startProduct();
});
afterAll(() => product.stop());

/** A browser: cookies, and no following of redirects by itself. */
class Browser {
  readonly cookies = new Map<string, string>();

  async go(address: string | URL, form?: Record<string, string>): Promise<Response> {
    const url = new URL(address, product.origin);
    const response = await fetch(url, {
      redirect: "manual",
      method: form ? "POST" : "GET",
      headers: {
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form ? { origin: product.origin, "content-type": "application/x-www-form-urlencoded" } : {}),
      },
      ...(form ? { body: new URLSearchParams(form) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async signIn(email = "owner@example.com"): Promise<void> {
    expect((await this.go("/login", { email, password: "correct horse battery" })).status).toBe(302);
  }

  /** Goes where it is sent until an address begins with `end`. */
  async follow(address: string | URL, end: string): Promise<URL> {
    let url = new URL(address, product.origin);
    for (let hops = 0; hops < 10; hops += 1) {
      if (url.href.startsWith(end)) return url;
      const response = await this.go(url);
      const location = response.headers.get("location");
      if (location === null) throw new Error(`${url.href} answered ${response.status}: ${(await response.text()).slice(0, 400)}`);
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new Error("Too many redirects.");
  }

  /** Signs in where it has to, and answers the consent page of this authorization URL. Returns where the agent is called back. */
  async consent(authorizationUrl: string | URL, decision: "allow" | "deny" = "allow"): Promise<URL> {
    const page = await this.follow(authorizationUrl, `${product.origin}/consent/`);
    const shown = await (await this.go(page)).text();
    const organization = /name="organization" value="([^"]+)"/.exec(shown)?.[1] ?? "";
    const answered = await this.go(page, { organization, decision });
    expect(answered.status).toBe(302);
    return this.follow(new URL(answered.headers.get("location") ?? "", product.origin), redirectUri);
  }
}

/** What the SDK's client keeps between the steps of a sign-in. */
class Memory implements OAuthClientProvider {
  authorizationUrl: URL | null = null;
  private information: OAuthClientInformationMixed | undefined;
  private saved: OAuthTokens | undefined;
  private verifier = "";
  readonly redirectUrl = redirectUri;
  readonly clientMetadata = { client_name: "Peer agent", redirect_uris: [redirectUri] };
  clientInformation() {
    return this.information;
  }
  saveClientInformation(information: OAuthClientInformationMixed) {
    this.information = information;
  }
  tokens() {
    return this.saved;
  }
  saveTokens(tokens: OAuthTokens) {
    this.saved = tokens;
  }
  redirectToAuthorization(url: URL) {
    this.authorizationUrl = url;
  }
  saveCodeVerifier(verifier: string) {
    this.verifier = verifier;
  }
  codeVerifier() {
    return this.verifier;
  }
}

async function signedInAgent(): Promise<{ memory: Memory; browser: Browser; connect: () => Promise<Client> }> {
  const memory = new Memory();
  const url = new URL(`${product.origin}/mcp/agent`);
  const first = new StreamableHTTPClientTransport(url, { authProvider: memory });
  await expect(new Client({ name: "peer", version: "1.0.0" }).connect(first)).rejects.toThrow();
  const browser = new Browser();
  await browser.signIn();
  const back = await browser.consent(memory.authorizationUrl ?? "");
  await first.finishAuth(back.searchParams.get("code") ?? "");
  const connect = async () => {
    const client = new Client({ name: "peer", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(url, { authProvider: memory }));
    return client;
  };
  return { memory, browser, connect };
}

const json = (response: Response): Promise<Record<string, unknown>> => response.json();

async function token(parameters: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${product.origin}/token`, { method: "POST", body: new URLSearchParams(parameters) });
  return { status: response.status, body: await json(response) };
}

async function register(metadata: object = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${product.origin}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "By hand", redirect_uris: [redirectUri], ...metadata }),
  });
  return { status: response.status, body: await json(response) };
}

function pkce() {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

function authorizeUrl(clientId: string, challenge: string, more: Record<string, string> = {}): URL {
  const url = new URL("/authorize", product.origin);
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: "S256",
    state: "s1",
    resource: `${product.origin}/mcp/agent`,
    ...more,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

/** Tokens of a client made by hand. */
async function tokensByHand(): Promise<{ clientId: string; access: string; refresh: string; code: string; verifier: string }> {
  const clientId = String((await register()).body.client_id);
  const { verifier, challenge } = pkce();
  const browser = new Browser();
  await browser.signIn();
  const back = await browser.consent(authorizeUrl(clientId, challenge));
  expect(back.searchParams.get("state")).toBe("s1");
  expect(back.searchParams.get("iss")).toBe(product.origin);
  const code = back.searchParams.get("code") ?? "";
  const { status, body } = await token({
    grant_type: "authorization_code",
    client_id: clientId,
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  expect(status).toBe(200);
  return { clientId, code, verifier, access: String(body.access_token), refresh: String(body.refresh_token) };
}

function ask(access: string): Promise<Response> {
  return fetch(`${product.origin}/mcp/agent`, {
    method: "POST",
    headers: { authorization: `Bearer ${access}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
}

test("an agent that knows the URL alone is led to the sign-in, and works after consent", async () => {
  for (const method of ["POST", "GET"]) {
    const refused = await fetch(`${product.origin}/mcp/agent`, { method });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toContain(
      `resource_metadata="${product.origin}/.well-known/oauth-protected-resource/mcp/agent"`,
    );
  }
  for (const path of ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp/agent"]) {
    expect(await json(await fetch(product.origin + path))).toMatchObject({
      resource: `${product.origin}/mcp/agent`,
      authorization_servers: [product.origin],
    });
  }
  expect(await json(await fetch(`${product.origin}/.well-known/oauth-authorization-server`))).toMatchObject({
    issuer: product.origin,
    authorization_endpoint: `${product.origin}/authorize`,
    token_endpoint: `${product.origin}/token`,
    registration_endpoint: `${product.origin}/register`,
    revocation_endpoint: `${product.origin}/revoke`,
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  });

  const { connect, browser } = await signedInAgent();
  const client = await connect();
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["search_capabilities", "execute_capability"]);
  const who = await client.callTool({ name: "execute_capability", arguments: { name: "gatehouse:member.me" } });
  expect(who.structuredContent).toMatchObject({ result: { role: "owner" } });
  await client.close();
  const page = await (await browser.go("/agents")).text();
  expect(page).toContain("Peer agent");
});

test("revoked by its person, or by itself, an agent is out at once", async () => {
  const { access, refresh, clientId } = await tokensByHand();
  expect((await ask(access)).status).toBe(200);
  const agents = await product.api<{ id: string; clientName: string }[]>("agent.list", undefined, "query");
  const mine = agents.find(({ clientName }) => clientName === "By hand");
  await product.api("agent.revoke", { id: mine?.id });
  expect((await ask(access)).status).toBe(401);
  expect(await token({ grant_type: "refresh_token", client_id: clientId, refresh_token: refresh })).toMatchObject({
    status: 400,
    body: { error: "invalid_grant" },
  });

  const other = await tokensByHand();
  const revoked = await fetch(`${product.origin}/revoke`, {
    method: "POST",
    body: new URLSearchParams({ token: other.refresh, client_id: other.clientId }),
  });
  expect(revoked.status).toBe(200);
  expect((await ask(other.access)).status).toBe(401);
  const left = await product.api<{ clientName: string; person: string }[]>("agent.listAll", undefined, "query");
  expect(left.filter(({ clientName }) => clientName === "By hand")).toEqual([]);
});

test("refresh tokens rotate; a race within a minute is forgiven; a code works once and only with its verifier, address and client", async () => {
  const { clientId, refresh, code, verifier } = await tokensByHand();
  const refreshed = () => token({ grant_type: "refresh_token", client_id: clientId, refresh_token: refresh });
  const first = await refreshed();
  expect(first.status).toBe(200);
  expect(first.body.refresh_token).not.toBe(refresh);
  expect((await refreshed()).status).toBe(200);
  expect((await ask(String(first.body.access_token))).status).toBe(200);

  const exchange = { grant_type: "authorization_code", client_id: clientId, code, redirect_uri: redirectUri, code_verifier: verifier };
  expect(await token(exchange)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });

  const another = String((await register()).body.client_id);
  const key = pkce();
  const browser = new Browser();
  await browser.signIn();
  for (const wrong of [{ code_verifier: pkce().verifier }, { redirect_uri: "http://127.0.0.1:7777/other" }, { client_id: clientId }]) {
    const fresh = (await browser.consent(authorizeUrl(another, key.challenge))).searchParams.get("code") ?? "";
    const given = {
      grant_type: "authorization_code",
      client_id: another,
      code: fresh,
      redirect_uri: redirectUri,
      code_verifier: key.verifier,
      ...wrong,
    };
    expect((await token(given)).status).toBe(400);
  }
});

test("what is not allowed: no PKCE, plain PKCE, other resources, other redirect addresses, unknown clients, open redirects", async () => {
  const clientId = String((await register()).body.client_id);
  const { challenge } = pkce();
  const browser = new Browser();
  await browser.signIn();
  const outcome = async (url: URL) => {
    const response = await browser.go(url);
    const location = response.headers.get("location");
    return location?.startsWith(redirectUri) ? new URL(location).searchParams.get("error") : `${response.status} ${location ?? ""}`;
  };
  expect(await outcome(authorizeUrl(clientId, challenge, { code_challenge_method: "plain" }))).toBe("invalid_request");
  const none = authorizeUrl(clientId, challenge);
  none.searchParams.delete("code_challenge");
  none.searchParams.delete("code_challenge_method");
  expect(await outcome(none)).toBe("invalid_request");
  expect(await outcome(authorizeUrl(clientId, challenge, { resource: "https://elsewhere.example/mcp" }))).toBe("invalid_target");
  expect(await outcome(authorizeUrl(clientId, challenge, { redirect_uri: "https://evil.example/callback" }))).toBe("400 ");
  expect(await outcome(authorizeUrl("nobody", challenge))).toBe("400 ");
  // A loopback address of a program may have any port (RFC 8252 section 7.3).
  expect(await outcome(authorizeUrl(clientId, challenge, { redirect_uri: "http://127.0.0.1:9123/callback" }))).toMatch(
    /^303 .*\/consent\//,
  );
  expect((await register({ redirect_uris: ["javascript:alert(1)"] })).status).toBe(400);
  expect((await register({ redirect_uris: ["http://evil.example/callback"] })).status).toBe(400);
  expect(
    (await register({ redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback"], scope: "mcp:read something:else" })).status,
  ).toBe(201);
});

test("consent: refused is told the agent, another person's page is over, the page is not framed, and nobody is asked without a session", async () => {
  const clientId = String((await register({ client_name: '<script>alert("hi")</script>' })).body.client_id);
  const { challenge } = pkce();
  const browser = new Browser();
  const page = await browser.follow(authorizeUrl(clientId, challenge), `${product.origin}/consent/`);
  expect((await browser.go(page)).headers.get("location")).toContain("/login?next=");
  await browser.signIn();
  const shown = await browser.go(page);
  expect(shown.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(await shown.text()).not.toContain("<script>alert");
  const stranger = new Browser();
  await stranger.signIn();
  expect((await stranger.go(page)).status).toBe(410);
  expect((await stranger.go(page, { organization: "x", decision: "allow" })).status).toBe(422);
  expect((await browser.go(page, { organization: "not-mine", decision: "allow" })).status).toBe(422);
  const forged = await fetch(page, {
    method: "POST",
    headers: { origin: "https://evil.example" },
    body: new URLSearchParams({ decision: "allow" }),
  });
  expect(forged.status).toBe(403);
  const refused = await browser.consent(authorizeUrl(clientId, challenge), "deny");
  expect(refused.searchParams.get("error")).toBe("access_denied");
});

test("removing the member ends what their agents signed in with; signing out of the browser does not", async () => {
  const { link } = await product.api<{ link: string }>("invitation.create", { email: "mia@example.com" });
  const browser = new Browser();
  expect((await browser.go(link, { name: "Mia", password: "correct horse battery" })).status).toBe(302);
  const clientId = String((await register({ client_name: "Mia's agent" })).body.client_id);
  const { verifier, challenge } = pkce();
  const code = (await browser.consent(authorizeUrl(clientId, challenge))).searchParams.get("code") ?? "";
  const { body } = await token({
    grant_type: "authorization_code",
    client_id: clientId,
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  expect((await browser.go("/logout", {})).status).toBe(302);
  expect((await ask(String(body.access_token))).status).toBe(200);
  const members = await product.api<{ id: string; email: string }[]>("member.list", undefined, "query");
  await product.api("member.remove", { id: members.find(({ email }) => email === "mia@example.com")?.id });
  expect((await ask(String(body.access_token))).status).toBe(401);
  expect((await token({ grant_type: "refresh_token", client_id: clientId, refresh_token: String(body.refresh_token) })).status).toBe(400);
});

test("a person sees from where their agents were last seen, and ends the access of all at once", async () => {
  const agents = [await tokensByHand(), await tokensByHand()];
  for (const { access } of agents) expect((await ask(access)).status).toBe(200);
  const seen = () => product.api<{ lastNetwork: string | null }[]>("agent.list", undefined, "query");
  await expect.poll(async () => (await seen()).slice(0, 2).map(({ lastNetwork }) => lastNetwork)).toEqual(["loopback", "loopback"]);
  const { ended } = await product.api<{ ended: number }>("agent.revokeAll");
  expect(ended).toBeGreaterThanOrEqual(2);
  for (const { access, refresh, clientId } of agents) {
    expect((await ask(access)).status).toBe(401);
    expect((await token({ grant_type: "refresh_token", client_id: clientId, refresh_token: refresh })).status).toBe(400);
  }
  expect(await seen()).toEqual([]);
});
