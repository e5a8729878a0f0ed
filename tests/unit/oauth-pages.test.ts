// What providers and returning people see of us: the callback page, the metadata document, the client's authentication.
import { expect, test } from "vitest";

import { callbackPage } from "#server/oauth/callback-page.ts";
import { clientAuthentication } from "#server/oauth/client-authentication.ts";
import { clientMetadata } from "#server/oauth/client-metadata.ts";

const outcome = { connectionName: "Ledger", message: null, requestId: "request-1", backUrl: "https://gatehouse.example/connections" };

test("the page escapes everything and needs no other file", () => {
  const hostile = `"><script src=https://evil.example></script>`;
  const page = callbackPage(
    { ...outcome, state: "failed", connectionName: hostile, message: hostile, requestId: hostile, backUrl: hostile },
    "nonce-1",
  );
  expect(page).not.toContain("<script");
  expect(page).not.toMatch(/<(link|img|iframe)|@import|url\(/);
});

test("only a success runs a script, and only the one with the nonce", () => {
  const good = callbackPage({ ...outcome, state: "connected" }, "nonce-1");
  expect(good.match(/<script[^>]*>/g)).toEqual(['<script nonce="nonce-1">']);
  expect(good).toContain("Ledger is ready to use. You can close this window.");
  for (const state of ["denied", "failed", "expired", "foreign"] as const) {
    const page = callbackPage({ ...outcome, state, message: "Our own words." }, "nonce-1");
    expect(page).not.toContain("<script");
    expect(page).toContain("Our own words.");
    expect(page).toContain("request-1");
  }
});

test("the metadata document names itself as the client and holds no secret", () => {
  const document = clientMetadata("https://gatehouse.example");
  expect(document).toMatchObject({
    client_id: "https://gatehouse.example/oauth/client-metadata.json",
    redirect_uris: ["https://gatehouse.example/oauth/callback"],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
    application_type: "web",
  });
  expect(Object.keys(document).filter((name) => name.startsWith("client_secret"))).toEqual([]);
});

function authenticated(client: { client_id: string; client_secret?: string; token_endpoint_auth_method?: string }, methods?: string[]) {
  const [headers, body] = [new Headers(), new URLSearchParams()];
  const metadata = {
    issuer: "https://as.example",
    authorization_endpoint: "https://as.example/a",
    token_endpoint: "https://as.example/t",
    response_types_supported: ["code"],
  };
  clientAuthentication(client, { ...metadata, token_endpoint_auth_methods_supported: methods })(headers, body);
  return { authorization: headers.get("authorization"), body: body.toString() };
}

test("a client proves itself by the method both sides know; Basic is form-encoded first", () => {
  const secret = { client_id: "a b", client_secret: "c:d%ü" };
  const basic = `Basic ${Buffer.from("a+b:c%3Ad%25%C3%BC").toString("base64")}`;
  expect(authenticated(secret)).toEqual({ authorization: basic, body: "" });
  expect(authenticated(secret, ["client_secret_post", "client_secret_basic"])).toEqual({ authorization: basic, body: "" });
  const post = { authorization: null, body: "client_id=a+b&client_secret=c%3Ad%25%C3%BC" };
  expect(authenticated(secret, ["client_secret_post"])).toEqual(post);
  expect(authenticated({ ...secret, token_endpoint_auth_method: "client_secret_post" })).toEqual(post);
  expect(authenticated({ client_id: "public" }, ["client_secret_basic", "none"])).toEqual({
    authorization: null,
    body: "client_id=public",
  });
  expect(authenticated({ client_id: "public" })).toEqual({ authorization: null, body: "client_id=public" });
});
