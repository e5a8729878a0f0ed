// Who hears of a cancelled request, when, and how often.
import { expect, test } from "vitest";

import { within } from "#server/agent/budget.ts";
import { abortSignalOf, Canceller } from "#server/cancellation.ts";

test("whoever listens hears of the first abort alone, and knows why", () => {
  const signal = new Canceller();
  const heard: unknown[] = [];
  signal.addEventListener("abort", () => heard.push(["first", signal.aborted, signal.reason]));
  const left = () => heard.push("left");
  signal.addEventListener("abort", left);
  signal.addEventListener("abort", () => heard.push("last"));
  signal.removeEventListener("abort", left);
  signal.abort("gone");
  signal.abort("again");
  expect(heard).toEqual([["first", true, "gone"], "last"]);
  expect(signal.reason).toBe("gone");
});

test("a listener that leaves while others are told keeps nobody from hearing it", () => {
  const signal = new Canceller();
  const heard: string[] = [];
  const once = () => {
    signal.removeEventListener("abort", once);
    heard.push("once");
  };
  signal.addEventListener("abort", once);
  signal.addEventListener("abort", () => heard.push("next"));
  signal.abort(null);
  expect(heard).toEqual(["once", "next"]);
});

test("what takes nothing but an AbortSignal gets one that says the same, also afterwards", () => {
  const signal = new Canceller();
  const early = abortSignalOf(signal);
  const reason = new Error("The agent cancelled this request.");
  expect([early instanceof AbortSignal, early.aborted]).toEqual([true, false]);
  signal.abort(reason);
  for (const one of [early, abortSignalOf(signal)]) expect([one.aborted, one.reason]).toEqual([true, reason]);
  const real = new AbortController().signal;
  expect(abortSignalOf(real)).toBe(real);
});

test("work within a budget ends with who asked for it, and after its time, and leaves no listener behind", async () => {
  const outer = new Canceller();
  const ended = (ms: number) =>
    within(outer, ms, (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason))));
  expect(await ended(5)).toMatchObject({ name: "TimeoutError" });
  const cancelled = ended(60_000);
  outer.abort("gone");
  expect(await cancelled).toBe("gone");
  expect(await within(outer, 60_000, (signal) => Promise.resolve(signal.reason))).toBe("gone");
});
