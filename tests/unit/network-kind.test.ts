// What is remembered of where an agent came from.
import { expect, test } from "vitest";

import { networkKindOf } from "#server/tokens/network-kind.ts";

test.each([
  ["127.0.0.1", "loopback"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::1", "loopback"],
  ["10.1.2.3", "private"],
  ["::ffff:192.168.1.4", "private"],
  ["fd12::1", "private"],
  ["8.8.8.8", "public"],
  ["2606:4700::1111", "public"],
  ["169.254.1.1", null],
  ["unknown", null],
])("%s is %s", (address, kind) => {
  expect(networkKindOf(address)).toBe(kind);
});
