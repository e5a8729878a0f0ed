// Who hears of a cancelled request, when, and how often.
import { expect, test, vi } from "vitest";

import { within } from "#server/agent/budget.ts";
import { abortSignalOf, type Cancellation, Canceller } from "#server/cancellation.ts";

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

test("while they are told, a listener may leave or send another one away", () => {
  const signal = new Canceller();
  const heard: string[] = [];
  const sent = () => heard.push("sent away");
  const first = () => {
    signal.removeEventListener("abort", first);
    signal.removeEventListener("abort", sent);
    heard.push("first");
  };
  signal.addEventListener("abort", first);
  signal.addEventListener("abort", sent);
  signal.addEventListener("abort", () => heard.push("last"));
  signal.abort(null);
  expect(heard).toEqual(["first", "last"]);
});

test("a listener that throws keeps nobody from hearing it, and is heard of itself", () => {
  const later = vi.spyOn(process, "nextTick").mockImplementation(() => undefined);
  const signal = new Canceller();
  const heard: string[] = [];
  signal.addEventListener("abort", () => {
    throw new Error("broken");
  });
  signal.addEventListener("abort", () => heard.push("next"));
  signal.abort(null);
  expect(heard).toEqual(["next"]);
  expect(() => later.mock.calls[0]?.[0]()).toThrow("broken");
  later.mockRestore();
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

test("work within a budget ends with who asked for it, and after its time", async () => {
  const outer = new Canceller();
  const ended = (ms: number) =>
    within(outer, ms, (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason))));
  expect(await ended(5)).toMatchObject({ name: "TimeoutError" });
  const cancelled = ended(60_000);
  outer.abort("gone");
  expect(await cancelled).toBe("gone");
  expect(await within(outer, 60_000, (signal) => Promise.resolve(signal.reason))).toBe("gone");
});

test("work that is over listens no more", async () => {
  const listeners = new Set<() => void>();
  const outer: Cancellation = {
    aborted: false,
    reason: undefined,
    addEventListener: (_type, listener) => listeners.add(listener),
    removeEventListener: (_type, listener) => listeners.delete(listener),
  };
  expect(await within(outer, 60_000, () => Promise.resolve(listeners.size))).toBe(1);
  await within(outer, 60_000, () => Promise.reject(new Error("failed"))).catch(() => undefined);
  expect(listeners.size).toBe(0);
});
