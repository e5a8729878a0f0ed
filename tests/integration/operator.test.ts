// The operator's command line: what it does, what it says, and that it reaches a running product and a stopped one.
import { once } from "node:events";
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";

import { beforeEach, describe, expect, inject, test, vi } from "vitest";
import { z } from "zod";

import { signIn } from "#server/auth/sign-in.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { answerWithoutDatabase, runCommand } from "#server/operator/commands.ts";
import { openControl, sendCommand } from "#server/operator/control.ts";
import { reseal } from "#server/operator/reseal.ts";
import { createSealer } from "#server/seal.ts";
import { sealer } from "#server/secrets.ts";
import { verify } from "#server/tokens/verify.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { runCommandLine } from "#tests/setup/command-line.ts";
import { createServerDatabase, resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { startProduct, temporaryFolder } from "#tests/setup/product.ts";

useDatabase();
const source = inject("database");

const run = (line: string) => runCommand(line.split(" ").filter(Boolean));
async function json<Shape extends z.ZodType>(shape: Shape, line: string): Promise<z.output<Shape>> {
  const { code, stdout, stderr } = await run(`${line} --json`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return shape.parse(JSON.parse(stdout));
}
const visit = { origin: "http://gatehouse.test", address: "198.51.100.9", requestId: "operator" };

beforeEach(async () => {
  await resetDatabase();
});

test("help, unknown commands, missing and unknown options: words and exit codes", async () => {
  expect(await run("help")).toMatchObject({ code: 0, stderr: "" });
  expect((await run("help")).stdout).toContain("rollout dark");
  expect(await run("")).toMatchObject({ code: 2 });
  expect(await run("org fly")).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining('There is no command "org fly"') });
  expect(await run("member list")).toMatchObject({ code: 2, stderr: expect.stringContaining("--org is missing") });
  expect(await run("org list --color red")).toMatchObject({ code: 2, stderr: expect.stringContaining("--color") });
  expect(await run("member list --org nobody")).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("does not exist") });
  expect(await run("org create --name X --owner-email nonsense")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("valid e-mail"),
  });
  // Words that every object has are no commands.
  for (const word of ["toString", "constructor", "__proto__"]) expect(await run(word)).toMatchObject({ code: 2, stdout: "" });
  expect(await run("token create --org a --email b@example.com --name c --days soon")).toMatchObject({ code: 2 });
  expect(await run("member role --org a --email b@example.com --role king")).toMatchObject({ code: 2 });
  const commands = await json(z.array(z.object({ command: z.string(), usage: z.string(), about: z.string() })), "help");
  for (const { command } of commands) expect(answerWithoutDatabase([...command.split(" "), "--color"])).toMatchObject({ code: 2 });
});

test("an option that a command does not take is refused: a mistyped --org never means every organization", async () => {
  await createMember(await createOrganization("One"), { role: "owner" });
  for (const line of ["rollout dark --name one", "rollout dark --org a --org b", "rollout dark one", "rollout dark --org"])
    expect(await run(line), line).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("Usage: ") });
  expect(await runCommand(["rollout", "dark", "--org", ""])).toMatchObject({ code: 1 });
  expect(await db.organization.findMany({ select: { rollout: true } })).toEqual([{ rollout: "disabled" }]);
});

test("roles and removal leave their rows, and the last owner stays", async () => {
  const org = await createOrganization("One");
  const owner = await createMember(org, { role: "owner" });
  const member = await createMember(org);
  const { slug } = await db.organization.findFirstOrThrow();
  const last = { code: 1, stdout: "", stderr: expect.stringContaining("needs an owner") };
  expect(await run(`member role --org ${slug} --email ${owner.email} --role member`)).toMatchObject(last);
  expect(await run(`member remove --org ${slug} --email ${owner.email}`)).toMatchObject(last);
  expect(await run(`token create --org ${slug} --email ${member.email} --name x --scopes admin`)).toMatchObject({ code: 1 });
  expect(await json(z.object({ role: z.string() }), `member role --org ${slug} --email ${member.email} --role owner`)).toEqual({
    role: "owner",
  });
  expect(await run(`member remove --org ${slug} --email ${owner.email}`)).toMatchObject({ code: 0, stdout: "Removed.\n" });
  expect(await run(`member remove --org ${slug} --email ${owner.email}`)).toMatchObject({ code: 1 });
  const rows = await db.auditEvent.findMany({ where: { actorName: "operator" }, orderBy: { at: "asc" }, select: { action: true } });
  expect(rows.map(({ action }) => action)).toEqual(["member.role_changed", "member.removed"]);
});

