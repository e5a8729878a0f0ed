// A right that one process takes away is gone in the others within a second: calls go on at two built products all the while, on one PostgreSQL.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { closeDatabase, db, openDatabase } from "#server/db.ts";
import { setRollout } from "#server/orgs/rollout.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startPostgres } from "#tests/setup/postgres.ts";
import { type Product, startProduct } from "#tests/setup/product.ts";
import { callsAround, revocations, type Stage, tools } from "#tests/setup/revocations.ts";

import { findPostgres } from "../../scripts/programs.mjs";

const boundMs = 1_000;

describe.skipIf(findPostgres() === undefined)("two products on one PostgreSQL, changed by a third process", () => {
  let stopPostgres: () => Promise<void>;
  let replicas: Product[];
  let upstream: FakeUpstream;
  let stage: Stage;

  beforeAll(async () => {
    const server = await startPostgres();
    stopPostgres = server.stop;
    const url = `${server.origin}/postgres`;
    // One after the other: the first one makes the tables.
    const first = await startProduct({ DATABASE_URL: url, CONNECTIONS_GATING: "1", TRUST_PROXY: "1" });
    replicas = [first, await startProduct({ DATABASE_URL: url, CONNECTIONS_GATING: "1", TRUST_PROXY: "1", PUBLIC_URL: first.origin })];
    await openDatabase(url);
  });
  afterAll(async () => {
    await closeDatabase();
    await Promise.all(replicas.map((replica) => replica.stop()));
    await stopPostgres();
  });
  beforeEach(async () => {
    upstream = await startUpstream(tools);
    const owner = await createMember(await createOrganization("Acme"), { role: "owner" });
    await setRollout(owner.actor, { rollout: "enabled" });
    stage = { owner, upstream, places: replicas.map(({ origin }) => ({ origin, boundMs })) };
  });
  afterEach(async () => {
    await closeAllSessions();
    await upstream.close();
  });

  test.each(Object.entries(revocations))("%s: a second later no call is accepted anywhere", { timeout: 60_000 }, async (_what, prepare) => {
    const { late, refused, found } = await callsAround(stage, await prepare(stage));
    expect(late).toEqual([]);
    expect(found).toBe(0);
    expect(refused).toBeGreaterThanOrEqual(20);
  });

  test("what is remembered without a message is a second old at the most", { timeout: 60_000 }, async () => {
    const made = await revocations["a token is revoked"]?.(stage);
    if (!made) throw new Error("There is no such scene.");
    // The row alone, as if the message had been lost.
    const change = () =>
      db.agentToken.updateMany({ where: { membership: { orgId: stage.owner.actor.orgId } }, data: { revokedAt: new Date() } });
    // A row that was on its way when the other one changed it is remembered from its arrival on.
    const places = stage.places.map((place) => ({ ...place, boundMs: boundMs + 500 }));
    const { late } = await callsAround({ ...stage, places }, { ...made, change });
    expect(late).toEqual([]);
  });
});
