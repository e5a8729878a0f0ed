// The life of an access token after the sign-in: renewed once, kept when the provider is down, given up when it says so.
import { createServer, type RequestListener } from "node:http";
import { inspect } from "node:util";

import { afterEach, expect, test, vi } from "vitest";

import { refresh } from "#server/connections/refresh.ts";
import { db } from "#server/db.ts";
import { log } from "#server/log.ts";
import { changed } from "#server/freshness.ts";
import { requireUsable } from "#server/grants/access.ts";
import { revoke } from "#server/oauth/revoke.ts";
import { openTokens, tokenColumns } from "#server/oauth/token-set.ts";
import { accessToken, refreshAfter401, rejectCredential } from "#server/oauth/tokens.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { targetOf } from "#server/upstream/target.ts";
import type { OAuthUpstream } from "#tests/fakes/oauth-upstream.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { connectedWorld, type ConnectedOptions, signInAtProvider } from "#tests/setup/oauth.ts";

useDatabase();

const running: OAuthUpstream[] = [];

afterEach(async () => {
  await closeAllSessions();
  await Promise.all(running.splice(0).map((upstream) => upstream.close()));
});

async function connected(options: ConnectedOptions = {}) {
  const world = await connectedWorld(options);
  running.push(world.upstream);
  return world;
}

/** A server on a free port of this machine. */
async function listening(answer: RequestListener, host = "127.0.0.1") {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://${host}:${typeof address === "object" && address ? address.port : 0}`, close };
}

async function call({ owner, connectionId }: { owner: { orgId: string; membershipId: string }; connectionId: string }) {
  const usable = await requireUsable(owner, connectionId);
  return callTool(targetOf(usable), { name: "whoami", arguments: {} }, { caller: "somebody", signal: AbortSignal.timeout(15_000) });
}

test("a token that is good for long is used as it is", async () => {
  const { shared, refreshes } = await connected();
  expect(await accessToken(shared)).toBe(await accessToken(shared));
  expect(refreshes()).toBe(0);
});

test("a token is renewed ahead of its end, the rotated refresh token is kept, and the new pair works", async () => {
  const { shared, refreshes, row, ...world } = await connected({ endsIn: 30 });
  const before = await row();
  const old = openTokens(shared.connectionId, "shared", before.sealed ?? "");
  const token = await accessToken(shared);
  expect(token).not.toBe(old.accessToken);
  const after = await row();
  const stored = openTokens(shared.connectionId, "shared", after.sealed ?? "");
  expect(stored.accessToken).toBe(token);
  expect(stored.refreshToken).not.toBe(old.refreshToken);
  expect(after).toMatchObject({ revision: before.revision, refreshCount: before.refreshCount + 1, refreshUntil: null, status: "active" });
  expect(after.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 500_000);
  expect(refreshes()).toBe(1);
  expect((await call(world)).structuredContent).toEqual({ account: "bookkeeping@harborpine.example" });
});

test("a short-lived token is renewed in its last tenth only", async () => {
  const { shared, refreshes } = await connected({ accessTokenSeconds: 30 });
  await accessToken(shared);
  expect(refreshes()).toBe(0);
});

test("the refresh token stays when the provider sends no new one", async () => {
  const { shared, refreshes, row } = await connected({ endsIn: 1, rotate: false });
  const old = openTokens(shared.connectionId, "shared", (await row()).sealed ?? "");
  await accessToken(shared);
  expect(openTokens(shared.connectionId, "shared", (await row()).sealed ?? "").refreshToken).toBe(old.refreshToken);
  expect(refreshes()).toBe(1);
});

test("twenty calls at the end of a token make one refresh, and all of them succeed", async () => {
  const { refreshes, upstream, ...world } = await connected({ endsIn: -1 });
  upstream.expireAccessTokens();
  const results = await Promise.all(Array.from({ length: 20 }, () => call(world)));
  for (const result of results) expect(result.structuredContent).toEqual({ account: "bookkeeping@harborpine.example" });
  expect(refreshes()).toBe(1);
  expect(upstream.requests.filter(({ grantType }) => grantType === "refresh_token")).toHaveLength(1);
});

test("while another process refreshes, this one waits and takes its token", async () => {
  const { shared, row, refreshes } = await connected({ endsIn: -1 });
  const { id, refreshCount, sealed } = await row();
  await db.credential.update({ where: { id }, data: { refreshUntil: new Date(Date.now() + 20_000) } });
  const waiting = accessToken(shared);
  const tokens = openTokens(shared.connectionId, "shared", sealed ?? "");
  const columns = tokenColumns(shared.connectionId, "shared", { ...tokens, accessToken: "from the other process" }, 600);
  await db.credential.update({ where: { id }, data: { ...columns, refreshCount: refreshCount + 1, refreshUntil: null } });
  expect(await waiting).toBe("from the other process");
  expect(refreshes()).toBe(0);
});

