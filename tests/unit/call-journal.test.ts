// The journal of calls: what was written down is there after any end of the process, and goes away once the database has it.
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { openJournal } from "#server/audit/journal.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "gatehouse-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (number: number) => path.join(folder, `${number}.jsonl`);

test("what no close came after is left for the next process, a torn last line aside", () => {
  const journal = openJournal(folder);
  for (const n of [1, 2, 3]) journal.append({ n });
  appendFileSync(file(1), '{"n":4,"to');

  const next = openJournal(folder);
  expect(next.left.map(({ record }) => record)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  // New records do not go behind the torn one.
  next.append({ n: 5 });
  for (const { settled } of next.left) {
    expect(readdirSync(folder)).toContain("1.jsonl");
    settled();
  }
  expect(readdirSync(folder)).toEqual(["2.jsonl"]);
  expect(openJournal(folder).left.map(({ record }) => record)).toEqual([{ n: 5 }]);
});

test("a journal whose records are all in the database is empty, and leaves nothing behind", () => {
  const journal = openJournal(folder);
  const settled = [1, 2].map((n) => journal.append({ n }));
  expect(statSync(file(1)).size).toBeGreaterThan(0);
  for (const one of settled) one();
  expect(statSync(file(1)).size).toBe(0);
  journal.append({ n: 3 })();
  journal.close();
  expect(readdirSync(folder)).toEqual([]);
});

test("under steady load files follow one another, and each goes with its last record", () => {
  const journal = openJournal(folder);
  const text = "x".repeat(100_000);
  const settled = Array.from({ length: 7 }, (_each, n) => journal.append({ n, text }));
  expect(readdirSync(folder).sort()).toEqual(["1.jsonl", "2.jsonl", "3.jsonl"]);
  for (const one of settled.slice(0, 3)) one();
  expect(readdirSync(folder).sort()).toEqual(["2.jsonl", "3.jsonl"]);
  expect(openJournal(folder).left).toHaveLength(4);
});
