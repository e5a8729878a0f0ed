// Strangers and newcomers go on by turns: one after the event loop has rested, sites in turn; of those who are looked up four at once.
import { expect, test, vi } from "vitest";

import { newcomers, strangers } from "#server/crowd.ts";

const { inTurn } = strangers;

const turn = () => new Promise((resolve) => setImmediate(resolve));
const { signal } = new AbortController();
const stranger = { site: "here", signal };

test("no more than four are looked up at once, and each goes on when another is through", async () => {
  const open: (() => void)[] = [];
  const all = Array.from({ length: 10 }, () => inTurn(stranger, () => new Promise<void>((resolve) => open.push(resolve))));
  for (let n = 0; n < 10; n += 1) {
    await vi.waitFor(() => expect(open).toHaveLength(Math.min(10, n + 4)), { interval: 1 });
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(open).toHaveLength(Math.min(10, n + 4));
    open[n]?.();
  }
  await Promise.all(all);
});

/** The middle one of the milliseconds between two of those who began then: where the machine stands still for a moment, one is longer and the next shorter. */
function middleGap(begun: readonly number[]): number {
  const gaps = begun.slice(1).map((at, n) => at - (begun[n] ?? 0));
  return gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? NaN;
}

/** Milliseconds between two of eight strangers who come at once. */
async function gap(): Promise<number> {
  const begun: number[] = [];
  await Promise.all(Array.from({ length: 8 }, () => inTurn(stranger, () => Promise.resolve(begun.push(performance.now())))));
  return middleGap(begun);
}

test("one goes on after the loop has rested for a millisecond", async () => {
  const found = await gap();
  expect(found).toBeGreaterThan(0.9);
  expect(found).toBeLessThan(19);
});

test("in a loop that never rests they wait longer, but not for ever", async () => {
  let isOver = false;
  const keepBusy = () => void (isOver || setImmediate(keepBusy));
  keepBusy();
  const found = await gap();
  isOver = true;
  expect(found).toBeGreaterThan(19);
  expect(found).toBeLessThan(200);
});

test("a crowd of one site does not keep another's out", async () => {
  const order: string[] = [];
  const from = (site: string) => inTurn({ site, signal }, () => Promise.resolve(order.push(site)));
  await Promise.all([...Array.from({ length: 50 }, () => from("crowd")), from("office"), from("home")]);
  expect(order.indexOf("office")).toBeLessThan(5);
  expect(order.indexOf("home")).toBeLessThan(5);
  expect(order).toHaveLength(52);
});

test("who went away costs nobody a turn and is not looked up", async () => {
  const gone = new AbortController();
  let lookedUp = 0;
  const left = Array.from({ length: 500 }, () =>
    inTurn({ site: "flood", signal: gone.signal }, () => Promise.resolve((lookedUp += 1))).catch((error: unknown) => error),
  );
  const stayed = inTurn({ site: "flood", signal }, () => Promise.resolve("here"));
  gone.abort();
  const since = performance.now();
  expect(await stayed).toBe("here");
  // 500 turns would take half a second at the least.
  expect(performance.now() - since).toBeLessThan(400);
  for (const error of await Promise.all(left)) expect(error).toMatchObject({ code: "UNAVAILABLE" });
  expect(lookedUp).toBe(0);
});

test("beyond a bound those of one site are told to come again, and others are not", async () => {
  // Whoever comes in the same turn of the loop waits.
  await inTurn(stranger, () => Promise.resolve());
  const all = Array.from({ length: 5_001 }, () => inTurn(stranger, () => Promise.resolve("in")).catch((error: unknown) => error));
  const other = inTurn({ site: "other", signal }, () => Promise.resolve("in"));
  const ends = await Promise.all(all);
  expect(ends.filter((end) => end === "in")).toHaveLength(5_000);
  expect(ends.at(-1)).toMatchObject({ code: "UNAVAILABLE" });
  expect(await other).toBe("in");
});

test("who needs no look-up waits for nobody's, but goes on by turns too", async () => {
  let goOn = (): void => undefined;
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const lookedUp = Array.from({ length: 10 }, () => inTurn(stranger, () => held));
  try {
    const at: number[] = [];
    await vi.waitFor(() => expect(strangers.waiting("here")).toBe(6), { interval: 1 });
    await Promise.all(Array.from({ length: 8 }, () => newcomers.inTurn(stranger, () => Promise.resolve(at.push(performance.now())))));
    expect(middleGap(at)).toBeGreaterThan(0.9);
    expect(strangers.waiting("here")).toBe(6);
  } finally {
    goOn();
    await Promise.all(lookedUp);
  }
});

test("of three turns two are for newcomers, and all are for strangers where nobody else waits", async () => {
  const order: string[] = [];
  const from = ({ inTurn: go }: typeof strangers, name: string) =>
    Array.from({ length: 8 }, () => go(stranger, () => Promise.resolve(order.push(name))));
  await Promise.all([...from(strangers, "stranger"), ...from(newcomers, "newcomer")]);
  // The first went on before there were others.
  for (const three of [order.slice(1, 4), order.slice(4, 7), order.slice(7, 10)])
    expect(three.toSorted()).toEqual(["newcomer", "newcomer", "stranger"]);
  expect(order.slice(-4)).toEqual(Array.from({ length: 4 }, () => "stranger"));
});

test("who could not be looked up is told why, and the next goes on", async () => {
  const failed = inTurn(stranger, () => Promise.reject(new Error("away")));
  await expect(failed).rejects.toThrow("away");
  expect(await inTurn(stranger, () => Promise.resolve("here"))).toBe("here");
});
