// The database as the domain uses it: transactions, constraints, cascades, readiness, and the reset of the tests themselves.
import { beforeEach, describe, expect, test, vi } from "vitest";

import { databaseReady, db, isEmbedded, Prisma, transaction } from "#server/db.ts";
import { vacuum } from "#server/vacuum.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();
beforeEach(resetDatabase);

const acme = { slug: "acme", name: "Acme" };

describe("the open database", () => {
  test("is ready", async () => {
    expect(await databaseReady()).toBe(true);
  });

  test("keeps everything a transaction wrote, or nothing", async () => {
    await transaction((tx) => tx.organization.create({ data: acme }));
    const failing = transaction(async (tx) => {
      await tx.organization.create({ data: { slug: "other", name: "Other" } });
      throw new Error("after the write");
    });
    await expect(failing).rejects.toThrow("after the write");
    expect(await db.organization.findMany({ select: { slug: true } })).toEqual([{ slug: "acme" }]);
  });

  test("embedded, room of deleted rows is free for others again; a server sees to that itself", async () => {
    const sizeAfter = async (round: number) => {
      const users = Array.from({ length: 500 }, (_, number) => ({
        email: `${round}-${number}@acme.test`,
        name: "x".repeat(500),
        passwordHash: "x",
      }));
      await db.user.createMany({ data: users });
      await db.user.deleteMany();
      // What was deleted is counted with a delay of a second.
      if (isEmbedded)
        await vi.waitFor(async () => expect(await vacuum()).toMatchObject([{ name: "User" }]), { timeout: 10_000, interval: 200 });
      else expect(await vacuum()).toEqual([]);
      const [row] = await db.$queryRaw<{ bytes: number }[]>`SELECT pg_total_relation_size('"User"')::int AS "bytes"`;
      return row?.bytes ?? 0;
    };
    await sizeAfter(1);
    const once = await sizeAfter(2);
    if (isEmbedded) expect(await sizeAfter(3)).toBeLessThanOrEqual(once);
  });

  test("says which unique rule was broken, in the same words on PGlite and PostgreSQL", async () => {
    await db.organization.create({ data: acme });
    const twice = db.organization.create({ data: acme }).catch((error: unknown) => error);
    const error = await twice;
    expect(error).toBeInstanceOf(Prisma.PrismaClientKnownRequestError);
    expect(error).toMatchObject({ code: "P2002" });
  });

  test("takes what hangs on a removed row with it", async () => {
    const org = await db.organization.create({ data: acme });
    const user = await db.user.create({ data: { email: "a@acme.test", name: "A", passwordHash: "x" } });
    await db.membership.create({ data: { orgId: org.id, userId: user.id, role: "owner" } });
    await db.organization.delete({ where: { id: org.id } });
    expect(await db.membership.count()).toBe(0);
    expect(await db.user.count()).toBe(1);
  });

  test("refuses a row whose parent does not exist", async () => {
    const orphan = db.team.create({ data: { orgId: "nobody", name: "Ghosts", nameKey: "ghosts" } });
    await expect(orphan).rejects.toMatchObject({ code: "P2003" });
  });

  test("keeps times, lists and JSON as they were", async () => {
    const org = await db.organization.create({ data: acme });
    const user = await db.user.create({ data: { email: "a@acme.test", name: "A", passwordHash: "x" } });
    const { id: membershipId } = await db.membership.create({ data: { orgId: org.id, userId: user.id, role: "owner" } });
    const expiresAt = new Date("2030-02-03T04:05:06.789Z");
    const scopes = ["mcp:read", "mcp:write"];
    const token = await db.agentToken.create({
      data: { orgId: org.id, membershipId, name: "t", tokenHash: "h", hint: "abcd", scopes, expiresAt },
    });
    const details = { nested: { list: [1, "two", null], ü: true } };
    const event = await db.auditEvent.create({
      data: { orgId: org.id, action: "a", via: "system", actorName: "S", outcome: "ok", requestId: "r", details },
    });
    expect(await db.agentToken.findUnique({ where: { id: token.id } })).toMatchObject({ scopes, expiresAt });
    expect(await db.auditEvent.findUnique({ where: { id: event.id } })).toMatchObject({ details });
  });
});
