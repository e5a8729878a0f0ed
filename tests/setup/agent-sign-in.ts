// Signing agents in by hand: the requests an agent makes on its way to its tokens.
import { createHash, randomBytes } from "node:crypto";

import { expect } from "vitest";

import { Browser, redirectUri } from "./browser.ts";

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
