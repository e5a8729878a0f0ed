// Strangers go on by turns: one with each turn of the event loop, four at once, networks in turn, and hardly any while connections arrive.
import { expect, test } from "vitest";

import { inTurn, noteArrival } from "#server/crowd.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const { signal } = new AbortController();
const stranger = { network: "here", signal };

test("one begins with each turn, and no more than four are looked up at once", async () => {
  const open: (() => void)[] = [];
  const all = Array.from({ length: 10 }, () => inTurn(stranger, () => new Promise<void>((resolve) => open.push(resolve))));
  const begun: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    begun.push(open.length);
    await turn();
  }
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

test("a crowd of one network does not keep another's out", async () => {
  const order: string[] = [];
  const from = (network: string) => inTurn({ network, signal }, () => Promise.resolve(order.push(network)));
  await Promise.all([...Array.from({ length: 50 }, () => from("crowd")), from("office"), from("home")]);
  expect(order.indexOf("office")).toBeLessThan(5);
  expect(order.indexOf("home")).toBeLessThan(5);
  expect(order).toHaveLength(52);
});

test("who went away costs nobody a turn and is not looked up", async () => {
  const gone = new AbortController();
  let lookedUp = 0;
  const left = Array.from({ length: 500 }, () =>
    inTurn({ network: "flood", signal: gone.signal }, () => Promise.resolve((lookedUp += 1))).catch((error: unknown) => error),
  );
  const stayed = inTurn({ network: "flood", signal }, () => Promise.resolve("here"));
  gone.abort();
  let isIn = false;
  void stayed.then(() => (isIn = true));
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect(isIn).toBe(true);
  for (const error of await Promise.all(left)) expect(error).toMatchObject({ code: "UNAVAILABLE" });
  expect(lookedUp).toBe(0);
});

test("beyond a bound those of one network are told to come again, and others are not", async () => {
  const all = Array.from({ length: 5_001 }, () => inTurn(stranger, () => Promise.resolve("in")).catch((error: unknown) => error));
  const other = inTurn({ network: "other", signal }, () => Promise.resolve("in"));
  const ends = await Promise.all(all);
  expect(ends.filter((end) => end === "in")).toHaveLength(5_000);
  expect(ends.at(-1)).toMatchObject({ code: "UNAVAILABLE" });
  expect(await other).toBe("in");
});

test("while a connection arrives in each turn they wait, but not for ever", async () => {
  await inTurn(stranger, () => Promise.resolve());
  let begun = 0;
  const all = Array.from({ length: 3 }, () => inTurn(stranger, () => Promise.resolve((begun += 1))));
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
  const failed = inTurn(stranger, () => Promise.reject(new Error("away")));
  await expect(failed).rejects.toThrow("away");
  expect(await inTurn(stranger, () => Promise.resolve("here"))).toBe("here");
});