test("an organization, its people, a password and a token, each with its audit row", async () => {
  const made = await json(
    z.object({ slug: z.string(), password: z.string() }),
    "org create --name Harbor --owner-email Mira@Example.com --owner-name Mira",
  );
  expect(made.slug).toBe("harbor");
  expect(await signIn(visit, { email: "mira@example.com", password: made.password })).toHaveProperty("setCookie");
  const reset = await json(z.object({ password: z.string() }), "user reset-password --email mira@example.com");
  expect(await db.session.count()).toBe(0);
  await expect(signIn(visit, { email: "mira@example.com", password: made.password })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  expect(await signIn(visit, { email: "mira@example.com", password: reset.password })).toHaveProperty("setCookie");

  const invitation = await json(z.object({ link: z.string() }), "member invite --org harbor --email new@example.com --role admin");
  expect(invitation.link).toContain(`http://${env.HOST}:${env.PORT}/join/`);
  // Nobody's membership: it does not end with one.
  expect(await db.invitation.findMany({ select: { invitedBy: true, invitedById: true } })).toEqual([
    { invitedBy: "operator", invitedById: null },
  ]);
  const { token } = await json(
    z.object({ token: z.string() }),
    "token create --org harbor --email mira@example.com --name ci --scopes admin --days 3",
  );
  expect(await verify(token)).toMatchObject({ scopes: ["admin"], membership: { name: "Mira", role: "owner" } });
  expect(await run("token create --org harbor --email mira@example.com --name x --scopes everything")).toMatchObject({ code: 2 });
  expect(await run("member remove --org harbor --email mira@example.com")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("needs an owner"),
  });
  expect(await json(z.array(z.object({ email: z.string(), role: z.string() })), "member list --org harbor")).toEqual([
    { email: "mira@example.com", role: "owner" },
  ]);
  const rows = await db.auditEvent.findMany({ where: { via: "operator" }, select: { action: true, actorName: true, membershipId: true } });
  expect(rows.map(({ action }) => action).sort()).toEqual(["agent_token.created", "invitation.created"]);
  for (const row of rows) expect(row).toMatchObject({ actorName: "operator", membershipId: null });
  const system = await db.auditEvent.findMany({
    where: { via: "system", NOT: { action: { startsWith: "session." } } },
    select: { action: true, actorName: true },
  });
  for (const action of ["organization.created", "user.password_reset"]) expect(system).toContainEqual({ action, actorName: "operator" });
});

test("the rollout of one organization and of all", async () => {
  for (const name of ["One", "Two"]) await createMember(await createOrganization(name), { role: "owner" });
  const [{ slug } = { slug: "" }] = await db.organization.findMany({ orderBy: { slug: "asc" } });
  const status = z.object({ gating: z.boolean(), organizations: z.array(z.object({ slug: z.string(), rollout: z.string() })) });
  const switches = async () => (await json(status, "rollout status")).organizations.map(({ rollout }) => rollout);
  expect(await switches()).toEqual(["disabled", "disabled"]);
  await run(`rollout enable --org ${slug}`);
  expect(await switches()).toEqual(["enabled", "disabled"]);
  await run("rollout dark");
  expect(await switches()).toEqual(["dark", "dark"]);
  expect(await run("rollout enable --org nobody")).toMatchObject({ code: 1 });
  expect((await run("rollout status")).stdout).toContain("The gate is off");
  expect(await db.auditEvent.count({ where: { action: "organization.rollout_changed" } })).toBe(3);
});

