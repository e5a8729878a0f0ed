// Two processes of the built product on one PostgreSQL: what one changes the other knows at once.
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findPostgres } from "../../scripts/programs.mjs";
import { echoTool, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { type OAuthUpstream, startOAuthUpstream } from "#tests/fakes/oauth-upstream.ts";
import { startSessionUpstream } from "#tests/fakes/session-upstream.ts";
import { visit } from "#tests/fakes/visitor.ts";
import { agentAt, pkce } from "#tests/setup/agent-sign-in.ts";
import { Browser, redirectUri } from "#tests/setup/browser.ts";
import { startPostgres } from "#tests/setup/postgres.ts";
import { bootstrapToken, type Product, startProduct } from "#tests/setup/product.ts";

const hasPostgres = findPostgres() !== undefined;
let stopPostgres: () => Promise<void>;
let admin: Client;
let settings: { DATABASE_URL: string };
let replicas: [Product, Product];

beforeAll(async () => {
  if (!hasPostgres) return;
  const server = await startPostgres();
  stopPostgres = server.stop;
  admin = new Client({ connectionString: `${server.origin}/postgres` });
  await admin.connect();
  settings = { DATABASE_URL: `${server.origin}/postgres` };
  // One after the other: the first one makes the organization.
  const first = await startProduct(settings);
  replicas = [first, await startProduct(settings)];
});
afterAll(async () => {
  if (!hasPostgres) return;
  await Promise.all(replicas.map((replica) => replica.stop()));
  await admin.end();
  await stopPostgres();
});

function ask({ origin }: Product, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  return fetch(`${origin}/mcp/agent`, { method: "POST", headers, body }).then(({ status }) => status);
}

/** What one of the two tools answers through one of them, as structured content. */
async function agentCall({ origin }: Product, token: string, params: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const answer: { result?: { structuredContent?: unknown } } = await (
    await fetch(`${origin}/mcp/agent`, { method: "POST", headers, body })
  ).json();
  return answer.result?.structuredContent;
}

const execute = (replica: Product, token: string, name: string) =>
  agentCall(replica, token, { name: "execute_capability", arguments: { name, arguments: {} } });

/** A connection to `upstream` with a shared account, whose sign-in begins in one process and ends in another. */
async function signedIn(upstream: OAuthUpstream, begins: Product, ends: Product) {
  const id = await connectionTo(begins, upstream.url);
  const { authorizationUrl } = await begins.api<{ authorizationUrl: string }>("oauth.begin", { connectionId: id });
  const { pathname, search } = await visit(authorizationUrl, `${begins.origin}/oauth/callback`);
  const ended = await fetch(ends.origin + pathname + search, { headers: { authorization: `Bearer ${bootstrapToken}` } });
  expect(ended.status).toBe(200);
  const given = { name: "t", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 };
  const { token } = await begins.api<{ token: string }>("agentToken.create", given);
  return { id, token };
}

async function connectionTo(replica: Product, url: string): Promise<string> {
  const access = { organization: true, membershipIds: [], teamIds: [] };
  const input = { name: `Ledger at ${url}`, url, authType: "oauth", credentialMode: "shared", access };
  return (await replica.api<{ id: string }>("connection.create", input)).id;
}

const listeners = async () =>
  (await admin.query<{ pid: number }>("SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN gatehouse_changed%'")).rows;

/** Milliseconds from the first replica's answer that a token is revoked to the second one's first refusal of it, which just used it. */
async function untilRefused(): Promise<number> {
  const [first, second] = replicas;
  const token = await first.api<{ id: string; token: string }>("agentToken.create", { name: "t", scopes: ["mcp:read"], expiresInDays: 1 });
  expect(await ask(second, token.token)).toBe(200);
  await first.api("agentToken.revoke", { id: token.id });
  const revoked = performance.now();
  while ((await ask(second, token.token)) === 200) if (performance.now() - revoked > 5_000) throw new Error("The token lives on.");
  return performance.now() - revoked;
}

test.skipIf(!hasPostgres)("a token that is revoked in one process is refused by the other at once", async () => {
  await expect.poll(async () => (await listeners()).length).toBe(2);
  const waits: number[] = [];
  for (let times = 0; times < 5; times += 1) waits.push(await untilRefused());
  // Without a message a remembered token lives for what is left of its second.
  expect(Math.max(...waits)).toBeLessThan(500);
});

test.skipIf(!hasPostgres)("a listening connection that is lost is opened again, and meanwhile a second is the most", async () => {
  const before = await listeners();
  for (const { pid } of before) await admin.query("SELECT pg_terminate_backend($1)", [pid]);
  expect(await untilRefused()).toBeLessThan(1_500);
  await expect
    .poll(async () => (await listeners()).filter(({ pid }) => !before.some((old) => old.pid === pid)).length, { timeout: 10_000 })
    .toBe(2);
  expect(await untilRefused()).toBeLessThan(500);
});

test.skipIf(!hasPostgres)(
  "a sign-in begun in one process ends in the other; fifty calls of both at a token's end make one refresh",
  async () => {
    const [first, second] = replicas;
    const upstream = await startOAuthUpstream();
    const { id, token } = await signedIn(upstream, first, second);
    const call = (replica: Product) => execute(replica, token, `mcp:${id}:whoami`);
    const account = { account: "bookkeeping@harborpine.example" };
    expect([await call(first), await call(second)]).toEqual([account, account]);

    // In the database it has ended too, and at the provider in any case.
    await admin.query(`UPDATE "Credential" SET "expiresAt" = now() - interval '1 second' WHERE "connectionId" = $1`, [id]);
    upstream.expireAccessTokens();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, turn) => call(turn % 2 ? first : second)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set([JSON.stringify(account)]));
    expect(upstream.requests.filter(({ grantType }) => grantType === "refresh_token").map(({ status }) => status)).toEqual([200]);
    await upstream.close();
  },
);

