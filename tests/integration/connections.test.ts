// Connections against a real database and real sockets: what is refused leaves nothing behind, what is changed is changed whole.
import { createServer } from "node:http";

import { afterEach, beforeEach, expect, test } from "vitest";

import { byId } from "#server/connections/by-id.ts";
import { connect } from "#server/connections/connect.ts";
import { create } from "#server/connections/create.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { list } from "#server/connections/list.ts";
import { refresh } from "#server/connections/refresh.ts";
import { remove } from "#server/connections/remove.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { createCaller } from "#server/trpc/root.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember, createOrganization, createTeam, type Person } from "#prisma/factories.ts";
import { demandHeader, echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();

const everyone = { organization: true, membershipIds: [], teamIds: [] };
let upstream: FakeUpstream;
let owner: Person;

beforeEach(async () => {
  await resetDatabase();
  upstream = await startUpstream();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
});
afterEach(async () => {
  await closeAllSessions();
  await upstream.close();
});

const open = (name = "Echo", url = upstream.url) =>
  create(owner.actor, { name, url, authType: "none", credentialMode: "shared", access: everyone });
const keyed = (apiKey = "right-key") =>
  create(owner.actor, {
    name: "Keyed",
    url: upstream.url,
    authType: "api_key",
    credentialMode: "shared",
    apiKey,
    headerName: "X-API-Key",
    headerPrefix: "",
    access: everyone,
  });

async function leftBehind(): Promise<number> {
  const counts = await Promise.all([
    db.connection.count(),
    db.accessGrant.count(),
    db.credential.count(),
    db.catalog.count(),
    db.oAuthClient.count(),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

test.each([
  ["a scheme that is not http", "ftp://mcp.example.com/mcp", "BAD_INPUT"],
  ["no URL at all", "mcp example", "BAD_INPUT"],
  ["credentials in the URL", "https://user:secret@mcp.example.com/mcp", "BAD_INPUT"],
  ["a fragment", "https://mcp.example.com/mcp#tools", "BAD_INPUT"],
  ["a key in the query", "https://mcp.example.com/mcp?api_key=abc", "BAD_INPUT"],
  ["a host that does not exist", "https://nothing.invalid/mcp", "UPSTREAM_FAILED"],
  ["a port nobody listens on", "http://127.0.0.1:1/mcp", "UPSTREAM_FAILED"],
  ["cloud metadata, also where private addresses are open", "http://169.254.169.254/latest", "BAD_INPUT"],
])("%s creates nothing and says what is wrong", async (_what, url, code) => {
  const error = await open("Wrong", url).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject(
    code === "BAD_INPUT"
      ? { code, details: { issues: [{ path: "url" }] } }
      : { code, details: { failure: { seen: expect.any(String), advice: expect.any(String) } } },
  );
  expect(String(error)).not.toContain("user:");
  expect(await leftBehind()).toBe(0);
});

test.each([
  ["a web page", 200, "text/html", "<!doctype html><title>Hi</title>", "http"],
  ["JSON that is not MCP", 200, "application/json", '{"hello":"world"}', null],
  ["404", 404, "text/plain", "no", "http"],
  ["401", 401, "text/plain", "no", "http"],
  ["500", 500, "text/plain", "no", "http"],
])("a server that answers with %s creates nothing and names the phase", async (_what, status, type, body, phase) => {
  const server = createServer((_req, res) => res.writeHead(status, { "content-type": type }).end(body)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/mcp`;
  const error = await open("Wrong", url).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "UPSTREAM_FAILED", details: { failure: { actor: expect.any(String) } } });
  if (phase !== null) expect(error).toHaveProperty("details.failure.phase", phase);
  expect(await leftBehind()).toBe(0);
  server.closeAllConnections();
  server.close();
});

test("the same form sent twice at once makes one connection; the other is told about the name", async () => {
  const tries = await Promise.allSettled([open("Twice"), open("twice")]);
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const refused = tries.find((attempt) => attempt.status === "rejected");
  expect(refused?.reason).toMatchObject({ code: "CONFLICT", details: { issues: [{ path: "name" }] } });
  expect(await db.connection.count()).toBe(1);
  expect(await db.catalog.count()).toBe(1);
});

test("people of another organization cannot be granted at creation, and then nothing is there", async () => {
  const stranger = await createMember(await createOrganization());
  const access = { organization: false, membershipIds: [stranger.membershipId], teamIds: [] };
  const refused = create(owner.actor, { name: "E", url: upstream.url, authType: "none", credentialMode: "shared", access });
  await expect(refused).rejects.toMatchObject({ code: "BAD_INPUT", details: { issues: [{ path: "access.membershipIds" }] } });
  expect(await leftBehind()).toBe(0);
});

test("two admins editing: the second is told, and nothing of theirs is kept", async () => {
  const { id } = await open();
  await update(owner.actor, { id, version: 1, name: "First" });
  await expect(update(owner.actor, { id, version: 1, name: "Second" })).rejects.toMatchObject({ code: "CONFLICT" });
  const races = await Promise.allSettled([
    update(owner.actor, { id, version: 2, name: "A" }),
    update(owner.actor, { id, version: 2, name: "B" }),
  ]);
  expect(races.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await byId(owner.actor, { id })).toMatchObject({ version: 3, state: { name: "ready" } });
});

test("a rename keeps the connection connected; another URL forgets what was given for the old one", async () => {
  upstream.intercept = demandHeader("x-api-key", "right-key");
  const { id } = await keyed();
  expect(await update(owner.actor, { id, version: 1, name: "Renamed" })).toEqual({ version: 2, disconnected: false });
  expect(await db.credential.count()).toBe(1);
  expect(await update(owner.actor, { id, version: 2, url: `${upstream.origin}/elsewhere` })).toEqual({ version: 3, disconnected: true });
  expect([await db.credential.count(), await db.catalogTool.count()]).toEqual([0, 0]);
  expect(await byId(owner.actor, { id })).toMatchObject({ name: "Renamed", state: { name: "needs_connection" }, tools: [] });
});

test("a wrong key creates nothing, and later does not push out the right one", async () => {
  upstream.intercept = demandHeader("x-api-key", "right-key");
  await expect(keyed("wrong-key")).rejects.toMatchObject({
    code: "UPSTREAM_FAILED",
    details: { failure: { phase: "http", actor: "organization_admin" } },
  });
  expect(await leftBehind()).toBe(0);
  const { id } = await keyed();
  await expect(connect(owner.actor, { id, apiKey: "wrong-key" })).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
  expect(await refresh(owner.actor, { id })).toEqual({ added: 0, changed: 0, removed: 0 });
  expect(JSON.stringify(await byId(owner.actor, { id }))).not.toContain("right-key");
});

test("disconnecting forgets the credential and hides the tools, and keeps settings and grants", async () => {
  upstream.intercept = demandHeader("x-api-key", "right-key");
  const { id } = await keyed();
  expect(await disconnect(owner.actor, { id })).toEqual({ accounts: 1 });
  expect([await db.credential.count(), await db.catalogTool.count(), await db.accessGrant.count()]).toEqual([0, 0, 1]);
  expect(await connect(owner.actor, { id, apiKey: "right-key" })).toEqual({ tools: 1 });
  expect(await list(owner.actor, { scope: "usable" })).toMatchObject([
    { id, state: { name: "ready" }, connectedForMe: true, toolCount: 1 },
  ]);
});

test("removing leaves no row that belonged to it, and the audit trail", async () => {
  const { id } = await open();
  await remove(owner.actor, { id });
  expect([await leftBehind(), await db.catalogTool.count()]).toEqual([0, 0]);
  const actions = await db.auditEvent.findMany({ select: { action: true, targetName: true }, orderBy: { at: "asc" } });
  expect(actions).toEqual([
    { action: "connection.created", targetName: "Echo" },
    { action: "connection.removed", targetName: "Echo" },
  ]);
});

test("the access summary counts each person once", async () => {
  const org = { id: owner.actor.orgId };
  const [a, b] = [await createMember({ ...org, name: "Acme" }), await createMember({ ...org, name: "Acme" })];
  const team = await createTeam(org, "Both", [a.membershipId, b.membershipId]);
  const access = { organization: false, membershipIds: [a.membershipId], teamIds: [team.id] };
  await create(owner.actor, { name: "E", url: upstream.url, authType: "none", credentialMode: "shared", access });
  expect(await list(owner.actor, { scope: "manageable" })).toMatchObject([
    { access: { organization: false, memberships: 1, teams: 1, people: 2 } },
  ]);
  expect(await list(owner.actor, { scope: "usable" })).toEqual([]);
});

test("another organization's admin finds nothing to act on, a plain member may manage nothing", async () => {
  const { id } = await open();
  const stranger = createCaller({ actor: (await createMember(await createOrganization(), { role: "owner" })).actor, requestId: "r" });
  const member = createCaller({ actor: (await createMember({ id: owner.actor.orgId, name: "Acme" })).actor, requestId: "r" });
  const nobody = createCaller({ actor: null, requestId: "r" });
  const access = everyone;
  const verbs = (api: typeof stranger) => [
    () => api.connection.byId({ id }),
    () => api.connection.update({ id, version: 1, name: "X" }),
    () => api.connection.connect({ id }),
    () => api.connection.disconnect({ id }),
    () => api.connection.remove({ id }),
    () => api.grant.list({ connectionId: id }),
    () => api.grant.replace({ connectionId: id, version: 1, access }),
  ];
  for (const attempt of [
    ...verbs(stranger),
    () => stranger.connection.refresh({ id }),
    () => stranger.connection.tools({ id }),
    () => stranger.oauth.begin({ connectionId: id }),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: "NOT_FOUND" });
  }
  for (const attempt of [
    ...verbs(member),
    () => member.audit.list(),
    () => member.member.list(),
    () => member.connection.list({ scope: "manageable" }),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: "FORBIDDEN" });
  }
  for (const attempt of [
    ...verbs(nobody),
    () => nobody.connection.list(),
    () => nobody.agentToken.list(),
    () => nobody.search.preview({ query: "x" }),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  }
  expect(await byId(owner.actor, { id })).toMatchObject({ version: 1, state: { name: "ready" } });
});

test("a refresh records what is new, changed and gone; a failed one keeps the tools and says so", async () => {
  upstream.tools = [echoTool, { name: "old" }];
  const { id } = await open();
  upstream.tools = [{ ...echoTool, description: "Says it back." }, { name: "fresh" }];
  expect(await refresh(owner.actor, { id })).toEqual({ added: 1, changed: 1, removed: 1 });
  const detail = await byId(owner.actor, { id });
  expect(detail.tools.map(({ name }) => name)).toEqual(["echo", "fresh"]);
  expect(detail.tools[0]?.changedAt).not.toBeNull();
  upstream.intercept = (_req, res) => {
    res.writeHead(500).end();
    return true;
  };
  await expect(refresh(owner.actor, { id })).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
  expect(await byId(owner.actor, { id })).toMatchObject({ state: { name: "stale" }, toolCount: 2, failure: { seen: expect.any(String) } });
});

test("ten listings asked for at once are one request upstream; a list that goes round in circles is refused", async () => {
  const { id } = await open();
  const row = await db.connection.findUniqueOrThrow({ where: { id }, include: { credentials: true } });
  const target = { ...row, connectionId: id, connectionName: row.name, holder: "shared", credential: row.credentials[0] ?? null };
  await syncCatalog(target);
  upstream.received.length = 0;
  await Promise.all(Array.from({ length: 10 }, () => syncCatalog(target)));
  expect(upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/list")).toHaveLength(1);
  upstream.intercept = (_req, res, body) => {
    if (typeof body !== "object" || body === null || !("id" in body) || !("method" in body) || body.method !== "tools/list") return false;
    const result = { tools: [], nextCursor: "again", resultType: "complete", ttlMs: 1_000, cacheScope: "private" };
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id: body.id, result }));
    return true;
  };
  await expect(syncCatalog(target)).rejects.toMatchObject({
    details: { failure: { phase: "list", seen: expect.stringContaining("circles") } },
  });
});
