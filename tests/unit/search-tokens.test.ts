// What a search result costs: the estimate beside a real tokenizer on the public tools, and the bound of a whole result.
import { encode as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { encode as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";

import { fitMatches, maxResultTokens } from "#server/search/fit-matches.ts";
import type { Match } from "#server/search/search.ts";
import { estimateTokens } from "#server/search/tokens.ts";

import { publicData } from "../../bench/search/data.ts";
import { matchOf } from "../../bench/search/tokens.ts";

const matches = publicData().servers.flatMap(({ label, tools }) => tools.map((tool) => matchOf(label, tool)));

/** Results of five matches each, as a search gives them. */
const results = (detail: "full" | "brief") =>
  Array.from({ length: 200 }, (_, at) => {
    const { matches: fitted, tokens } = fitMatches(matches.slice(at * 15, at * 15 + 5), { detail, taken: 0 });
    return { text: JSON.stringify(fitted), tokens };
  });

test.each(["full", "brief"] as const)("the estimate of a %s result is within 15 %% of o200k and of cl100k", (detail) => {
  for (const { text, tokens } of results(detail)) {
    expect(Math.abs(tokens / o200k(text).length - 1), text.slice(0, 80)).toBeLessThan(0.15);
    expect(Math.abs(tokens / cl100k(text).length - 1), text.slice(0, 80)).toBeLessThan(0.15);
  }
});

test("over all results it is within three hundredths", () => {
  const all = [...results("full"), ...results("brief")];
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  expect(Math.abs(sum(all.map(({ tokens }) => tokens)) / sum(all.map(({ text }) => o200k(text).length)) - 1)).toBeLessThan(0.03);
});

test.each([
  "发送工作通知消息给部门用户列表",
  "現在のユーザーの一覧を表示します",
  "사용자 목록을 표시합니다",
  "عرض قائمة المستخدمين",
  "Список всех пользователей",
])("other scripts are not underestimated: %s", (text) => {
  expect(estimateTokens(text)).toBeGreaterThanOrEqual(o200k(text).length);
});

test("nothing is nothing, and half a megabyte takes no time worth speaking of", () => {
  expect(estimateTokens("")).toBe(0);
  const text = JSON.stringify(matches).slice(0, 500_000);
  const began = process.cpuUsage();
  estimateTokens(text);
  const { user } = process.cpuUsage(began);
  expect(user / 1_000).toBeLessThan(100);
});

const huge = (at: number, description: string, properties: number): Match => ({
  name: `mcp:abc:tool_${at}`,
  connection: "Huge",
  title: `Tool ${at}`,
  description,
  score: 1,
  access: "write",
  signature: `tool_${at}()`,
  inputSchema: {
    type: "object",
    properties: Object.fromEntries(
      Array.from({ length: properties }, (_, n) => [`field_${n}`, { type: "string", description: "About it." }]),
    ),
  },
  schemaDigest: "sha256:0",
  available: true,
});
const many = (description: string, properties: number) => Array.from({ length: 20 }, (_, at) => huge(at, description, properties));

test.each([
  ["schemas", "full", many("Short.", 250)],
  ["schemas", "full", [huge(0, "Short.", 2_000)]],
  ["descriptions", "brief", many("发送".repeat(300), 1)],
  ["matches", "brief", many("Short.", 1).map((match) => ({ ...match, signature: "发送".repeat(300) }))],
  ["nothing", "full", many("Short.", 3)],
  ["nothing", "brief", many("Short.", 2_000)],
] as const)("room runs out: %s are cut from a %s result, which keeps its bound", (cut, detail, found) => {
  const fitted = fitMatches(found, { detail, taken: 100 });
  expect(fitted.cut).toBe(cut);
  expect(fitted.tokens + 100).toBeLessThanOrEqual(maxResultTokens[detail]);
  expect(o200k(JSON.stringify(fitted.matches)).length).toBeLessThan(maxResultTokens[detail] * 1.1);
  if (cut === "matches") expect(fitted.matches.length).toBeLessThan(20);
  else expect(fitted.matches).toHaveLength(found.length);
  if (detail === "brief") expect(fitted.matches.some((match) => "inputSchema" in match)).toBe(false);
});
