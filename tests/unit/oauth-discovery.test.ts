// From a URL to a sign-in server: what is found, in which order, and what is refused.
import { once } from "node:events";
import { createServer } from "node:http";

import { afterEach, expect, test } from "vitest";

import { discover } from "#server/oauth/discover.ts";
import { registrationWay } from "#server/oauth/registration.ts";
import { type OAuthUpstream, startOAuthUpstream, type UpstreamOptions } from "#tests/fakes/oauth-upstream.ts";

const running: { close: () => unknown }[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function upstreamWith(options: UpstreamOptions = {}): Promise<OAuthUpstream> {
  const upstream = await startOAuthUpstream(options);
  running.push(upstream);
  return upstream;
}

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A server with fixed answers by path; everything else is 404. Returns its origin. */
async function serverWith(answers: (origin: string) => Record<string, Answer>): Promise<{ origin: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const path = req.url ?? "";
    asked.push(path);
    const { status = 200, headers = {}, body = {} } = answers(origin)[path] ?? { status: 404 };
    res.writeHead(status, { "content-type": "application/json", ...headers }).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  running.push({
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
  return { origin, asked };
}

function serverMetadata(issuer: string, rest: Record<string, unknown> = {}) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    response_types_supported: ["code"],
    code_challenge_methods_supported: ["S256"],
    ...rest,
  };
}

const failure = (phase: string, words: string) => ({
  code: "UPSTREAM_FAILED",
  details: { failure: { phase } },
  message: expect.stringContaining(words),
});

test("resource, issuer and scope come from the server's own documents, offline access is asked for where it is offered", async () => {
  const upstream = await upstreamWith();
  expect(await discover(upstream.url)).toMatchObject({
    resource: upstream.url,
    issuer: upstream.issuer,
    scope: "ledger:read ledger:write offline_access",
  });
});

test("the challenge comes before the resource metadata: its document and its scope", async () => {
  const { origin, asked } = await serverWith((self) => ({
    "/mcp": { status: 401, headers: { "www-authenticate": `Bearer resource_metadata="${self}/elsewhere", scope="one two"` } },
    "/elsewhere": { body: { resource: `${self}/mcp`, authorization_servers: [`${self}/tenant`], scopes_supported: ["three"] } },
    "/.well-known/oauth-authorization-server/tenant": { body: serverMetadata(`${self}/tenant`) },
  }));
  expect(await discover(`${origin}/mcp`)).toMatchObject({ issuer: `${origin}/tenant`, scope: "one two" });
  expect(asked).toEqual(["/mcp", "/elsewhere", "/.well-known/oauth-authorization-server/tenant"]);
});

test("without a pointer: the path form, then the root form; then the OpenID forms of the authorization server", async () => {
  const openid = {
    jwks_uri: "https://x.example/jwks",
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
  const { origin, asked } = await serverWith((self) => ({
    "/deep/mcp": { status: 401 },
    "/.well-known/oauth-protected-resource": { body: { resource: self, authorization_servers: [`${self}/tenant`], scopes_supported: [] } },
    "/tenant/.well-known/openid-configuration": { body: serverMetadata(`${self}/tenant`, openid) },
  }));
  expect(await discover(`${origin}/deep/mcp`)).toMatchObject({ resource: origin, issuer: `${origin}/tenant`, scope: null });
  expect(asked).toEqual([
    "/deep/mcp",
    "/.well-known/oauth-protected-resource/deep/mcp",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-authorization-server/tenant",
    "/.well-known/openid-configuration/tenant",
    "/tenant/.well-known/openid-configuration",
  ]);
});

test("all authorization servers are tried: one that is gone or unusable does not hide a good one", async () => {
  const good = await serverWith((self) => ({ "/.well-known/oauth-authorization-server": { body: serverMetadata(self) } }));
  const { origin } = await serverWith((self) => ({
    "/mcp": { status: 401 },
    "/.well-known/oauth-protected-resource/mcp": {
      body: { resource: `${self}/mcp`, authorization_servers: ["http://127.0.0.1:1", `${self}/old`, good.origin] },
    },
    "/.well-known/oauth-authorization-server/old": { body: serverMetadata(`${self}/old`, { code_challenge_methods_supported: undefined }) },
  }));
  expect((await discover(`${origin}/mcp`)).issuer).toBe(good.origin);
});

test("a server of 2025-03-26, without resource metadata, is its own authorization server, named with or without the slash", async () => {
  for (const slash of ["", "/"]) {
    const { origin } = await serverWith((self) => ({
      "/mcp": { status: 401 },
      "/.well-known/oauth-authorization-server": { body: { ...serverMetadata(self), issuer: self + slash } },
    }));
    expect(await discover(`${origin}/mcp`)).toMatchObject({ issuer: origin + slash, resource: `${origin}/mcp` });
  }
});

test("a server without PKCE metadata is refused", async () => {
  const upstream = await upstreamWith({ metadata: ({ code_challenge_methods_supported: _gone, ...document }) => document });
  await expect(discover(upstream.url)).rejects.toMatchObject(failure("discovery", "PKCE"));
  const plain = await upstreamWith({ metadata: (document) => ({ ...document, code_challenge_methods_supported: ["plain"] }) });
  await expect(discover(plain.url)).rejects.toMatchObject(failure("discovery", "PKCE"));
});

test.each(["https://evil.example", "/", "/tenant"])("an issuer other than the one asked for (%s) is refused", async (other) => {
  const upstream = await upstreamWith({
    metadata: (document) => ({ ...document, issuer: other.startsWith("/") ? `${String(document.issuer)}${other}` : other }),
  });
  await expect(discover(upstream.url)).rejects.toMatchObject(failure("discovery", "another name"));
});

test.each(["http://auth.example/authorize", "javascript:alert(1)", "file:///etc/passwd"])(
  "an endpoint like %s is refused before anybody is sent there",
  async (endpoint) => {
    const upstream = await upstreamWith({ metadata: (document) => ({ ...document, authorization_endpoint: endpoint }) });
    await expect(discover(upstream.url)).rejects.toMatchObject({ code: "UPSTREAM_FAILED", details: { failure: { phase: "discovery" } } });
  },
);

test("a revocation endpoint without https is refused as well: refresh tokens and the client's secret go there", async () => {
  const upstream = await upstreamWith({ metadata: (document) => ({ ...document, revocation_endpoint: "http://auth.example/revoke" }) });
  await expect(discover(upstream.url)).rejects.toMatchObject(failure("discovery", "without https"));
});

test("resource metadata of another server is refused, that of a parent is not", async () => {
  const elsewhere = await upstreamWith({ resourceMetadata: (document) => ({ ...document, resource: "https://other.example/mcp" }) });
  await expect(discover(elsewhere.url)).rejects.toMatchObject(failure("discovery", "another address"));
  const sibling = await upstreamWith({
    resourceMetadata: (document) => ({ ...document, resource: `${String(document.resource)}/deeper` }),
  });
  await expect(discover(sibling.url)).rejects.toMatchObject(failure("discovery", "another address"));
  const parent = await upstreamWith({
    resourceMetadata: (document) => ({ ...document, resource: new URL(String(document.resource)).origin }),
  });
  expect((await discover(parent.url)).resource).toBe(parent.issuer);
});

test("a server that needs no sign-in, one that fails, one that is not there and one that is no MCP server are told apart", async () => {
  const { origin } = await serverWith(() => ({
    "/open": { body: { jsonrpc: "2.0", id: 0, result: {} } },
    "/broken": { status: 503 },
    "/bare": { status: 401 },
  }));
  await expect(discover(`${origin}/open`)).rejects.toMatchObject({ code: "BAD_INPUT", details: { issues: [{ path: "authType" }] } });
  await expect(discover(`${origin}/broken`)).rejects.toMatchObject(failure("http", "503"));
  await expect(discover(`${origin}/nothing`)).rejects.toMatchObject(failure("http", "404"));
  await expect(discover(`${origin}/bare`)).rejects.toMatchObject(failure("discovery", "RFC 8414"));
  const gone = await upstreamWith();
  await gone.close();
  await expect(discover(gone.url)).rejects.toMatchObject(failure("tcp", "refused"));
});

test("documents are bounded, and one that is no JSON counts as none", async () => {
  const { origin } = await serverWith((self) => ({
    "/large": { status: 401 },
    "/.well-known/oauth-protected-resource/large": { body: { resource: `${self}/large`, padding: "x".repeat(300_000) } },
    "/page": { status: 401 },
    "/.well-known/oauth-protected-resource/page": { body: "<html></html>", headers: { "content-type": "text/html" } },
    "/.well-known/oauth-authorization-server": { body: serverMetadata(self) },
  }));
  await expect(discover(`${origin}/large`)).rejects.toMatchObject(failure("discovery", "larger"));
  expect((await discover(`${origin}/page`)).issuer).toBe(origin);
});

test("registration: a document where it can be fetched, else dynamic, else by hand", () => {
  const way = (origin: string, rest: Record<string, unknown>) =>
    registrationWay({ serverMetadata: serverMetadata("https://as.example", rest) }, origin);
  const both = { client_id_metadata_document_supported: true };
  expect(way("https://gatehouse.example", both)).toBe("cimd");
  expect(way("http://gatehouse.example", both)).toBe("dcr");
  expect(way("https://localhost:3000", both)).toBe("dcr");
  expect(way("https://gatehouse.example", { registration_endpoint: undefined })).toBe("none");
  // Private networks are open in these tests.
  expect(way("http://10.0.0.5:3000", { ...both, registration_endpoint: undefined })).toBe("cimd");
});
