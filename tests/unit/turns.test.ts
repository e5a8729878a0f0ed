// Turns at a connection after many members, and connections, were there.
import { expect, test } from "vitest";

import { Canceller } from "#server/cancellation.ts";
import { inTurn } from "#server/upstream/turns.ts";

const signal = new Canceller();
const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

test("who called before takes no place of those who call now, however many they were", async () => {
  const members = Array.from({ length: 250 }, (_, index) => `member ${index}`);
  for (const caller of members) await inTurn("popular", { caller, signal }, () => Promise.resolve());
  for (const caller of members) await inTurn(`server of ${caller}`, { caller, signal }, () => Promise.resolve());

  let running = 0;
  let most = 0;
  const leave: (() => void)[] = [];
  const call = (caller: string) =>
    inTurn("popular", { caller, signal }, async () => {
      most = Math.max(most, (running += 1));
      await new Promise<void>((resolve) => leave.push(resolve));
      running -= 1;
    });
  // 75 of one member and 25 of others have a place; the others wait.
  const calls = [...Array.from({ length: 80 }, () => call("member 0")), ...members.slice(1, 31).map(call)];
  await settled();
  expect(running).toBe(100);
  while (leave.length > 0) {
    for (const one of leave.splice(0)) one();
    await settled();
  }
  await Promise.all(calls);
  expect([most, running]).toEqual([100, 0]);
});
