// What becomes of outcomes that the database did not take: those that it will take wait, the others are named and let go.
import { beforeEach, expect, test, vi } from "vitest";

import { storeOutcomes } from "#server/audit/call-rows.ts";
import { DomainError } from "#server/errors.ts";

const { write } = vi.hoisted(() => ({ write: vi.fn<() => Promise<void>>() }));
vi.mock("#server/db.ts", async (original) => ({ ...(await original<object>()), write }));

const ended = [{ id: "one", outcome: "ok" as const, durationMs: 1 }];
const failure = (code: string) => Object.assign(new Error(code), { code });

beforeEach(() => void write.mockReset());

test.each([
  ["cannot be reached", new DomainError("UNAVAILABLE", "away")],
  ["shuts down", failure("57P01")],
  ["is full", failure("53100")],
])("a database that %s gets them again", async (_what, error) => {
  write.mockRejectedValueOnce(error);
  expect(await storeOutcomes(ended)).toEqual(ended);
});

test.each(["42501", "P0001", "22021"])("what is refused for itself (%s) is not tried again", async (code) => {
  write.mockRejectedValueOnce(failure(code));
  expect(await storeOutcomes(ended)).toEqual([]);
});

test("what is stored does not wait", async () => {
  write.mockResolvedValueOnce();
  expect(await storeOutcomes(ended)).toEqual([]);
});
