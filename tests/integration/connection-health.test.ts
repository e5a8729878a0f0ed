// Health: what is remembered of contacts, the warning before a sign-in ends, and diagnoses that hold no secret whatever the server says.
import { afterEach, beforeEach, expect, test } from "vitest";

import { failureReport } from "#app/components/failure-report.ts";
import { attemptStatus } from "#server/connections/attempt-status.ts";
import { byId } from "#server/connections/by-id.ts";
import { connect } from "#server/connections/connect.ts";
import { create } from "#server/connections/create.ts";
import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import { list } from "#server/connections/list.ts";
import { refresh } from "#server/connections/refresh.ts";
import { db } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { demandHeader, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startOAuthUpstream } from "#tests/fakes/oauth-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { goToProvider, oauthWorld, parametersOf, signInAtProvider } from "#tests/setup/oauth.ts";

useDatabase();

const everyone = { organization: true, membershipIds: [], teamIds: [] };
const planted = "planted-key-0123456789";
const hourMs = 3_600_000;
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

const keyed = (credentialMode: "shared" | "per_member" = "shared") =>
  create(owner.actor, {
    name: "Keyed",
    url: `${upstream.url}?team=${planted}`,
    authType: "api_key",
    credentialMode,
    apiKey: planted,
    headerName: "X-API-Key",
    headerPrefix: "",
    access: everyone,
  });
const fails = (status = 503): NonNullable<FakeUpstream["intercept"]> => {
  return (_req, res) => {
    res.writeHead(status, { "content-type": "text/html" }).end(`<h1>${planted}</h1>`);
    return true;
  };
};

test("the newest contacts are kept, ten good and ten bad, each bad one under the id of its log line", async () => {
  const { id } = await keyed();
  await refresh(owner.actor, { id });
  await closeAllSessions();
  upstream.intercept = fails();
  for (let count = 0; count < 12; count += 1) await expect(refresh(owner.actor, { id })).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
  const bad = await byId(owner.actor, { id });
  expect(bad.contacts.map(({ failure }) => failure?.phase ?? "good")).toEqual([...Array<string>(10).fill("http"), "good", "good"]);
  const references = bad.contacts.flatMap(({ failure }) => failure?.reference ?? []);
  expect(new Set(references).size).toBe(10);
  expect(bad.failure).toMatchObject({ phase: "http", actor: "provider", reference: references[0] });

  upstream.intercept = null;
  for (let count = 0; count < 12; count += 1) await refresh(owner.actor, { id });
  const good = await byId(owner.actor, { id });
  expect(good.contacts.filter(({ failure }) => failure === null)).toHaveLength(10);
  expect(good.contacts.filter(({ failure }) => failure !== null)).toHaveLength(10);
  expect(good.failure).toBeNull();
});

test("an admin sees whose account fails, and the member sees it of their own", async () => {
  const { id } = await keyed("per_member");
  const priya = await createMember({ id: owner.actor.orgId, name: "Acme" }, { name: "Priya" });
  await connect(priya.actor, { id, apiKey: planted });
  await closeAllSessions();
  upstream.intercept = fails();
  await expect(refresh(priya.actor, { id })).rejects.toBeInstanceOf(DomainError);
  const { accounts, failure } = await byId(owner.actor, { id });
  expect(failure).toBeNull();
  expect(accounts.find(({ name }) => name === "Priya")).toMatchObject({ failure: { phase: "http" }, lastFailureAt: expect.any(Date) });
  expect(await list(priya.actor, { scope: "usable" })).toMatchObject([{ id, failure: { phase: "http" } }]);
  expect(await list(owner.actor, { scope: "usable" })).toMatchObject([{ id, failure: null }]);
});

const rpcError: NonNullable<FakeUpstream["intercept"]> = (_req, res, body) => {
  const id = typeof body === "object" && body !== null && "id" in body ? body.id : null;
  const error = { code: -32_000, message: `no entry for ${planted}`, data: { key: planted } };
  res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
  return true;
};

