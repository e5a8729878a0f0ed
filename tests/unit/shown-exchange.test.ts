// What people see of a call: the text is a server's, so it must neither show secrets nor take long, whatever is in it.
import { expect, test } from "vitest";

import { masked } from "#server/agent/shown-exchange.ts";

const size = 4 * 1_048_576;
const hostile = ["-eyJ", "eyJaaaaaaaaaa.", "eyJ-", "Bearer ", "-gth_", "-sk-", "://a:", ":", "a:", "[", "-", "a"];

test.each(hostile)("4 MiB of %j take no time, as one text or as many", (piece) => {
  const text = piece.repeat(size / piece.length);
  const texts = Array.from({ length: 1_024 }, () => text.slice(0, 4_096));
  const { user: before } = process.cpuUsage();
  expect(masked({ text }).length).toBeLessThan(10_000);
  masked({ texts });
  expect(process.cpuUsage().user - before).toBeLessThan(3_000_000);
});

const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJ${"x".repeat(3_000)}.${"s".repeat(43)}`;

test.each([jwt, `sk-${"k".repeat(40)}`, `gth_${"t".repeat(43)}`, `Bearer ${"b".repeat(2_000)}`])(
  "a secret across the cut is masked, and one before it (%#)",
  (secret) => {
    const tail = secret.slice(7, 15);
    for (const at of [0, 2_000, 3_980]) {
      const text = `${". ".repeat(at / 2)}${secret} ${". ".repeat(20_000)}`;
      const all = masked({ text });
      expect(all).not.toContain(tail);
      expect(all).toContain(`(${text.length.toLocaleString("en")} characters)`);
    }
  },
);

test("a token behind a hyphen is masked, and a cursor is not", () => {
  expect(masked({ text: `run-${jwt}` })).toBe(masked({ text: "run-••••••••" }));
  expect(masked({ cursor: "eyJwYWdlIjoyfQ" })).toContain("eyJwYWdlIjoyfQ");
});

test("binaries are told by their size", () => {
  const data = "QUJD".repeat(10);
  const content = [
    { type: "image", mimeType: "image/png", data },
    { type: "resource", resource: { uri: "file:///a", blob: data } },
    { data: "QUJD" },
  ];
  const all = masked({ content });
  expect(all).not.toContain(data);
  expect(all.match(/\(40 characters of base64\)/g)).toHaveLength(2);
  expect(all).toContain('"data": "QUJD"');
});
