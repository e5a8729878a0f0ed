// Signing agents in by hand: a browser without a screen, and the requests an agent makes on its way to its tokens.
import { createHash, randomBytes } from "node:crypto";

import { expect } from "vitest";

export const redirectUri = "http://127.0.0.1:7777/callback";

/** A browser: cookies, and no following of redirects by itself. */
export class Browser {
  readonly cookies = new Map<string, string>();
  private readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  async go(address: string | URL, form?: Record<string, string>): Promise<Response> {
    const url = new URL(address, this.origin);
    const response = await fetch(url, {
      redirect: "manual",
      method: form ? "POST" : "GET",
      headers: {
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(form ? { origin: this.origin, "content-type": "application/x-www-form-urlencoded" } : {}),
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
    let url = new URL(address, this.origin);
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
    const page = await this.follow(authorizationUrl, `${this.origin}/consent/`);
    const shown = await (await this.go(page)).text();
    const organization = /name="organization" value="([^"]+)"/.exec(shown)?.[1] ?? "";
    const answered = await this.go(page, { organization, decision });
    expect(answered.status).toBe(302);
    return this.follow(new URL(answered.headers.get("location") ?? "", this.origin), redirectUri);
  }
}

export const json = (response: Response): Promise<Record<string, unknown>> => response.json();

export function pkce() {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

/** What an agent does at the product at `origin`, request by request. */
export function agentAt(origin: string) {
  async function token(parameters: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${origin}/token`, { method: "POST", body: new URLSearchParams(parameters) });
    return { status: response.status, body: await json(response) };
  }

  async function register(metadata: object = {}): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${origin}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "By hand", redirect_uris: [redirectUri], ...metadata }),
    });
    return { status: response.status, body: await json(response) };
  }

  function authorizeUrl(clientId: string, challenge: string, more: Record<string, string> = {}): URL {
    const url = new URL("/authorize", origin);
    const parameters = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      code_challenge: challenge,
      code_challenge_method: "S256",
      state: "s1",
      resource: `${origin}/mcp/agent`,
      ...more,
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url;
  }

  /** Tokens of a client made by hand. */
  async function tokensByHand(): Promise<{ clientId: string; access: string; refresh: string; code: string; verifier: string }> {
    const clientId = String((await register()).body.client_id);
    const { verifier, challenge } = pkce();
    const browser = new Browser(origin);
    await browser.signIn();
    const back = await browser.consent(authorizeUrl(clientId, challenge));
    expect(back.searchParams.get("state")).toBe("s1");
    expect(back.searchParams.get("iss")).toBe(origin);
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
    return fetch(`${origin}/mcp/agent`, {
      method: "POST",
      headers: { authorization: `Bearer ${access}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
  }

  return { token, register, authorizeUrl, tokensByHand, ask };
}