const redirects: NonNullable<FakeUpstream["intercept"]> = (_req, res) => {
  res.writeHead(302, { location: `ftp://${planted}@127.0.0.1/${planted}` }).end();
  return true;
};

test.each([
  ["in a web page", fails(200)],
  ["in an error page", fails(500)],
  ["in a JSON-RPC error", rpcError],
  ["in its challenge", demandHeader("x-api-key", "another", `Bearer error="invalid_token", error_description="${planted}"`)],
  ["in a redirect", redirects],
])("a server that repeats the key %s puts it into no diagnosis, report or row", async (_where, intercept) => {
  upstream.intercept = intercept;
  const refused = await keyed().catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "UPSTREAM_FAILED" });
  const failure = refused instanceof DomainError ? refused.details.failure : undefined;
  if (!failure) throw new Error("No diagnosis.");
  const subject = `${upstream.url}?team=${planted}`;
  expect(failureReport(failure, { title: "It failed", reference: owner.actor.requestId, subject })).not.toContain(planted);

  upstream.intercept = null;
  const { id } = await keyed();
  await closeAllSessions();
  upstream.intercept = intercept;
  await expect(refresh(owner.actor, { id })).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
  const stored = await byId(owner.actor, { id });
  expect(stored.failure).not.toBeNull();
  expect(JSON.stringify([stored.failure, stored.contacts])).not.toContain(planted);
});

test("a sign-in without a refresh token warns before it ends, one that renews itself does not", async () => {
  const noOffline = {
    metadata: (document: Record<string, unknown>) => ({ ...document, scopes_supported: ["ledger:read", "ledger:write"] }),
  };
  const once = await startOAuthUpstream(noOffline);
  const renewing = await startOAuthUpstream();
  try {
    const short = await oauthWorld(once.url);
    expect(await signInAtProvider(short.owner, short.connectionId)).toMatchObject({ state: "connected" });
    const { endsAt, credential } = await byId(short.owner, { id: short.connectionId });
    expect(endsAt).toEqual(credential?.expiresAt);
    expect(credential?.renewable).toBe(false);
    expect(await list(short.member, { scope: "usable" })).toMatchObject([{ endsAt }]);
    const later = new Date(Date.now() + 100 * hourMs);
    await db.credential.updateMany({ where: { connectionId: short.connectionId }, data: { expiresAt: later } });
    expect((await byId(short.owner, { id: short.connectionId })).endsAt).toBeNull();

    const long = await oauthWorld(renewing.url);
    await signInAtProvider(long.owner, long.connectionId);
    expect(await byId(long.owner, { id: long.connectionId })).toMatchObject({ endsAt: null, credential: { renewable: true } });
    const secretExpiresAt = new Date(Date.now() + 24 * hourMs);
    await db.oAuthClient.updateMany({ where: { connectionId: long.connectionId }, data: { secretExpiresAt } });
    expect((await byId(long.owner, { id: long.connectionId })).oauthClient?.secretEndsAt).toEqual(secretExpiresAt);
  } finally {
    await Promise.all([once.close(), renewing.close()]);
  }
});

test("a sign-in that fails on the way back tells the page that waits for it the phase, who acts and the reference", async () => {
  const provider = await startOAuthUpstream();
  try {
    const { owner: admin, connectionId } = await oauthWorld(provider.url);
    const { attemptId, callback } = await goToProvider(admin, connectionId);
    provider.tokenFailure = 503;
    expect(await finishAuthorization(admin, parametersOf(callback))).toMatchObject({ state: "failed" });
    const { failure } = await attemptStatus(admin, { attemptId });
    expect(failure).toMatchObject({ phase: "token", reference: admin.requestId });
    expect(failure?.advice).not.toBe("");
  } finally {
    await provider.close();
  }
});
