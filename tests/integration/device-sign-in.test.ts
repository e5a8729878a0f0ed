// An agent on a machine without a browser, at the built product: codes asked for and polled by an HTTP client, typed by a person on the page.
import { afterAll, beforeAll, expect, test } from "vitest";

import { agentAt, json } from "#tests/setup/agent-sign-in.ts";
import { Browser } from "#tests/setup/browser.ts";
import { type Product, startProduct } from "#tests/setup/product.ts";

const grantType = "urn:ietf:params:oauth:grant-type:device_code";
let product: Product;
let agent: ReturnType<typeof agentAt>;

beforeAll(async () => {
  product = await startProduct();
  agent = agentAt(product.origin);
});
afterAll(() => product.stop());

async function deviceClient(): Promise<string> {
  const { status, body } = await agent.register({ client_name: "Headless", redirect_uris: [], grant_types: [grantType, "refresh_token"] });
  expect(status).toBe(201);
  return String(body.client_id);
}

async function codes(clientId: string, more: Record<string, string> = {}) {
  const form = new URLSearchParams({ client_id: clientId, resource: `${product.origin}/mcp/agent`, ...more });
  const response = await fetch(`${product.origin}/device_authorization`, { method: "POST", body: form });
  const body = await json(response);
  return { status: response.status, body, device: String(body.device_code), user: String(body.user_code) };
}

const poll = (clientId: string, device: string) => agent.token({ grant_type: grantType, client_id: clientId, device_code: device });

async function person(): Promise<Browser> {
  const browser = new Browser(product.origin);
  await browser.signIn();
  return browser;
}

const organizationOn = (page: string) => /name="organization" value="([^"]+)"/.exec(page)?.[1] ?? "";

test("a code is shown, typed and allowed; the agent that polled gets its tokens, once", async () => {
  const metadata = await json(await fetch(`${product.origin}/.well-known/oauth-authorization-server`));
  expect(metadata).toMatchObject({
    device_authorization_endpoint: `${product.origin}/device_authorization`,
    grant_types_supported: expect.arrayContaining([grantType, "authorization_code", "refresh_token"]),
  });
  const clientId = await deviceClient();
  const { body, device, user } = await codes(clientId);
  expect(body).toMatchObject({ verification_uri: `${product.origin}/device`, expires_in: 600 });
  expect(user).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  expect(await poll(clientId, device)).toMatchObject({ status: 400, body: { error: "authorization_pending" } });

  const stranger = new Browser(product.origin);
  const sent = await stranger.go(String(body.verification_uri_complete));
  expect(sent.headers.get("location")).toBe(`/login?next=${encodeURIComponent(`/device?user_code=${user}`)}`);
  const browser = await person();
  expect(await (await browser.go(String(body.verification_uri_complete))).text()).toContain(`value="${user}"`);
  // As people type: small, without the hyphen.
  const asked = await browser.go("/device", { userCode: user.toLowerCase().replace("-", " ") });
  const page = await asked.text();
  expect(page).toContain("Let Headless in?");
  expect(asked.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  const allowed = await browser.go("/device", { userCode: user, organization: organizationOn(page), decision: "allow" });
  expect(await allowed.text()).toContain("Headless is in");

  const { status, body: tokens } = await poll(clientId, device);
  expect(status).toBe(200);
  expect((await agent.ask(String(tokens.access_token))).status).toBe(200);
  expect(tokens.refresh_token).toEqual(expect.any(String));
  const listed = await product.api<object[]>("agent.list", undefined, "query");
  expect(listed).toContainEqual(expect.objectContaining({ clientName: "Headless", redirectHost: "another device" }));

  // A code that was answered is over, for people; one that was exchanged is over, for agents, and whoever tries ends the grant.
  const again = await browser.go("/device", { userCode: user, organization: organizationOn(page), decision: "allow" });
  expect([again.status, await again.text()]).toEqual([422, expect.stringContaining("used already")]);
  expect(await poll(clientId, device)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  expect((await agent.ask(String(tokens.access_token))).status).toBe(401);
});

test("refused, unknown, another client's, another resource's: told in words and in codes", async () => {
  const clientId = await deviceClient();
  const { device, user } = await codes(clientId);
  const browser = await person();
  expect(await poll(await deviceClient(), device)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  const elsewhere = await browser.go("/device", { userCode: user, organization: "not-mine", decision: "allow" });
  expect(elsewhere.status).toBe(422);
  const forged = await fetch(`${product.origin}/device`, {
    method: "POST",
    headers: { origin: "https://evil.example", cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
    body: new URLSearchParams({ userCode: user, decision: "allow" }),
  });
  expect(forged.status).toBe(403);
  expect(await poll(clientId, device)).toMatchObject({ body: { error: "authorization_pending" } });
  expect(await (await browser.go("/device", { userCode: user, decision: "deny" })).text()).toContain("was told no");
  expect(await poll(clientId, device)).toMatchObject({ status: 400, body: { error: "access_denied" } });
  expect((await codes(clientId, { resource: "https://elsewhere.example/mcp" })).body).toMatchObject({ error: "invalid_target" });
  expect((await codes("nobody")).status).toBe(401);
  const redirectsOnly = String((await agent.register()).body.client_id);
  expect((await codes(redirectsOnly)).body).toMatchObject({ error: "invalid_request" });
});

test("guessing codes is braked, and a guess says nothing", async () => {
  const browser = await person();
  const statuses: string[] = [];
  for (let tries = 0; tries < 12; tries += 1) {
    const page = await (await browser.go("/device", { userCode: "BBBB-BBBB" })).text();
    statuses.push(page.includes("Too many tries") ? "braked" : page.includes("This code is not right") ? "unknown" : "?");
  }
  expect(statuses).toEqual([...Array<string>(10).fill("unknown"), "braked", "braked"]);
});
