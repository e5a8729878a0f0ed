// A PostgreSQL server that a network cut off without a word: whoever waits for it is told so, and it goes on when the network does.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";

import { findPostgres } from "../../scripts/programs.mjs";
import { orUnavailable } from "#server/database-error.ts";
import { closeDatabase, db, openDatabase, transaction, write } from "#server/db.ts";
import { type PostgresServer, startPostgres } from "#tests/setup/postgres.ts";

const isHere = inject("database").kind === "postgres" || findPostgres() !== undefined;

/** Passes everything on until it is told to be silent; then it keeps every connection, and says nothing on any. */
async function startWire(target: URL) {
  const sockets: Socket[] = [];
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (bytes) => isSilent || to.write(bytes));
      from.on("error", () => undefined);
      from.on("close", () => isSilent || to.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    port,
    fallSilent: () => (isSilent = true),
    isSilent: () => isSilent,
    speak: () => (isSilent = false),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

let postgres: PostgresServer;
let wire: Awaited<ReturnType<typeof startWire>>;
beforeAll(async () => {
  if (!isHere) return;
  postgres = await startPostgres();
  wire = await startWire(new URL(postgres.origin));
  await openDatabase(`postgresql://gatehouse@127.0.0.1:${wire.port}/postgres`);
});
afterAll(async () => {
  if (!isHere) return;
  await closeDatabase();
  wire.close();
  await postgres.stop();
});

test.runIf(isHere)(
  "what waits for a silent server is refused as unavailable, and nothing of it is left when it speaks again",
  async () => {
    const named = { name: "silent-test", text: 'UPDATE "Organization" SET "name" = $1' };
    // Every way is open already: what follows meets connections that worked.
    await Promise.all([db.organization.count(), write(named, ["a"]), transaction((tx) => tx.organization.count())]);
    const create = (slug: string) => transaction((tx) => tx.organization.create({ data: { slug, name: slug } }));
    const heldUp = transaction(async (tx) => {
      await tx.organization.create({ data: { slug: "half", name: "half" } });
      wire.fallSilent();
      return tx.organization.create({ data: { slug: "other-half", name: "other half" } });
    });
    await vi.waitFor(() => expect(wire.isSilent()).toBe(true));
    // More than there are connections: some wait for one.
    const many = Array.from({ length: 12 }, () => db.organization.count());
    const started = performance.now();
    const ends = await Promise.allSettled([heldUp, create("first"), write(named, ["b"]), ...many]);
    expect(performance.now() - started).toBeLessThan(30_000);
    const said = ends.map((end) => (end.status === "rejected" ? orUnavailable(end.reason) : end));
    for (const one of said) expect(one).toMatchObject({ code: "UNAVAILABLE" });

    wire.speak();
    await vi.waitFor(() => create("second"), { timeout: 30_000 });
    await Promise.all(Array.from({ length: 12 }, (_each, n) => create(`after-${n}`)));
    const slugs = (await db.organization.findMany({ select: { slug: true } })).map(({ slug }) => slug);
    expect(slugs).toHaveLength(13);
    expect(slugs).not.toContain("half");
  },
  90_000,
);
