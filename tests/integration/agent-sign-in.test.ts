// Agents sign in by URL, through the built product over HTTP: discovery, registration, consent, tokens, and the ways it ends.
import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { afterAll, beforeAll, expect, test } from "vitest";

import { agentAt, json, pkce } from "#tests/setup/agent-sign-in.ts";
import { Browser, redirectUri } from "#tests/setup/browser.ts";
import { type Product, startProduct } from "#tests/setup/product.ts";

let product: Product;
let agent: ReturnType<typeof agentAt>;

beforeAll(async () => {
  product = await startProduct();
  agent = agentAt(product.origin);
});
afterAll(() => product.stop());

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
  const browser = new Browser(product.origin);
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
  const { access, refresh, clientId } = await agent.tokensByHand();
  expect((await agent.ask(access)).status).toBe(200);
  const agents = await product.api<{ id: string; clientName: string }[]>("agent.list", undefined, "query");
  const mine = agents.find(({ clientName }) => clientName === "By hand");
  await product.api("agent.revoke", { id: mine?.id });
  expect((await agent.ask(access)).status).toBe(401);
  expect(await agent.token({ grant_type: "refresh_token", client_id: clientId, refresh_token: refresh })).toMatchObject({
    status: 400,
    body: { error: "invalid_grant" },
  });

  const revoke = (token: string, client: string) =>
    fetch(`${product.origin}/revoke`, { method: "POST", body: new URLSearchParams({ token, client_id: client }) });
  const other = await agent.tokensByHand();
  expect((await revoke(other.refresh, other.clientId)).status).toBe(200);
  expect((await agent.ask(other.access)).status).toBe(401);

  // And by its access token, which was good a moment before and is remembered.
  const third = await agent.tokensByHand();
  expect((await agent.ask(third.access)).status).toBe(200);
  expect((await revoke(third.access, third.clientId)).status).toBe(200);
  expect((await agent.ask(third.access)).status).toBe(401);
  const left = await product.api<{ clientName: string; person: string }[]>("agent.listAll", undefined, "query");
  expect(left.filter(({ clientName }) => clientName === "By hand")).toEqual([]);
});

test("refresh tokens rotate; a race within a minute is forgiven; a code works once and only with its verifier, address and client", async () => {
  const { clientId, refresh, code, verifier } = await agent.tokensByHand();
  const refreshed = () => agent.token({ grant_type: "refresh_token", client_id: clientId, refresh_token: refresh });
  const first = await refreshed();
  expect(first.status).toBe(200);
  expect(first.body.refresh_token).not.toBe(refresh);
  expect((await refreshed()).status).toBe(200);
  expect((await agent.ask(String(first.body.access_token))).status).toBe(200);

  const exchange = { grant_type: "authorization_code", client_id: clientId, code, redirect_uri: redirectUri, code_verifier: verifier };
  expect(await agent.token(exchange)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });

  const another = String((await agent.register()).body.client_id);
  const key = pkce();
  const browser = new Browser(product.origin);
  await browser.signIn();
  for (const wrong of [{ code_verifier: pkce().verifier }, { redirect_uri: "http://127.0.0.1:7777/other" }, { client_id: clientId }]) {
    const fresh = (await browser.consent(agent.authorizeUrl(another, key.challenge))).searchParams.get("code") ?? "";
    const given = {
      grant_type: "authorization_code",
      client_id: another,
      code: fresh,
      redirect_uri: redirectUri,
      code_verifier: key.verifier,
      ...wrong,
    };
    expect((await agent.token(given)).status).toBe(400);
  }
});