describe("re-sealing", () => {
  // The second key of the tests' SECRET_KEYS: what it sealed can be opened, and is stale.
  const before = createSealer([{ kid: "before", key: Buffer.alloc(32, 8) }]);
  const unknown = createSealer([{ kid: "lost", key: Buffer.alloc(32, 9) }]);
  const connectionId = "books0000001";
  const credentialBinding = `credential:${connectionId}:shared`;

  beforeEach(async () => {
    const org = await createOrganization("One");
    const { membershipId } = await createMember(org);
    const names = { name: "b", nameKey: "b", url: "https://x.example/" };
    const staticHeaders = before.seal("headers", `static-headers:${connectionId}`);
    const connection = { id: connectionId, orgId: org.id, ...names, authType: "oauth", credentialMode: "shared", staticHeaders } as const;
    await db.connection.create({ data: connection });
    await db.credential.create({ data: { connectionId, holder: "shared", sealed: before.seal("the key", credentialBinding) } });
    const issuer = "https://issuer.example";
    const client = {
      connectionId,
      issuer,
      source: "dcr",
      clientId: "c",
      sealed: before.seal("a client", `oauth-client:${connectionId}:${issuer}`),
    };
    await db.oAuthClient.create({ data: client });
    const attempt = {
      orgId: org.id,
      connectionId,
      membershipId,
      sessionId: "s",
      holder: "shared",
      issuer,
      redirectUri: "https://x.example/",
    };
    for (const [id, expiresInMs] of [
      ["under-way", 60_000],
      ["over", -60_000],
    ] as const) {
      const sealed = before.seal("a verifier", `oauth-attempt:${id}`);
      await db.oAuthAttempt.create({ data: { ...attempt, id, stateHash: id, sealed, expiresAt: new Date(Date.now() + expiresInMs) } });
    }
    const later = new Date(Date.now() + 60_000);
    for (const [id, expiresAt] of [
      ["AccessToken:a", later],
      ["Keys:Keys", null],
    ] as const)
      await db.oAuthRecord.create({ data: { id, model: "AccessToken", sealed: before.seal("a record", `oauth-record:${id}`), expiresAt } });
    // Over, and its key is gone: no reason to refuse.
    const over = { id: "AccessToken:over", sealed: unknown.seal("a record", "oauth-record:AccessToken:over"), expiresAt: new Date(0) };
    await db.oAuthRecord.create({ data: { model: "AccessToken", ...over } });
  });
  const credential = async () => (await db.credential.findFirstOrThrow()).sealed ?? "";

  test("seals with the newest key what an older one sealed, each in its own row, once", async () => {
    const counts = z.object({
      credentials: z.number(),
      oauthClients: z.number(),
      staticHeaders: z.number(),
      attempts: z.number(),
      agentRecords: z.number(),
    });
    expect(await json(counts, "secrets reseal")).toEqual({
      credentials: 1,
      oauthClients: 1,
      staticHeaders: 1,
      attempts: 1,
      agentRecords: 2,
    });
    const client = await db.oAuthClient.findFirstOrThrow();
    const attempt = await db.oAuthAttempt.findUniqueOrThrow({ where: { id: "under-way" } });
    const { staticHeaders } = await db.connection.findUniqueOrThrow({ where: { id: connectionId } });
    const rows = [await credential(), client.sealed, attempt.sealed, staticHeaders ?? ""];
    expect(rows.map((sealed) => sealer.isStale(sealed))).toEqual([false, false, false, false]);
    expect(sealer.open(staticHeaders ?? "", `static-headers:${connectionId}`)).toBe("headers");
    expect(sealer.open(await credential(), credentialBinding)).toBe("the key");
    expect(sealer.open(client.sealed, `oauth-client:${connectionId}:${client.issuer}`)).toBe("a client");
    expect(sealer.open(attempt.sealed, "oauth-attempt:under-way")).toBe("a verifier");
    for (const { id, sealed } of await db.oAuthRecord.findMany({ where: { NOT: { id: "AccessToken:over" } } })) {
      expect(sealer.isStale(sealed)).toBe(false);
      expect(sealer.open(sealed, `oauth-record:${id}`)).toBe("a record");
    }
    expect((await run("secrets reseal")).stdout).toBe(
      "Sealed anew: 0 credentials, 0 OAuth clients, static headers of 0 connections, 0 sign-ins under way, 0 records of agents.\n",
    );
    expect((await db.credential.findFirstOrThrow()).sealed).toBe(rows[0]);
  });

  test("goes past a secret whose key is not there, leaves it, and names it", async () => {
    const lost = unknown.seal("the key", credentialBinding);
    await db.credential.updateMany({ data: { sealed: lost } });
    const refused = await run("secrets reseal");
    expect(refused).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/1 secrets cannot be opened.*books0000001.*"lost"/s),
    });
    expect(await credential()).toBe(lost);
    expect(sealer.isStale((await db.oAuthClient.findFirstOrThrow()).sealed)).toBe(false);
  });

  test("a token that is renewed between its reading and its writing is not undone", async () => {
    const renewed = sealer.seal("a newer key", credentialBinding);
    // What is read is what was there before the renewal.
    const stale = await db.credential.findMany({ include: { connection: true } });
    await db.credential.updateMany({ data: { sealed: renewed } });
    const reading = vi.spyOn(db.credential, "findMany").mockResolvedValue(stale);
    try {
      expect(await reseal()).toMatchObject({ credentials: 0 });
    } finally {
      reading.mockRestore();
    }
    expect(await credential()).toBe(renewed);
  });
});