test.skipIf(!hasPostgres)("an account that is disconnected in one process ends the other's session with it", async () => {
  const [first, second] = replicas;
  const upstream = await startSessionUpstream();
  const access = { organization: true, membershipIds: [], teamIds: [] };
  const input = { name: "Keyed", url: upstream.url, authType: "api_key", apiKey: "a-key-of-one", credentialMode: "shared", access };
  const { id } = await first.api<{ id: string }>("connection.create", input);
  const scopes = ["mcp:read", "mcp:write"];
  const { token } = await first.api<{ token: string }>("agentToken.create", { name: "t", scopes, expiresInDays: 1 });
  await execute(second, token, `mcp:${id}:echo`);
  const session = upstream.received.find(({ rpcMethod }) => rpcMethod === "tools/call")?.session ?? "";
  expect(upstream.sessions).toContain(session);
  await first.api("connection.disconnect", { id });
  await expect.poll(() => upstream.sessions.size, { timeout: 10_000 }).toBe(0);
  await upstream.close();
});

test.skipIf(!hasPostgres)("a tool that one process learns of is found through the other within a second", async () => {
  const [first, second] = replicas;
  const upstream = await startUpstream();
  const access = { organization: true, membershipIds: [], teamIds: [] };
  const input = { name: "Growing", url: upstream.url, authType: "none", credentialMode: "shared", access };
  const { id } = await first.api<{ id: string }>("connection.create", input);
  const { token } = await first.api<{ token: string }>("agentToken.create", { name: "t", scopes: ["mcp:read"], expiresInDays: 1 });
  const find = async (query: string) => {
    const found = await agentCall(second, token, { name: "search_capabilities", arguments: { query, connection: "Growing" } });
    return JSON.stringify(found);
  };
  expect(await find("echo")).toContain(`mcp:${id}:echo`);
  for (const name of ["brew_coffee", "make_tea", "pour_milk"]) {
    upstream.tools = [...upstream.tools, { ...echoTool, name, description: "" }];
    await first.api("connection.refresh", { id });
    await expect.poll(() => find(name), { timeout: 1_000, interval: 20 }).toContain(`mcp:${id}:${name}`);
  }
  await first.api("connection.remove", { id });
  await upstream.close();
});

test.skipIf(!hasPostgres)("a process that is stopped while it renews a sign-in for nobody in particular stores what it got", async () => {
  const [, second] = replicas;
  const upstream = await startOAuthUpstream();
  const leaving = await startProduct(settings);
  const { id, token } = await signedIn(upstream, leaving, leaving);
  await admin.query(`UPDATE "Catalog" SET "listedAt" = now() - interval '1 day' WHERE "connectionId" = $1`, [id]);
  upstream.expireAccessTokens();
  let open = () => {};
  upstream.tokenGate = new Promise((resolve) => (open = resolve));
  const isRenewing = () => upstream.requests.filter(({ path }) => path === "/token").length === 2;
  // A search answers from what is stored and lists in the background, which meets the end of the token.
  const search = () => agentCall(leaving, token, { name: "search_capabilities", arguments: { query: "whoami" } });
  await expect.poll(async () => (await search(), isRenewing())).toBe(true);
  const stopped = leaving.stop();
  await expect.poll(() => leaving.output()).toContain("waiting for sign-ins");
  open();
  expect(await stopped).toBe(0);
  expect(await execute(second, token, `mcp:${id}:whoami`)).toEqual({ account: "bookkeeping@harborpine.example" });
  expect(upstream.requests.filter(({ grantType }) => grantType === "refresh_token")).toHaveLength(1);
  await upstream.close();
});

test.skipIf(!hasPostgres)("of several that come with one code at the same moment, one gets tokens", async () => {
  const [first] = replicas;
  const second = await startProduct({ ...settings, PUBLIC_URL: first.origin });
  const agents = [agentAt(first.origin), agentAt(second.origin)] as const;
  const browser = new Browser(first.origin);
  await browser.signIn();
  for (let round = 0; round < 3; round += 1) {
    const clientId = String((await agents[0].register()).body.client_id);
    const { verifier, challenge } = pkce();
    const code = (await browser.consent(agents[0].authorizeUrl(clientId, challenge))).searchParams.get("code") ?? "";
    const given = { grant_type: "authorization_code", client_id: clientId, code, redirect_uri: redirectUri, code_verifier: verifier };
    const answers = await Promise.all(Array.from({ length: 8 }, (_, turn) => (turn % 2 ? agents[0] : agents[1]).token(given)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  }
  await second.stop();
});
