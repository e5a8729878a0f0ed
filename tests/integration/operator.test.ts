// The operator's command line: what it does, what it says, and that it reaches a running product and a stopped one.
import { statSync } from "node:fs";
import path from "node:path";

import { beforeEach, describe, expect, inject, test } from "vitest";
import { z } from "zod";

import { signIn } from "#server/auth/sign-in.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { runCommand } from "#server/operator/commands.ts";
import { reseal } from "#server/operator/reseal.ts";
import { createSealer } from "#server/seal.ts";
import { sealer } from "#server/secrets.ts";
import { verify } from "#server/tokens/verify.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { runCommandLine } from "#tests/setup/command-line.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
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
  expect(await db.auditEvent.count({ where: { action: { in: ["organization.created", "user.password_reset"] } } })).toBe(2);
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

test("re-sealing stops at a secret whose key is not there, and leaves what is sealed with the newest", async () => {
  const org = await createOrganization("One");
  const connection = {
    id: "books0000001",
    orgId: org.id,
    name: "b",
    nameKey: "b",
    url: "https://x.example/",
    authType: "api_key",
    credentialMode: "shared",
  } as const;
  await db.connection.create({ data: connection });
  const older = { kid: "older", key: Buffer.alloc(32, 9) };
  const binding = `credential:${connection.id}:shared`;
  const sealed = createSealer([older]).seal("the key", binding);
  await db.credential.create({ data: { connectionId: connection.id, holder: "shared", sealed } });
  // This process does not know the older key: nothing is written.
  await expect(reseal()).rejects.toThrow(/older/);
  expect((await db.credential.findFirst())?.sealed).toBe(sealed);
  // What is sealed with the newest is left as it is.
  const fresh = sealer.seal("the key", binding);
  await db.credential.updateMany({ data: { sealed: fresh } });
  expect(await reseal()).toEqual({ credentials: 0, oauthClients: 0, attempts: 0, agentRecords: 0 });
  expect((await db.credential.findFirst())?.sealed).toBe(fresh);
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
    expect(JSON.parse(resealed.stdout)).toEqual({ credentials: 1, oauthClients: 0, attempts: 0, agentRecords: 0 });
    const renewed = { ...settings, SECRET_KEYS: keys(2) };
    const again = await startProduct(renewed);
    expect(await again.api("connection.refresh", { id })).toEqual({ added: 0, changed: 0, removed: 0 });
    expect(upstream.received.at(-1)?.headers.authorization).toBe("Bearer the-key");
    // A product that was killed leaves its socket behind; the folder is free all the same.
    await again.kill();
    expect(await runCommandLine(["org", "list", "--json"], renewed)).toMatchObject({ code: 0 });
    await upstream.close();
    await folder.remove();
  });
});
