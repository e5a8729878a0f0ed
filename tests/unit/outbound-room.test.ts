// What is kept of answers that are not whole: bounded for all together and for each host, and never in the way of small ones.
import { afterEach, expect, test } from "vitest";

import { metricsText } from "#server/metric.ts";
import { Room } from "#server/outbound/room.ts";

const mebibyte = 1_048_576;
const open: Room[] = [];
let gone: string[] = [];
function room(host: string, name = host): Room {
  const made = new Room(host, () => gone.push(name));
  open.push(made);
  return made;
}
afterEach(() => {
  for (const each of open.splice(0)) each.free();
  gone = [];
  expect(metricsText()).toContain("gatehouse_unfinished_answers_bytes 0");
});

test("of one host the oldest gives way beyond 64 MiB, and hears of it once", () => {
  const large = Array.from({ length: 16 }, (_, n) => room("a.example", `answer ${n}`));
  for (const each of large) each.keep(4 * mebibyte);
  const next = room("a.example", "next");
  // The first 64 KiB of each do not count.
  next.keep(mebibyte);
  expect(gone).toEqual([]);
  next.keep(mebibyte);
  expect(gone).toEqual(["answer 0"]);
  expect(() => large[0]?.keep(1)).toThrow(expect.objectContaining({ reason: "no_room" }));
  // Room was made for 4 MiB.
  next.keep(2 * mebibyte);
  expect(gone).toEqual(["answer 0"]);
});

test("one answer that is all there is gives way itself", () => {
  expect(() => room("a.example").keep(65 * mebibyte)).toThrow(expect.objectContaining({ reason: "no_room" }));
  expect(gone).toEqual(["a.example"]);
});

test("beyond 256 MiB it is an answer of the host that keeps most, and small ones pass", () => {
  for (let n = 0; n < 4; n += 1) for (let part = 0; part < 15; part += 1) room(`${n}.example`).keep(4 * mebibyte);
  for (let part = 0; part < 6; part += 1) room("late.example").keep(4 * mebibyte);
  expect(gone).toHaveLength(1);
  expect(gone).not.toContain("late.example");
  for (let n = 0; n < 100; n += 1) room("late.example").keep(65_536);
  expect(gone).toHaveLength(1);
});
