// Strangers go on by turns: one with each turn of the event loop, four at once, and hardly any while connections arrive.
import { expect, test } from "vitest";

import { inTurn, noteArrival } from "#server/crowd.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("one begins with each turn, and no more than four are looked up at once", async () => {
  const open: (() => void)[] = [];
  const all = Array.from({ length: 10 }, () => inTurn(() => new Promise<void>((resolve) => open.push(resolve))));
  const begun: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    begun.push(open.length);
    await turn();
  }
  // Those that began with each turn; a turn of this test and one of theirs need not be the same.
  expect(begun.every((count, n) => count <= n + 1)).toBe(true);
  expect(open).toHaveLength(4);
  for (let n = 0; n < 10; n += 1) {
    open[n]?.();
    await turn();
    await turn();
    expect(open.length).toBe(Math.min(10, n + 5));
  }
  await Promise.all(all);
});

test("while a connection arrives in each turn they wait, but not for ever", async () => {
  await inTurn(() => Promise.resolve());
  let begun = 0;
  const all = Array.from({ length: 3 }, () => inTurn(() => Promise.resolve((begun += 1))));
  const since = performance.now();
  let turns = 0;
  for (; begun < 3; turns += 1) {
    noteArrival();
    await turn();
  }
  expect(turns).toBeGreaterThan(20);
  expect(performance.now() - since).toBeGreaterThan(50);
  await Promise.all(all);
});

test("who could not be looked up is told why, and the next goes on", async () => {
  const failed = inTurn(() => Promise.reject(new Error("away")));
  await expect(failed).rejects.toThrow("away");
  expect(await inTurn(() => Promise.resolve("here"))).toBe("here");
});