test("a process that died during its refresh holds nobody up for ever", async () => {
  const { shared, row, refreshes } = await connected({ endsIn: -1 });
  await db.credential.update({ where: { id: (await row()).id }, data: { refreshUntil: new Date(Date.now() - 1) } });
  await accessToken(shared);
  expect(refreshes()).toBe(1);
});

test.each([
  ["lets the old refresh token pass once more", { rotate: false }, "active"],
  ["voids what is used twice", { rotate: true }, "rejected"],
])("a process that died between the provider's answer and its storing: a provider that %s", async (_words, options, status) => {
  const { shared, row, upstream, ...world } = await connected({ endsIn: -1, ...options });
  const { id, sealed } = await row();
  const { refreshToken, client, resource } = openTokens(shared.connectionId, "shared", sealed ?? "");
  // What the dead process did: took the lease, spent the refresh token, and stored nothing.
  await db.credential.update({ where: { id }, data: { refreshUntil: new Date(Date.now() - 1) } });
  const body = new URLSearchParams({ grant_type: "refresh_token", client_id: client.client_id });
  body.set("refresh_token", refreshToken ?? "");
  body.set("resource", resource ?? "");
  expect((await fetch(`${upstream.issuer}/token`, { method: "POST", body })).status).toBe(200);

  const answer = await call(world).catch((error: unknown) => error);
  if (status === "active") expect(answer).toMatchObject({ structuredContent: { account: "bookkeeping@harborpine.example" } });
  else expect(answer).toMatchObject({ reason: "unauthorized" });
  expect(await row()).toMatchObject({ status, refreshUntil: null });
});

test("two processes at the end of a token make one refresh between them", async () => {
  const { shared, refreshes } = await connected({ endsIn: -1 });
  // The same module once more, with nothing in common but the database.
  const another = "/server/oauth/tokens.ts?another-process";
  const other: { accessToken: typeof accessToken } = await import(another);
  expect(other.accessToken).not.toBe(accessToken);
  const tokens = await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 ? accessToken : other.accessToken)(shared)));
  expect(new Set(tokens).size).toBe(1);
  expect(refreshes()).toBe(1);
});

test.each([
  ["succeeds", null],
  ["is refused", 400],
])("a sign-in that happens during a refresh wins over it, when the refresh %s", async (_words, tokenFailure) => {
  const { shared, row, upstream } = await connected({ endsIn: -1 });
  const { id, refreshCount, sealed } = await row();
  let open = () => {};
  upstream.tokenGate = new Promise((resolve) => (open = resolve));
  upstream.tokenFailure = tokenFailure;
  const asked = upstream.requests.length;
  const refreshing = accessToken(shared).catch(() => null);
  await vi.waitFor(() => expect(upstream.requests.length).toBeGreaterThan(asked));
  const tokens = openTokens(shared.connectionId, "shared", sealed ?? "");
  const columns = tokenColumns(shared.connectionId, "shared", { ...tokens, accessToken: "from the new sign-in" }, 600);
  await db.credential.update({ where: { id }, data: { ...columns, refreshCount: refreshCount + 1, refreshUntil: null } });
  open();
  await refreshing;
  changed(shared.orgId);
  expect(await row()).toMatchObject({ status: "active" });
  expect(await accessToken(shared)).toBe("from the new sign-in");
});

