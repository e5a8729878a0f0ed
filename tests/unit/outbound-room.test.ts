// What is kept of answers that are not whole: bounded for all together and for each origin, and never in the way of small ones.
import { afterEach, expect, test } from "vitest";

import { metricsText } from "#server/metric.ts";
import { Room } from "#server/outbound/room.ts";

const mebibyte = 1_048_576;
const open: Room[] = [];
function room(origin: string): Room {
  const made = new Room(origin);
  open.push(made);
  return made;
}
const tooLarge = expect.objectContaining({ reason: "too_large" });
afterEach(() => {
  for (const each of open.splice(0)) each.free();
  expect(metricsText()).toContain("gatehouse_unfinished_answers_bytes 0");
});

test("one origin gets 64 MiB, others go on; what is free can be kept again", () => {
  const large = Array.from({ length: 16 }, () => room("https://a.example"));
  for (const each of large) each.keep(4 * mebibyte);
  const [first] = large;
  const next = room("https://a.example");
  // The first 64 KiB of each do not count.
  next.keep(mebibyte);
  expect(() => next.keep(mebibyte)).toThrow(tooLarge);
  room("https://b.example").keep(4 * mebibyte);
  first?.free();
  next.keep(mebibyte);
});

test("all together get 256 MiB, and small answers pass then, too", () => {
  for (let n = 0; n < 64; n += 1) room(`https://${n % 8}.example`).keep(4 * mebibyte + 65_536);
  expect(() => room("https://new.example").keep(65_537)).toThrow(tooLarge);
  for (let n = 0; n < 100; n += 1) room("https://new.example").keep(65_536);
});
