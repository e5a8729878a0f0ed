// The URL a person enters for a connection: what is refused, and that the message says what to do.
import { describe, expect, test } from "vitest";

import { DomainError } from "#server/errors.ts";
import { checkUpstreamUrl } from "#server/outbound/url.ts";

function refusal(raw: string, allowPrivate = false): string {
  try {
    checkUpstreamUrl(raw, { allowPrivate });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect(error.code).toBe("BAD_INPUT");
    expect(error.details.issues?.map(({ path }) => path)).toEqual(["url"]);
    return error.message;
  }
  return "";
}

describe("the URL of a connection", () => {
  test.each([
    "https://mcp.example.com/mcp",
    "https://mcp.example.com:8443/v1/mcp?workspace=acme&project_ref=abc",
    "https://[2606:4700:4700::1111]/mcp",
    "https://8.8.8.8/",
    "https://mcp.example.com/?keyboard=1&monkey=2&author=me&passenger=3&tokens=4",
    `https://mcp.example.com/${"a".repeat(2_048 - "https://mcp.example.com/".length)}`,
  ])("may be %s", (raw) => {
    expect(checkUpstreamUrl(raw, { allowPrivate: false }).href).toBe(raw);
  });

  test.each([
    ["", /not a URL/],
    ["mcp.example.com/mcp", /not a URL/],
    ["https://", /not a URL/],
    ["https://999.1.1.1/", /not a URL/],
    ["ftp://mcp.example.com/", /https/],
    ["file:///etc/passwd", /https/],
    ["javascript:alert(1)", /https/],
    ["ws://mcp.example.com/", /https/],
    ["http://mcp.example.com/mcp", /ALLOW_PRIVATE_UPSTREAMS/],
    ["https://user:hunter2@mcp.example.com/", /user name and password/],
    ["https://user@mcp.example.com/", /user name and password/],
    ["https://mcp.example.com/mcp#tools", /after #/],
    ["https://mcp.example.com/mcp#", /after #/],
    [`https://mcp.example.com/${"a".repeat(2_048)}`, /2,048/],
    ["https://127.0.0.1/mcp", /private or reserved/],
    ["https://10.0.0.1/mcp", /private or reserved/],
    ["https://[::1]/mcp", /private or reserved/],
    ["https://0x7f.1/mcp", /private or reserved/],
    ["https://2130706433/mcp", /private or reserved/],
    ["https://[::ffff:10.0.0.1]/mcp", /private or reserved/],
    ["https://169.254.169.254/latest/meta-data", /never called/],
    ["https://[fe80::1]/", /never called/],
  ])("may not be %s", (raw, words) => {
    expect(refusal(raw)).toMatch(words);
  });

  test.each([
    "api_key", "apikey", "apiKey", "API-KEY", "x-api-key", "key", "token", "access_token", "accessToken", "refresh_token", "id_token", "auth", "auth_token",
    "authorization", "secret", "client_secret", "password", "passwd", "pwd", "sig", "signature", "jwt", "bearer", "subscription-key", "db_password", "%74oken",
  ])("may not carry a credential as ?%s=", (name) => {
    const message = refusal(`https://mcp.example.com/mcp?a=1&${name}=hunter2`);
    expect(message).toMatch(/enter it as an API key/);
    expect(message).not.toContain("hunter2");
  }); // prettier-ignore

  test("may be private and plain http where the operator allows it, but never the metadata service", () => {
    expect(checkUpstreamUrl("http://127.0.0.1:8080/mcp", { allowPrivate: true }).port).toBe("8080");
    expect(refusal("http://169.254.169.254/", true)).toMatch(/never called/);
    expect(refusal("http://[fd00:ec2::254]/", true)).toMatch(/never called/);
    expect(refusal("ftp://127.0.0.1/", true)).toMatch(/https/);
  });
});