describe("the socket beside the data", () => {
  test("answers the commands; a silent or vanished client does not hold up its closing; what is left over is replaced", async () => {
    const folder = await temporaryFolder();
    const url = `pglite:${folder.path}`;
    const file = path.join(folder.path, "gatehouse.sock");
    await createOrganization("One");
    expect(await sendCommand(url, ["org", "list"])).toBeNull();
    writeFileSync(file, "left over");
    const close = await openControl(url);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await sendCommand(url, ["org", "list", "--json"])).toMatchObject({ code: 0, stdout: expect.stringContaining('"One"') });
    expect(await sendCommand(url, ["org", "fly"])).toMatchObject({ code: 2 });
    const silent = connect(file);
    await once(silent, "connect");
    const vanished = connect(file);
    const order = JSON.stringify({ argv: ["org", "list"] });
    vanished.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${order.length}\r\n\r\n${order}`);
    vanished.destroySoon();
    await once(vanished, "close");
    await close();
    silent.destroy();
    expect(await sendCommand(url, ["org", "list"])).toBeNull();
    await folder.remove();
  });

  test("where there can be no socket the product runs without, and a garbled order is refused", async () => {
    const folder = await temporaryFolder();
    const url = `pglite:${folder.path}`;
    mkdirSync(path.join(folder.path, "gatehouse.sock"));
    await (
      await openControl(url)
    )();
    await (
      await openControl(`pglite:${folder.path}/${"long".repeat(40)}`)
    )();
    rmdirSync(path.join(folder.path, "gatehouse.sock"));
    const close = await openControl(url);
    const garbled = request({ socketPath: path.join(folder.path, "gatehouse.sock"), method: "POST" });
    const responding = once(garbled, "response");
    garbled.end("no JSON");
    const [response] = await responding;
    expect(JSON.parse(await text(response))).toMatchObject({ code: 1, stdout: "" });
    await close();
    await folder.remove();
  });
});

describe.runIf(source.kind === "pglite")("the command line itself, on the embedded database", () => {
  test("reaches the running product by its socket, and the folder once it has stopped", async () => {
    const folder = await temporaryFolder();
    const keys = (...kids: number[]) => kids.map((kid) => `k${kid}:${Buffer.alloc(32, kid).toString("base64")}`).join(",");
    const settings = { DATABASE_URL: `pglite:${path.join(folder.path, "db")}`, SECRET_KEYS: keys(1) };
    const upstream = await startUpstream();
    const product = await startProduct(settings);
    let id = "";
    try {
      const access = { organization: true, membershipIds: [], teamIds: [] };
      const input = { name: "Books", url: upstream.url, authType: "api_key", credentialMode: "shared", apiKey: "the-key", access };
      ({ id } = await product.api<{ id: string }>("connection.create", input));
      const socket = statSync(path.join(folder.path, "db/gatehouse.sock"));
      expect(socket.mode & 0o777).toBe(0o600);
      expect(await runCommandLine(["rollout", "enable", "--org", "acme", "--json"], settings)).toMatchObject({ code: 0, stderr: "" });
      expect(await product.api("member.me", undefined, "query")).toMatchObject({ organization: { name: "Acme" } });
      expect(await runCommandLine(["member", "list"], settings)).toMatchObject({ code: 2 });
    } finally {
      await product.stop();
    }
    const status = await runCommandLine(["rollout", "status", "--json"], settings);
    expect(JSON.parse(status.stdout)).toMatchObject({ organizations: [{ slug: "acme", rollout: "enabled" }] });
    // A new key in front: everything is sealed with it, and the old one can go.
    const resealed = await runCommandLine(["secrets", "reseal", "--json"], { ...settings, SECRET_KEYS: keys(2, 1) });
    expect(JSON.parse(resealed.stdout)).toEqual({ credentials: 1, oauthClients: 0, staticHeaders: 0, attempts: 0, agentRecords: 0 });
    const renewed = { ...settings, SECRET_KEYS: keys(2) };
    const again = await startProduct(renewed);
    expect(await again.api("connection.refresh", { id })).toEqual({ added: 0, changed: 0, removed: 0 });
    expect(upstream.received.at(-1)?.headers.authorization).toBe("Bearer the-key");
    // A product that was killed leaves its socket behind; the folder is free all the same.
    await again.kill();
    expect(statSync(path.join(folder.path, "db/gatehouse.sock")).isSocket()).toBe(true);
    expect(await runCommandLine(["org", "list", "--json"], renewed)).toMatchObject({ code: 0 });
    // And the next one takes its place.
    const last = await startProduct(renewed);
    expect(await runCommandLine(["rollout", "dark", "--org", "acme"], renewed)).toMatchObject({ code: 0 });
    expect(await last.stop()).toBe(0);
    await upstream.close();
    await folder.remove();
  }, 120_000);

  test("says what is wrong before it opens or makes anything", async () => {
    const folder = await temporaryFolder();
    const settings = { DATABASE_URL: `pglite:${path.join(folder.path, "db")}`, SECRET_KEYS: `k:${Buffer.alloc(32, 1).toString("base64")}` };
    expect(await runCommandLine(["rollout", "dark", "--name", "acme"], settings)).toMatchObject({ code: 2, stdout: "" });
    expect(await runCommandLine(["help", "--json"], settings)).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(path.join(folder.path, "db"))).toBe(false);
    const nowhere = { code: 2, stdout: "", stderr: expect.stringContaining("nothing to work on") };
    expect(await runCommandLine(["org", "list"], { ...settings, DATABASE_URL: "pglite:memory" })).toMatchObject(nowhere);
    await folder.remove();
  }, 60_000);
});

describe.runIf(source.kind === "postgres")("the command line itself, on PostgreSQL", () => {
  test("works on the database directly, product or none", async () => {
    if (source.kind !== "postgres") return;
    const settings = {
      DATABASE_URL: await createServerDatabase(source.origin, source.template),
      SECRET_KEYS: `k:${Buffer.alloc(32, 1).toString("base64")}`,
    };
    const made = await runCommandLine(["org", "create", "--name", "Harbor", "--owner-email", "mira@example.com", "--json"], settings);
    expect(JSON.parse(made.stdout)).toMatchObject({ slug: "harbor" });
    const product = await startProduct(settings);
    try {
      expect(await runCommandLine(["rollout", "enable"], settings)).toMatchObject({ code: 0, stderr: "" });
    } finally {
      await product.stop();
    }
    const status = await runCommandLine(["rollout", "status", "--json"], settings);
    expect(JSON.parse(status.stdout)).toMatchObject({ organizations: [{ slug: "harbor", rollout: "enabled" }] });
  }, 120_000);
});
