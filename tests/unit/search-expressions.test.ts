// What several words say together, and that it counts beside the words themselves.
import { expect, test } from "vitest";

import { combine } from "#server/search/collection.ts";
import { everydayWords } from "#server/search/everyday-words.ts";
import { meaningsOfExpressions } from "#server/search/expressions.ts";
import { rank } from "#server/search/rank.ts";
import { buildSegment } from "#server/search/segment.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

test.each([
  ["Give me the main points of the Q3 numbers", "summary"],
  // In any form, and written with hyphens.
  ["two bank statements", "bank transactions"],
  ["a follow-up with Ann", "task reminder"],
  ["What’s new?", "latest changes"],
  // The longer one, and what comes after it.
  ["how long is the drive, and what's new", "route duration latest changes"],
  ["keep the cash in the flow", ""],
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

test("words that an expression stands for are not told as unknown: nobody said them", async () => {
  expect((await find("which drive time: how long is the drive")).unmatchedTerms).toEqual(["drive", "time", "long"]);
});

test("each line of the table says what is said and what is meant", () => {
  for (const line of everydayWords.split("\n").filter(Boolean))
    expect(line).toMatch(/^[a-z0-9']+( [a-z0-9']+)*: [a-z0-9]+( [a-z0-9]+){0,7}$/);
});
