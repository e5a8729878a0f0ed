// One key for one subscriber: what the brakes count by.
import { expect, test } from "vitest";

import { networkOf } from "#server/auth/limits.ts";

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:0db8:0001:0002::1", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["user:abc", "user:abc"],
  ["register:203.0.113.7", "register:203.0.113.7"],
])("%s counts as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