test("a refused refresh token marks the credential, tells so in search, and leaves an audit row; a new sign-in mends it", async () => {
  const { shared, owner, connectionId, upstream } = await connected({ endsIn: -1 });
  const target = targetOf(await requireUsable(owner, connectionId));
  upstream.revokeEverything();
  const calling = callTool(target, { name: "whoami", arguments: {} }, { caller: "somebody", signal: AbortSignal.timeout(15_000) });
  await expect(calling).rejects.toMatchObject({ reason: "unauthorized" });
  await expect(accessToken(shared)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  expect((await requireUsable(owner, connectionId)).state).toMatchObject({ name: "reconnect_required", actor: "organization_admin" });
  expect(await db.auditEvent.findFirst({ where: { orgId: shared.orgId, action: "connection.rejected" } })).toMatchObject({
    outcome: "failed",
  });
  // It is not asked again and again.
  const asked = upstream.requests.length;
  await expect(accessToken(shared)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  expect(upstream.requests).toHaveLength(asked);

  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  expect((await requireUsable(owner, connectionId)).state.name).toBe("ready");
});

test("a listing in the background that is refused asks nobody to sign in again; a person's own Refresh does", async () => {
  const { owner, connectionId, upstream, row } = await connected({ endsIn: -1 });
  upstream.revokeEverything();
  await expect(syncCatalog(targetOf(await requireUsable(owner, connectionId)))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  expect(await row()).toMatchObject({ status: "active", refreshUntil: null });
  await expect(refresh(owner, { id: connectionId })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  expect(await row()).toMatchObject({ status: "rejected", refreshUntil: null });
});

test("a provider that fails keeps everything: the old token goes on to its end, and afterwards the failure says it is passing", async () => {
  const { shared, row, upstream, refreshes } = await connected({ endsIn: 30 });
  const before = await row();
  const old = openTokens(shared.connectionId, "shared", before.sealed ?? "");
  upstream.tokenFailure = 503;
  expect(await accessToken(shared)).toBe(old.accessToken);
  expect(upstream.requests.at(-1)).toMatchObject({ path: "/token", status: 503 });
  // And does not pay for the failure at every call.
  const asked = upstream.requests.length;
  expect(await accessToken(shared)).toBe(old.accessToken);
  expect(upstream.requests).toHaveLength(asked);

  await db.credential.update({ where: { id: before.id }, data: { expiresAt: new Date(Date.now() - 1) } });
  changed(shared.orgId);
  await expect(accessToken(shared)).rejects.toMatchObject({ code: "UPSTREAM_FAILED", details: { failure: { phase: "token" } } });
  expect(await row()).toMatchObject({ status: "active", sealed: before.sealed, refreshUntil: null });

  upstream.tokenFailure = null;
  expect(await accessToken(shared)).not.toBe(old.accessToken);
  expect(refreshes()).toBe(1);
});

test("a provider that is gone keeps everything too", async () => {
  const { shared, row, upstream } = await connected({ endsIn: -1 });
  await upstream.close();
  await expect(accessToken(shared)).rejects.toMatchObject({ code: "UPSTREAM_FAILED", details: { failure: { phase: "tcp" } } });
  expect(await row()).toMatchObject({ status: "active", refreshUntil: null });
});

test("a 401 on a call is answered by one refresh and one more try", async () => {
  const { refreshes, upstream, ...world } = await connected();
  await call(world);
  upstream.expireAccessTokens();
  const from = upstream.requests.length;
  expect((await call(world)).structuredContent).toEqual({ account: "bookkeeping@harborpine.example" });
  expect(upstream.requests.slice(from).map(({ path, status }) => `${path} ${status}`)).toEqual(["/mcp 401", "/token 200", "/mcp 200"]);
  expect(refreshes()).toBe(1);
});

test("after a 401, a token that was renewed meanwhile is used without another refresh; without a refresh token there is none", async () => {
  const { shared, row, refreshes } = await connected();
  expect(await refreshAfter401({ ...shared, refused: "an older one" })).toBe(await accessToken(shared));
  const tokens = openTokens(shared.connectionId, "shared", (await row()).sealed ?? "");
  await db.credential.updateMany({
    where: { connectionId: shared.connectionId },
    data: tokenColumns(shared.connectionId, "shared", { ...tokens, refreshToken: null }, undefined),
  });
  changed(shared.orgId);
  expect(await refreshAfter401({ ...shared, refused: tokens.accessToken })).toBeNull();
  expect(refreshes()).toBe(0);
});

test("another organization's key opens nothing", async () => {
  const { shared } = await connected();
  await expect(accessToken({ ...shared, orgId: "another" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

test("a session from before a credential was removed and made anew gets nothing of the new one, and cannot end it", async () => {
  const { shared, row, refreshes } = await connected();
  const { id: _id, ...before } = await row();
  const remade = { ...openTokens(shared.connectionId, "shared", before.sealed ?? ""), accessToken: "of the newer account" };
  await db.credential.deleteMany({ where: { connectionId: shared.connectionId } });
  const { id, revision } = await db.credential.create({
    data: { ...before, ...tokenColumns(shared.connectionId, "shared", remade, 600), revision: shared.credential.revision },
  });
  changed(shared.orgId);
  await expect(accessToken(shared)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(refreshAfter401({ ...shared, refused: "the old one" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await rejectCredential(shared, "The server said invalid_token on a call.");
  expect(await row()).toMatchObject({ id, status: "active" });
  expect(await accessToken({ ...shared, credential: { id, revision } })).toBe("of the newer account");
  expect(refreshes()).toBe(0);
});

test("tokens go to no address but the connection's own", async () => {
  const { shared } = await connected();
  const moved = "https://moved.example/mcp";
  await db.connection.update({ where: { id: shared.connectionId }, data: { url: moved } });
  changed(shared.orgId);
  await expect(accessToken(shared)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(refreshAfter401({ ...shared, refused: "the old one" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

test("a provider that repeats what it was sent in its refusal is not quoted, neither in the log nor in the error's causes", async () => {
  const { shared, row } = await connected({ endsIn: -1 });
  const { url: token_endpoint, close } = await listening((req, res) => void req.pipe(res.writeHead(500)));
  const tokens = openTokens(shared.connectionId, "shared", (await row()).sealed ?? "");
  const echoing = { ...tokens, serverMetadata: { ...tokens.serverMetadata, token_endpoint } };
  await db.credential.updateMany({ data: tokenColumns(shared.connectionId, "shared", echoing, -1) });
  changed(shared.orgId);

  const warn = vi.spyOn(log, "warn");
  const error: unknown = await accessToken(shared).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "UPSTREAM_FAILED" });
  expect(warn).toHaveBeenCalledWith(expect.objectContaining({ causes: ["OAuthError: server_error"] }), "token refresh failed");
  expect(inspect([warn.mock.calls, error], { depth: 10 })).not.toContain(tokens.refreshToken ?? "");
  warn.mockRestore();
  await close();
});

test("tokens of a time when a revocation endpoint without https was let through are not sent there", async () => {
  const { shared, row, upstream } = await connected();
  const tokens = openTokens(shared.connectionId, "shared", (await row()).sealed ?? "");
  const told: string[] = [];
  const { url, close } = await listening((req, res) => {
    told.push(req.url ?? "");
    res.end();
  }, "127.0.0.2");
  const insecure = { ...tokens, serverMetadata: { ...tokens.serverMetadata, revocation_endpoint: `${url}/revoke` } };
  await revoke({ ...shared, sealed: tokenColumns(shared.connectionId, "shared", insecure, 600).sealed });
  expect(told).toEqual([]);
  await close();
  await revoke({ ...shared, sealed: (await row()).sealed });
  expect(upstream.requests.at(-1)).toMatchObject({ path: "/token/revocation", status: 200 });
});

const away = () => Object.assign(new Error("Can't reach database server"), { code: "P1001" });

/** The database fails when renewed tokens are stored, as long as `isAway` says so. Returns how often it did. */
function databaseAwayForTokens(isAway: () => boolean) {
  const { updateMany } = db.credential;
  let failures = 0;
  const fails = (args: { data: object } | undefined) => args !== undefined && "sealed" in args.data && isAway();
  const spy = vi.spyOn(db.credential, "updateMany").mockImplementation((args) => {
    if (!fails(args)) return updateMany(args);
    failures += 1;
    throw away();
  });
  return { failures: () => failures, end: () => spy.mockRestore() };
}

test("renewed tokens survive a database that is away for a moment, and the provider is asked once", async () => {
  const { shared, row, refreshes, ...world } = await connected({ endsIn: -1 });
  let left = 2;
  const database = databaseAwayForTokens(() => left-- > 0);
  const token = await accessToken(shared);
  database.end();
  expect(database.failures()).toBe(2);
  expect(openTokens(shared.connectionId, "shared", (await row()).sealed ?? "").accessToken).toBe(token);
  expect(refreshes()).toBe(1);
  expect((await call(world)).structuredContent).toEqual({ account: "bookkeeping@harborpine.example" });
});

test("a database that stays away is told as ours and not as the provider's, and the credential stays", async () => {
  const { row, ...world } = await connected({ endsIn: -1 });
  const database = databaseAwayForTokens(() => true);
  const now = Date.now.bind(Date);
  // The lease's time passes at once.
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + database.failures() * 60_000);
  await expect(call(world)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  clock.mockRestore();
  database.end();
  expect(await row()).toMatchObject({ status: "active" });
  expect((await requireUsable(world.owner, world.connectionId)).state.name).toBe("ready");
});

test("a refresh that finds its credential disconnected leaves no tokens behind at the provider", async () => {
  const { shared, upstream } = await connected({ endsIn: -1 });
  let open = () => {};
  upstream.tokenGate = new Promise((resolve) => (open = resolve));
  const asked = upstream.requests.length;
  const refreshing = accessToken(shared);
  refreshing.catch(() => undefined);
  await vi.waitFor(() => expect(upstream.requests.length).toBeGreaterThan(asked));
  await db.credential.deleteMany({ where: { connectionId: shared.connectionId } });
  open();
  await expect(refreshing).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  expect(upstream.requests.at(-1)).toMatchObject({ path: "/token/revocation", status: 200 });
  expect(upstream.count("AccessToken")).toBe(0);
});
