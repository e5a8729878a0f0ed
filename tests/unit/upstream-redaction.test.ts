// The credential that was sent is taken out of whatever a server says, in every spelling that JSON has for it.
import { expect, test } from "vitest";
import { z } from "zod";

import { createRedaction } from "#server/upstream/redaction.ts";

const key = "sk/live+0123456789";
const byNumber = (text: string) => [...text].map((letter) => `\\u00${letter.charCodeAt(0).toString(16).toUpperCase()}`).join("");
const slashed = key.replaceAll("/", "\\/");
const nested = (json: string) => JSON.stringify({ text: json });

function redactionOf(...values: string[]) {
  const redaction = createRedaction();
  for (const value of values) redaction.remember({ authorization: value });
  return redaction.redacted;
}

test.each([
  ["as it is", `{"sent":"Bearer ${key}"}`],
  ["with the slash of PHP", `{"sent":"${slashed}"}`],
  ["by its numbers", `{"sent":"${byNumber(key)}"}`],
  ["one letter by its number", `{"sent":"sk/live\\u002b0123456789"}`],
  ["as a property's name", `{"${byNumber(key)}":1}`],
  ["in JSON in JSON", nested(`{"sent":"${slashed}"}`)],
  ["in JSON in JSON in JSON", nested(nested(`{"sent":"${byNumber(key)}"}`))],
  ["in JSON that a sentence introduces", nested(`Headers: {"sent":"${byNumber(key)}"}`)],
  ["beside JSON that is too deep to walk", `${"[".repeat(200_000)}"${slashed}"${"]".repeat(200_000)}`],
])("a key %s", (_how, text) => {
  const clean = redactionOf(`Bearer ${key}`)(text);
  expect(clean).toContain("[redacted]");
  expect(clean).not.toContain("123456789");
  expect(clean.toUpperCase()).not.toContain("\\U0031");
  if (text.length < 1_000) expect(JSON.parse(clean)).toBeTruthy();
});

test("what holds no key comes back as it came, however it is spelled", () => {
  const text = '{ "a": "https:\\/\\/x.example", "n": 12345678901234567890, "u": "\\u0041\\u00e9" }';
  expect(redactionOf(`Bearer ${key}`)(text)).toBe(text);
});

test.each([
  "eyJhbGciOi.0123456789",
  "AKIA0123456789",
  "00ff0123456789",
  "0af0123456789",
  "u00220123456789",
  "a\\b0123456789",
  'q"u00e40123456789',
])("a key that begins like the end of an escape, or is one: %s", (odd) => {
  const redacted = redactionOf(`Bearer ${odd}`);
  const hidden = JSON.stringify(odd).slice(1, -1).replace(/9$/, "\\u0039");
  for (const before of ["", "\\\\u000", "\\\\u00", "\\\\u0", "\\\\u", "\\\\"]) {
    const clean: unknown = JSON.parse(redacted(`{"sent":"${before}${hidden}"}`));
    expect(JSON.stringify(clean)).toContain("[redacted]");
    expect(JSON.stringify(clean)).not.toContain("0123456");
  }
});

test.each([
  ["the letter of its escape", "\\\\\\u00750039"],
  ["a digit of its escape", "\\\\u\\u0030039"],
  ["all of its escape", "\\u005c\\u0075\\u0030\\u0030\\u0033\\u0039"],
])("a key of which %s is written by its number", (_what, last) => {
  const text = `{"text":"{\\"k\\":\\"sk/live+12345678${last}\\"}"}`;
  // As an agent reads it.
  expect(JSON.parse(z.object({ text: z.string() }).parse(JSON.parse(text)).text)).toEqual({ k: "sk/live+123456789" });
  const clean = redactionOf("Bearer sk/live+123456789")(text);
  expect(clean).toContain("[redacted]");
  expect(clean).not.toContain("12345678");
});

test("a key with something like an escape in its middle is looked for in the largest answers like any other", () => {
  const redacted = redactionOf("Bearer ab/cdu00410123456789");
  const many = (last: string) => `[${'"\\/",'.repeat(500_000)}"${last}"]`;
  expect(redacted(many("ab\\/cdu00410123456789"))).toBe("[redacted]");
  expect(redacted(many("nothing"))).toBe(many("nothing"));
});

test("a value too short to be a key takes no answer away", () => {
  const text = `[${'"\\/1",'.repeat(100_000)}1]`;
  expect(redactionOf('v="1"', "\\\\\\\\")(text)).toBe(text);
});

test("an answer of megabytes that hides the key is given up as a whole, and one that hides none comes back as it came", () => {
  const redacted = redactionOf(`Bearer ${key}`);
  const many = (last: string) => `[${'"\\/",'.repeat(500_000)}"${last}"]`;
  expect(redacted(many(slashed))).toBe("[redacted]");
  expect(redacted(many(nested(byNumber(key)).slice(1, -1).replaceAll('"', '\\"')))).toBe("[redacted]");
  expect(redacted(many("nothing"))).toBe(many("nothing"));
});

test("a key behind a prefix of two words is known without it, and so is the key before", () => {
  const redacted = redactionOf(`Token token ${key}`, "Token token of-the-next");
  expect(redacted(`{"key":"${key}","next":"of-the-next"}`)).toBe('{"key":"[redacted]","next":"[redacted]"}');
});

test("a hostile run of backslashes takes no time to speak of", () => {
  const text = `{"a":"${"\\\\".repeat(1_000_000)}\\/"}`;
  const from = performance.now();
  expect(redactionOf(`Bearer ${key}`)(text)).toBe(text);
  expect(performance.now() - from).toBeLessThan(5_000);
});
