// What several words say together, and that it counts beside the words themselves.
import { expect, test } from "vitest";

import { term, words } from "#server/search/analyzer.ts";
import { combine } from "#server/search/collection.ts";
import { everydayWords } from "#server/search/everyday-words.ts";
import { expressions, meaningsOfExpressions } from "#server/search/expressions.ts";
import { readQuery } from "#server/search/query.ts";
import { rank } from "#server/search/rank.ts";
import { buildSegment } from "#server/search/segment.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

test.each([
  ["Give me the main points of the Q3 numbers", "summary"],
  ["they charged us twice for it", ""],
  ["we are charged twice", "refund duplicate charge"],
  ["who’s handling the tickets", "assignee owner"],
  // Also with hyphens.
  ["a follow-up with Ann", "task reminder"],
  ["What’s new?", "latest changes"],
  // The longer one, and what comes after it.
  ["how long is the drive, and what's new", "route duration latest changes"],
  ["keep the cash in the flow", ""],
  // Two words as they are written, and within a clause.
  ["how much is invested in stocks", "price"],
  ["recordings on calls with Acme", ""],
  ["Turn it on. Call Bob.", ""],
  ["carry on, hold the line", ""],
  ["dashboard for sales team", ""],
  ["search logs in CloudWatch", ""],
  ["send the report to Slack", ""],
  ["list keys in Redis", ""],
  ["", ""],
])("%s: %s", (text, meant) => {
  expect(meaningsOfExpressions(text)).toBe(meant);
});

async function find(query: string) {
  const names = ["get_summary", "get_numbers", "delete_numbers"];
  const vocabulary = new Vocabulary();
  const tools = names.map((name) => ({ name, title: null, description: "", inputSchema: { type: "object" } }));
  const { hits, unmatchedTerms } = rank(combine(vocabulary, [await buildSegment(vocabulary, "Report", tools)]), query, 3);
  return { first: names[hits[0]?.doc ?? -1], unmatchedTerms };
}

test("a tool that an expression stands for is found, but not by a name in quotes, and the person's own words count more", async () => {
  expect((await find("the main points")).first).toBe("get_summary");
  expect((await find('"the main points"')).first).toBeUndefined();
  expect((await find("delete the main points of the numbers")).first).toBe("delete_numbers");
});

test("what nobody said asks for no deed and names no service", async () => {
  const vocabulary = new Vocabulary();
  const tool = (name: string) => ({ name, title: null, description: "", inputSchema: { type: "object" } });
  const segment = await buildSegment(vocabulary, "Pending", [tool("pause_subscription"), tool("list_subscriptions")]);
  const collection = combine(vocabulary, [segment]);
  const { groups } = readQuery(collection, "subscriptions on hold");
  expect(groups.filter(({ origin }) => origin === "expression").map(({ word, own, action }) => ({ word, own, action }))).toEqual([
    { word: "pause", own: -1, action: 0 },
    { word: "pending", own: -1, action: 0 },
  ]);
  // What was said as well is said, wherever it stands.
  const { groups: both } = readQuery(collection, 'subscriptions on hold in "Acme", pause them');
  expect(both.find(({ word }) => word === "pause")).toMatchObject({ origin: "said", own: vocabulary.find("paus") });
});

test("words that an expression stands for are not told as unknown: nobody said them", async () => {
  expect((await find("which drive time: how long is the drive")).unmatchedTerms).toEqual(["drive", "time", "long"]);
});

test("each line of the table says what is said and, by another word, what is meant", () => {
  for (const line of everydayWords.split("\n").filter(Boolean)) {
    const [said = "", meant = ""] = line.split(": ");
    const meantTerms = meant.split(" ").map(term);
    expect(meantTerms).not.toContain(null);
    for (const word of said.split(" ")) {
      expect(term(word)).not.toBeNull();
      expect(
        meantTerms.some((known) => known !== term(word)),
        `${word} in "${line}"`,
      ).toBe(true);
    }
  }
});

test("each expression has several words, stands there once, and means another word", () => {
  const lines = expressions.trim().split("\n");
  for (const line of lines) {
    const [said = "", meant = ""] = line.split(": ");
    const saidWords = words(said);
    expect(saidWords.length, line).toBeGreaterThan(1);
    expect(
      meant.split(" ").some((word) => !saidWords.includes(word)),
      line,
    ).toBe(true);
  }
  const keys = lines.map((line) =>
    words(line.split(": ")[0] ?? "")
      .map((word) => term(word) ?? word)
      .join(" "),
  );
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});
