// One key for one subscriber: what the brakes count by.
import { expect, test } from "vitest";

import { countSignInRequest, countTry, networkOf, siteOf } from "#server/auth/limits.ts";

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:0db8:0001:0002::1", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["user:abc", "user:abc"],
])("%s counts as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test("all networks of one site take one turn", () => {
  expect(siteOf("2001:db8:1:2::1")).toBe(siteOf("2001:db8:1:ffff::9"));
  expect(siteOf("2001:db8:1:2::1")).not.toBe(siteOf("2001:db8:2:2::1"));
  expect(siteOf("::ffff:192.0.2.1")).toBe("192.0.2.1");
});

test("codes and registrations are counted by network too, each apart from signing in", async () => {
  const tries = Array.from({ length: 100 }, (_, n) => countTry({ address: `2001:db8:7:7::${n.toString(16)}`, purpose: "device" }));
  await Promise.all(tries);
  await expect(countTry({ address: "2001:db8:7:7::ffff", purpose: "device" })).rejects.toMatchObject({ code: "RATE_LIMITED" });
  await countTry({ address: "2001:db8:7:7::ffff", purpose: "register" });
  await countTry({ address: "2001:db8:7:7::ffff" });
});

test("the sign-in endpoints have a brake as wide as an office, by network", async () => {
  await Promise.all(Array.from({ length: 3_000 }, (_, n) => countSignInRequest(`2001:db8:8:8::${n.toString(16)}`)));
  await expect(countSignInRequest("2001:db8:8:8::1")).rejects.toMatchObject({
    code: "RATE_LIMITED",
    details: { retryAfterSeconds: expect.any(Number) },
  });
});
