// What agents' tokens do over their life: rotation and its races, replays, what is stored of them, and that nothing grows.
import { afterAll, beforeAll, expect, test } from "vitest";

import { db } from "#server/db.ts";
import { sweepRecords } from "#server/signin/records.ts";
import { agentAt } from "#tests/setup/agent-sign-in.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { startHost } from "#tests/setup/host.ts";

useDatabase();
let host: Awaited<ReturnType<typeof startHost>>;
let agent: ReturnType<typeof agentAt>;

beforeAll(async () => {
  host = await startHost();
  agent = agentAt(host.origin);
});
afterAll(() => host.close());

const refreshed = (clientId: string, refresh: string, more: Record<string, string> = {}) =>
  agent.token({ grant_type: "refresh_token", client_id: clientId, refresh_token: refresh, ...more });
const invalidGrant = { status: 400, body: { error: "invalid_grant" } };

/** Makes it a minute and a second later for refresh tokens that were used. */
async function pastTheGrace(): Promise<void> {
  await db.oAuthRecord.updateMany({
    where: { model: "RefreshToken", consumedAt: { not: null } },
    data: { consumedAt: new Date(Date.now() - 61_000) },
  });
}

test("a used refresh token that comes again after the grace ends the grant: thief and owner are both out", async () => {
  const { clientId, access, refresh } = await agent.tokensByHand();
  const first = await refreshed(clientId, refresh);
  const second = await refreshed(clientId, String(first.body.refresh_token));
  expect([first.status, second.status]).toEqual([200, 200]);
  expect((await refreshed(clientId, refresh)).status).toBe(200);
  await pastTheGrace();
  const before = await db.agentGrant.count();
  expect(await refreshed(clientId, refresh)).toMatchObject(invalidGrant);
  expect(await db.agentGrant.count()).toBe(before - 1);
  expect(await refreshed(clientId, String(second.body.refresh_token))).toMatchObject(invalidGrant);
  for (const token of [access, first.body.access_token, second.body.access_token]) {
    expect((await agent.ask(String(token))).status).toBe(401);
  }
  expect(await db.auditEvent.count({ where: { action: "agent.signed_out" } })).toBe(1);
});

test("a code that comes again ends what was issued for it", async () => {
  const { clientId, access, refresh, code, verifier } = await agent.tokensByHand();
  const again = { grant_type: "authorization_code", client_id: clientId, code, code_verifier: verifier };
  expect(await agent.token({ ...again, redirect_uri: "http://127.0.0.1:7777/callback" })).toMatchObject(invalidGrant);
  expect((await agent.ask(access)).status).toBe(401);
  expect(await refreshed(clientId, refresh)).toMatchObject(invalidGrant);
});

test("a refresh for another client, another resource or more scopes is refused and costs nothing", async () => {
  const { clientId, access, refresh } = await agent.tokensByHand();
  const other = String((await agent.register()).body.client_id);
  expect(await refreshed(other, refresh)).toMatchObject(invalidGrant);
  expect(await refreshed(clientId, refresh, { resource: "https://elsewhere.example/mcp" })).toMatchObject({
    status: 400,
    body: { error: "invalid_target" },
  });
  expect(await refreshed(clientId, refresh, { scope: "mcp:read admin" })).toMatchObject({ status: 400 });
  const narrower = await refreshed(clientId, refresh, { scope: "mcp:read" });
  expect(narrower).toMatchObject({ status: 200, body: { scope: "mcp:read" } });
  expect((await agent.ask(access)).status).toBe(200);
});

test("fifty refreshes at once all succeed, the grant lives on, and a client that refreshes in a loop keeps a bounded number of tokens", async () => {
  const { clientId, refresh } = await agent.tokensByHand();
  const grant = await db.agentGrant.findFirstOrThrow({ where: { clientId } });
  const all = await Promise.all(Array.from({ length: 50 }, () => refreshed(clientId, refresh)));
  expect(all.map(({ status }) => status)).toEqual(Array<number>(50).fill(200));
  const answers = await Promise.all(all.map(({ body }) => agent.ask(String(body.access_token))));
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(50).fill(200));
  expect((await refreshed(clientId, String(all[49]?.body.refresh_token))).status).toBe(200);
  expect(await db.agentGrant.count({ where: { id: grant.id } })).toBe(1);
  for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 50 }, () => refreshed(clientId, refresh)));
  for (const model of ["RefreshToken", "AccessToken"]) {
    expect(await db.oAuthRecord.count({ where: { model, grantId: grant.id } })).toBeLessThanOrEqual(200);
  }
});

test("an agent that was given too little is asked to step up, with all it has and what was missing", async () => {
  const { clientId, refresh } = await agent.tokensByHand();
  const { body } = await refreshed(clientId, refresh, { scope: "mcp:write" });
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "search_capabilities", arguments: { query: "x" } } };
  const response = await fetch(`${host.origin}/mcp/agent`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${String(body.access_token)}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify(call),
  });
  expect(response.status).toBe(403);
  expect(response.headers.get("www-authenticate")).toBe(
    `Bearer error="insufficient_scope", scope="mcp:write mcp:read", resource_metadata="${host.origin}/.well-known/oauth-protected-resource/mcp/agent"`,
  );
  expect(await response.json()).toMatchObject({ result: { isError: true, structuredContent: { error: "insufficient_mcp_scope" } } });
  for (const method of ["GET", "DELETE"]) {
    const headers = { authorization: `Bearer ${String(body.access_token)}` };
    expect((await fetch(`${host.origin}/mcp/agent`, { method, headers })).status).toBe(405);
  }
});

test("nothing that is stored opens anything: no token, code or client name is in the tables as it is", async () => {
  const { access, refresh, code } = await agent.tokensByHand();
  const stored = JSON.stringify([await db.oAuthRecord.findMany(), await db.auditEvent.findMany()]);
  for (const secret of [access, refresh, code]) expect(stored).not.toContain(secret);
});

test("sign-ins one after another leave what is still good, and the sweep takes the rest", async () => {
  const models = async () => {
    const rows = await db.oAuthRecord.groupBy({ by: ["model"], _count: true });
    return Object.fromEntries(rows.map(({ model, _count }) => [model, _count]));
  };
  await sweepRecords();
  const before = await models();
  for (let times = 0; times < 5; times += 1) await agent.tokensByHand();
  // As it is an hour and a day later: what had an end has come to it, and the clients have been there for long.
  await db.oAuthRecord.updateMany({ where: { expiresAt: { not: null } }, data: { expiresAt: new Date(Date.now() - 1_000) } });
  await db.oAuthRecord.updateMany({ where: { model: "Client" }, data: { createdAt: new Date(Date.now() - 2 * 86_400_000) } });
  await db.agentGrant.deleteMany();
  await sweepRecords();
  expect(before.Keys).toBe(1);
  expect(await models()).toEqual({ Keys: 1 });
});
