// Audit rows beside an embedded database that does not take them for a while: calls are refused or written down, and how they ended is kept.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { CallRow } from "#server/audit/call-rows.ts";
import { flushCalls, openCallJournal, recordIntent, recordOutcome, type RecordedCall } from "#server/audit/calls.ts";
import { diskFull } from "#server/disk-space.ts";
import { actor } from "#tests/setup/actor.ts";

const { store, storeOutcomes, demandRoom } = vi.hoisted(() => ({
  store: vi.fn<(rows: CallRow[]) => Promise<CallRow[]>>(),
  storeOutcomes: vi.fn(),
  demandRoom: vi.fn(),
}));
vi.mock("#server/audit/call-rows.ts", async (original) => ({ ...(await original<object>()), storeCalls: store, storeOutcomes }));
vi.mock("#server/db.ts", async (original) => ({ ...(await original<object>()), demandRoom }));

const intent = { capability: "echo", connectionId: null, connectionName: null, argumentsDigest: "sha256:00", argumentsBytes: 2 };

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "gatehouse-outcomes-"));
  store.mockReset().mockResolvedValue([]);
  storeOutcomes.mockReset().mockResolvedValue([]);
  demandRoom.mockReset();
  await openCallJournal(folder);
});
afterEach(async () => {
  await flushCalls();
  rmSync(folder, { recursive: true, force: true });
});

test("a call that ends while its row is refused is stored with its outcome", async () => {
  let refuse: (rows: CallRow[]) => void = () => undefined;
  store.mockReturnValueOnce(new Promise<CallRow[]>((resolve) => (refuse = resolve)));
  const recorded = await recordIntent(actor, intent);
  const { id } = recorded.row;
  await vi.waitFor(() => expect(store).toHaveBeenCalled(), 5_000);
  const rows = store.mock.calls[0]?.[0] ?? [];
  expect(rows).toMatchObject([{ id, outcome: "started" }]);
  recordOutcome(recorded, { outcome: "ok", durationMs: 7 });
  refuse(rows);
  await vi.waitFor(() => expect(store).toHaveBeenCalledTimes(2), 5_000);
  expect(store.mock.calls[1]?.[0]).toMatchObject([{ id, outcome: "ok", durationMs: 7 }]);
  expect(storeOutcomes.mock.calls.flat(2)).toEqual([]);
});

test("what goes wrong in the background is tried again", async () => {
  store.mockRejectedValueOnce(new Error("unexpected"));
  const recorded = await recordIntent(actor, intent);
  recordOutcome(recorded, { outcome: "ok", durationMs: 1 });
  await vi.waitFor(() => expect(store).toHaveBeenCalledTimes(2), 5_000);
  expect(store.mock.calls[1]?.[0]).toMatchObject([{ id: recorded.row.id, outcome: "ok", durationMs: 1 }]);
});

test("of many rows each is stored once, with how its call ended, wherever it was when that was known", async () => {
  const recorded: RecordedCall[] = [];
  // All at one instant: on a slow disk the first ones would be due, and a batch of their own, before the last.
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  for (let count = 0; count < 120; count += 1) recorded.push(await recordIntent(actor, intent));
  clock.mockRestore();
  const [stored, refused, behind] = [recorded[10], recorded[60], recorded[110]];
  if (!stored || !refused || !behind) throw new Error("There are too few.");
  const ended = (durationMs: number) => ({ outcome: "ok" as const, durationMs });
  const taken: CallRow[] = [];
  store.mockImplementation(async (rows) => {
    // The second batch is refused, while calls of it, of the one before and of the one behind end.
    if (store.mock.calls.length !== 2) {
      taken.push(...rows.map((row) => ({ ...row })));
      return [];
    }
    for (const [index, one] of [stored, refused, behind].entries()) recordOutcome(one, ended(index));
    await Promise.resolve();
    return [...rows];
  });
  await vi.waitFor(() => expect(taken).toHaveLength(120), 5_000);
  expect(taken.map(({ id }) => id)).toEqual(recorded.map(({ row }) => row.id));
  expect(taken[10]).toMatchObject({ outcome: "started" });
  expect(storeOutcomes.mock.calls.flat(2)).toEqual([{ id: stored.row.id, ...ended(0) }]);
  expect([taken[60], taken[110]]).toMatchObject([ended(1), ended(2)]);
});

test("how calls ended waits for a database that is away, and comes before what ended later", async () => {
  const stored = (id: string) => ({ row: { id, outcome: "started" }, isKept: false });
  const ended = (id: string) => ({ id, outcome: "ok" as const, durationMs: 1 });
  storeOutcomes.mockReset().mockResolvedValue([]);
  storeOutcomes.mockImplementationOnce((outcomes: unknown) => {
    recordOutcome(stored("later"), ended("later"));
    return Promise.resolve(outcomes);
  });
  recordOutcome(stored("first"), ended("first"));
  await vi.waitFor(() => expect(storeOutcomes).toHaveBeenCalledTimes(2), 5_000);
  expect(storeOutcomes.mock.calls.map(([outcomes]: unknown[]) => outcomes)).toEqual([[ended("first")], [ended("first"), ended("later")]]);
});

test("without room for the row there is no call, and nothing is written down", async () => {
  demandRoom.mockImplementation(() => {
    throw diskFull();
  });
  await expect(recordIntent(actor, intent)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await flushCalls();
  expect(store.mock.calls.flat(2)).toEqual([]);
  expect(readdirSync(path.join(folder, "gatehouse-calls"))).toEqual([]);
});
