// Intents of calls on a database server: they share inserts, and one that fails because the database is away is the answer to all who wait.
import { beforeEach, expect, test, vi } from "vitest";

import type { CallRow } from "#server/audit/call-rows.ts";
import { recordIntent } from "#server/audit/calls.ts";
import { DomainError } from "#server/errors.ts";
import { actor } from "#tests/setup/actor.ts";

const { insertCalls } = vi.hoisted(() => ({ insertCalls: vi.fn<(rows: CallRow[]) => Promise<void>>() }));
vi.mock("#server/audit/call-rows.ts", async (original) => ({ ...(await original<object>()), insertCalls }));

const many = (count: number) =>
  Promise.allSettled(
    Array.from({ length: count }, (_, n) =>
      recordIntent(actor, {
        capability: `call ${n}`,
        connectionId: null,
        connectionName: null,
        argumentsDigest: "sha256:00",
        argumentsBytes: 2,
      }),
    ),
  );

beforeEach(() => void insertCalls.mockReset().mockResolvedValue());

test("calls that come at once share inserts of two hundred at the most", async () => {
  const ends = await many(500);
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(500);
  const sizes = insertCalls.mock.calls.map(([rows]) => rows.length);
  expect(Math.max(...sizes)).toBe(200);
  expect(sizes.length).toBeLessThan(6);
});

const away = new DomainError("UNAVAILABLE", "The database cannot be reached right now.");

test("while the database is away all who wait are told after the second try, and those who come later try anew", async () => {
  insertCalls.mockRejectedValueOnce(away).mockRejectedValueOnce(away);
  const ends = await many(900);
  expect(ends).toEqual(ends.map(() => ({ status: "rejected", reason: away })));
  expect(insertCalls).toHaveBeenCalledTimes(2);
  expect(await many(1)).toMatchObject([{ status: "fulfilled" }]);
});

test("a connection that is lost once fails one insert, and nobody else", async () => {
  insertCalls.mockRejectedValueOnce(away);
  const ends = await many(900);
  expect(ends.filter(({ status }) => status === "rejected")).toHaveLength(insertCalls.mock.calls[0]?.[0].length ?? 0);
});

test("what one row is refused for spoils no other", async () => {
  insertCalls.mockImplementation((rows) =>
    JSON.stringify(rows).includes('"call 7"') ? Promise.reject(new Error("refused")) : Promise.resolve(),
  );
  const ends = await many(20);
  expect(ends.flatMap(({ status }, n) => (status === "rejected" ? [n] : []))).toEqual([7]);
});
