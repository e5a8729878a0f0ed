// The journal of calls: what was written down is there after any end of the process, and goes away once the database has it.
import type * as fs from "node:fs";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { openJournal } from "#server/audit/journal.ts";

/** What the disk refuses at the moment. */
const disk = vi.hoisted(() => ({ takesHalf: false, cannotCut: false }));
vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    writeSync: (fd: number, bytes: Buffer) => real.writeSync(fd, disk.takesHalf ? bytes.subarray(0, bytes.length / 2) : bytes),
    ftruncateSync: (fd: number, length: number) => {
      if (disk.cannotCut) throw new Error("EIO: i/o error, ftruncate");
      real.ftruncateSync(fd, length);
    },
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "gatehouse-journal-"));
});
afterEach(() => {
  Object.assign(disk, { takesHalf: false, cannotCut: false });
  rmSync(folder, { recursive: true, force: true });
});

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

test("nothing comes behind a part of a record that could not be taken away", () => {
  const journal = openJournal(folder);
  const settled = journal.append({ n: 1 });
  Object.assign(disk, { takesHalf: true, cannotCut: true });
  expect(() => journal.append({ n: 2, text: "cut in the middle" })).toThrow("only a part");
  Object.assign(disk, { takesHalf: false });
  journal.append({ n: 3 });
  expect(readdirSync(folder).sort()).toEqual(["1.jsonl", "2.jsonl"]);
  expect(openJournal(folder).left.map(({ record }) => record)).toEqual([{ n: 1 }, { n: 3 }]);
  settled();
  expect(readdirSync(folder)).not.toContain("1.jsonl");
});

test("a part of a record alone in its file goes away with it", () => {
  const journal = openJournal(folder);
  Object.assign(disk, { takesHalf: true, cannotCut: true });
  expect(() => journal.append({ n: 1 })).toThrow("only a part");
  Object.assign(disk, { takesHalf: false });
  journal.append({ n: 2 });
  expect(readdirSync(folder)).toEqual(["2.jsonl"]);
});

test("a disk that does not tidy up stops nobody", () => {
  const journal = openJournal(folder);
  const text = "x".repeat(300_000);
  const settled = [1, 2].map((n) => journal.append({ n, text }));
  rmSync(folder, { recursive: true });
  disk.cannotCut = true;
  for (const one of settled) expect(one).not.toThrow();
  expect(journal.close).not.toThrow();
});
