// Sign-in, sessions and the first owner, against a real database.
import { expect, test } from "vitest";

import { authenticate } from "#server/auth/authenticate.ts";
import { signIn, signOut } from "#server/auth/sign-in.ts";
import { db } from "#server/db.ts";
import { parseEnv } from "#server/env.ts";
import { bootstrap, createSetupLink, isSetupOpen, setUp } from "#server/orgs/first-owner.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();

const visit = { origin: "https://gatehouse.test", address: "203.0.113.7", requestId: "r1" };
const owner = { organization: "Harbor & Pine", name: "Mira", email: "Mira@Example.com", password: "correct horse battery" };

function cookieOf(setCookie: string): string {
  return setCookie.split(";")[0] ?? "";
}

async function actorOf(cookie: string) {
  return (await authenticate({ headers: { cookie }, origin: visit.origin, requestId: "r2" })).actor;
}

test("the set-up link creates organization and owner once, and signs them in", async () => {
  await resetDatabase();
  const token = await createSetupLink();
  expect(token).not.toBeNull();
  expect(await isSetupOpen(token ?? "")).toBe(true);
  const { setCookie } = await setUp(visit, token ?? "", owner);
  expect(setCookie).toMatch(/HttpOnly/);
  expect(setCookie).toMatch(/Secure/);
  expect(setCookie).toMatch(/SameSite=Lax/);
  const actor = await actorOf(cookieOf(setCookie));
  expect(actor).toMatchObject({ role: "owner", name: "Mira", orgName: "Harbor & Pine", via: "session" });

  await expect(setUp(visit, token ?? "", { ...owner, email: "two@example.com" })).rejects.toMatchObject({ code: "EXPIRED" });
  expect(await isSetupOpen(token ?? "")).toBe(false);
  expect(await createSetupLink()).toBeNull();
  expect(await db.user.count()).toBe(1);
});

test("two people with the same set-up link at the same time: one wins, nothing is half-written", async () => {
  await resetDatabase();
  const token = (await createSetupLink()) ?? "";
  const tries = await Promise.allSettled([setUp(visit, token, owner), setUp(visit, token, { ...owner, email: "two@example.com" })]);
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await db.organization.count()).toBe(1);
  expect(await db.user.count()).toBe(1);
});

test("a wrong set-up input names every field and uses nothing up", async () => {
  await resetDatabase();
  const token = (await createSetupLink()) ?? "";
  const error = await setUp(visit, token, { organization: "", name: " ", email: "nobody", password: "short" }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: "BAD_INPUT" });
  expect(error).toHaveProperty(
    "details.issues",
    expect.arrayContaining([expect.objectContaining({ path: "password" }), expect.objectContaining({ path: "email" })]),
  );
  expect(await isSetupOpen(token)).toBe(true);
});

test("the session id is stored hashed only, and signing out ends it", async () => {
  await resetDatabase();
  const org = await createOrganization();
  await createMember(org, { email: "a@example.com", password: "correct horse" });
  const cookie = cookieOf((await signIn(visit, { email: " A@example.com ", password: "correct horse" })).setCookie);
  const raw = cookie.split("=")[1] ?? "";
  const stored = await db.session.findMany();
  expect(stored).toHaveLength(1);
  expect(stored[0]?.id).toMatch(/^[0-9a-f]{64}$/);
  expect(stored[0]?.id).not.toBe(raw);
  const actor = await actorOf(cookie);
  expect(actor).not.toBeNull();
  await signOut(visit, actor);
  expect(await actorOf(cookie)).toBeNull();
  expect(await db.auditEvent.findMany({ select: { action: true }, orderBy: { at: "asc" } })).toEqual([
    { action: "session.signed_in" },
    { action: "session.signed_out" },
  ]);
});

test("unknown address and wrong password get the same answer; too many tries are stopped", async () => {
  await resetDatabase();
  const org = await createOrganization();
  await createMember(org, { email: "b@example.com", password: "correct horse" });
  const refuse = async (email: string) =>
    signIn({ ...visit, address: "203.0.113.8" }, { email, password: "wrong" }).catch((thrown: unknown) => thrown);
  const [known, unknown] = [await refuse("b@example.com"), await refuse("nobody@example.com")];
  expect(known).toMatchObject({ code: "UNAUTHENTICATED" });
  expect(String(known)).toBe(String(unknown));
  for (let tries = 1; tries < 10; tries += 1) await refuse("b@example.com");
  expect(await refuse("b@example.com")).toMatchObject({ code: "RATE_LIMITED", details: { retryAfterSeconds: expect.any(Number) } });
  // The right password does not help while the account is braked, and another account is not affected.
  await expect(signIn({ ...visit, address: "203.0.113.8" }, { email: "b@example.com", password: "correct horse" })).rejects.toMatchObject({
    code: "RATE_LIMITED",
  });
  expect(await refuse("c@example.com")).toMatchObject({ code: "UNAUTHENTICATED" });
});

test("a removed member's session is nobody", async () => {
  await resetDatabase();
  const org = await createOrganization();
  const person = await createMember(org, { email: "d@example.com", password: "correct horse" });
  const cookie = cookieOf((await signIn(visit, { email: "d@example.com", password: "correct horse" })).setCookie);
  await db.membership.delete({ where: { id: person.membershipId } });
  expect(await actorOf(cookie)).toBeNull();
});

test("BOOTSTRAP_* makes organization, owner and admin token on an empty database and is ignored afterwards", async () => {
  await resetDatabase();
  const token = "a-token-of-at-least-thirty-two-characters";
  const settings = parseEnv({
    BOOTSTRAP_ORG: "Acme",
    BOOTSTRAP_EMAIL: "root@example.com",
    BOOTSTRAP_PASSWORD: "correct horse",
    BOOTSTRAP_TOKEN: token,
  });
  expect(await bootstrap(settings)).toBe(true);
  expect(await bootstrap(settings)).toBe(false);
  const { actor } = await authenticate({ headers: { authorization: `Bearer ${token}` }, origin: visit.origin, requestId: "r3" });
  expect(actor).toMatchObject({ role: "owner", via: "admin_token" });
  await expect(
    authenticate({ headers: { authorization: "Bearer something-else-entirely" }, origin: visit.origin, requestId: "r4" }),
  ).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});
