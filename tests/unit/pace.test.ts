// The patience of a pace in a loop that does not rest: the more wait, the shorter.
import { expect, test } from "vitest";

import { paceOf } from "#server/pace.ts";

test("in a busy loop the next of many goes on sooner than the next of few", () => {
  const pace = paceOf({ restMs: 1, patienceMs: 10_000 });
  pace.step();
  const began = performance.now();
  while (performance.now() - began < 5);
  expect(pace.isDue(0)).toBe(false);
  expect(pace.isDue(5_000_000)).toBe(true);
});