test("what is not allowed: no PKCE, plain PKCE, other resources, other redirect addresses, unknown clients, open redirects", async () => {
  const clientId = String((await agent.register()).body.client_id);
  const { challenge } = pkce();
  const browser = new Browser(product.origin);
  await browser.signIn();
  const outcome = async (url: URL) => {
    const response = await browser.go(url);
    const location = response.headers.get("location");
    return location?.startsWith(redirectUri) ? new URL(location).searchParams.get("error") : `${response.status} ${location ?? ""}`;
  };
  expect(await outcome(agent.authorizeUrl(clientId, challenge, { code_challenge_method: "plain" }))).toBe("invalid_request");
  const none = agent.authorizeUrl(clientId, challenge);
  none.searchParams.delete("code_challenge");
  none.searchParams.delete("code_challenge_method");
  expect(await outcome(none)).toBe("invalid_request");
  expect(await outcome(agent.authorizeUrl(clientId, challenge, { resource: "https://elsewhere.example/mcp" }))).toBe("invalid_target");
  expect(await outcome(agent.authorizeUrl(clientId, challenge, { redirect_uri: "https://evil.example/callback" }))).toBe("400 ");
  expect(await outcome(agent.authorizeUrl("nobody", challenge))).toBe("400 ");
  // A loopback address of a program may have any port (RFC 8252 section 7.3).
  expect(await outcome(agent.authorizeUrl(clientId, challenge, { redirect_uri: "http://127.0.0.1:9123/callback" }))).toMatch(
    /^303 .*\/consent\//,
  );
  expect((await agent.register({ redirect_uris: ["javascript:alert(1)"] })).status).toBe(400);
  expect((await agent.register({ redirect_uris: ["http://evil.example/callback"] })).status).toBe(400);
  expect(
    (await agent.register({ redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback"], scope: "mcp:read something:else" })).status,
  ).toBe(201);
});

test("consent: refused is told the agent, another person's page is over, the page is not framed, and nobody is asked without a session", async () => {
  const clientId = String((await agent.register({ client_name: '<script>alert("hi")</script>\u202e' })).body.client_id);
  const { challenge } = pkce();
  const browser = new Browser(product.origin);
  const page = await browser.follow(agent.authorizeUrl(clientId, challenge), `${product.origin}/consent/`);
  expect((await browser.go(page)).headers.get("location")).toContain("/login?next=");
  await browser.signIn();
  const shown = await browser.go(page);
  expect(shown.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  const html = await shown.text();
  expect(html).not.toContain("<script>alert");
  // A sign that turns the direction of text could show another name.
  expect(html).not.toContain("\u202e");
  const stranger = new Browser(product.origin);
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
  const refused = await browser.consent(agent.authorizeUrl(clientId, challenge), "deny");
  expect(refused.searchParams.get("error")).toBe("access_denied");
});

test("removing the member ends what their agents signed in with; signing out of the browser does not", async () => {
  const { link } = await product.api<{ link: string }>("invitation.create", { email: "mia@example.com" });
  const browser = new Browser(product.origin);
  expect((await browser.go(link, { name: "Mia", password: "correct horse battery" })).status).toBe(302);
  const clientId = String((await agent.register({ client_name: "Mia's agent" })).body.client_id);
  const { verifier, challenge } = pkce();
  const code = (await browser.consent(agent.authorizeUrl(clientId, challenge))).searchParams.get("code") ?? "";
  const { body } = await agent.token({
    grant_type: "authorization_code",
    client_id: clientId,
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  expect((await browser.go("/logout", {})).status).toBe(302);
  expect((await agent.ask(String(body.access_token))).status).toBe(200);
  const members = await product.api<{ id: string; email: string }[]>("member.list", undefined, "query");
  await product.api("member.remove", { id: members.find(({ email }) => email === "mia@example.com")?.id });
  expect((await agent.ask(String(body.access_token))).status).toBe(401);
  expect((await agent.token({ grant_type: "refresh_token", client_id: clientId, refresh_token: String(body.refresh_token) })).status).toBe(
    400,
  );
});

test("a person sees from where their agents were last seen, and ends the access of all at once", async () => {
  const agents = [await agent.tokensByHand(), await agent.tokensByHand()];
  for (const { access } of agents) expect((await agent.ask(access)).status).toBe(200);
  const seen = () => product.api<{ lastNetwork: string | null }[]>("agent.list", undefined, "query");
  await expect.poll(async () => (await seen()).slice(0, 2).map(({ lastNetwork }) => lastNetwork)).toEqual(["loopback", "loopback"]);
  const { ended } = await product.api<{ ended: number }>("agent.revokeAll");
  expect(ended).toBeGreaterThanOrEqual(2);
  for (const { access, refresh, clientId } of agents) {
    expect((await agent.ask(access)).status).toBe(401);
    expect((await agent.token({ grant_type: "refresh_token", client_id: clientId, refresh_token: refresh })).status).toBe(400);
  }
  expect(await seen()).toEqual([]);
});
