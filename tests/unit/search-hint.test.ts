// What an agent is told beside the matches: every sentence that applies, and never more than was kept free for it.
import { expect, test } from "vitest";

import { hintOf, hintTokens } from "#server/search/hint.ts";
import { estimateTokens } from "#server/search/tokens.ts";

const found: Parameters<typeof hintOf>[0] = {
  matches: 3,
  guessed: [],
  nearby: [],
  connections: 2,
  isAnySearchable: true,
  unusable: 0,
  unlisted: 0,
  wanted: undefined,
  own: true,
  cut: "nothing",
  isByWordsAlone: false,
};
const nothing = { ...found, matches: 0 };

test("where all is well nothing is said", () => {
  expect(hintOf(found)).toBeUndefined();
});

test("all that applies is said, not the first of it alone", () => {
  const guessed = [{ word: "serch", near: "search" }];
  const hint = hintOf({ ...found, guessed, cut: "schemas", isByWordsAlone: true, unlisted: 11 });
  for (const part of ['No tool knows "serch": "search" was taken instead', "left out", "by words alone", "11 more connections"])
    expect(hint).toContain(part);
  expect(hintOf({ ...nothing, isByWordsAlone: true })).toMatch(/^Nothing matched.*other words.*by words alone/);
});

test("nothing found: what is near is told, and who cannot be searched at all is not told to try other words", () => {
  expect(hintOf({ ...nothing, nearby: ["mail", "main"] })).toContain('Tools know "mail", "main".');
  expect(hintOf({ ...nothing, connections: 0 })).toContain("No connection is available");
  expect(hintOf({ ...nothing, connections: 0, wanted: "Nowhere", own: false })).toContain('of the name or id "Nowhere"');
  expect(hintOf({ ...nothing, connections: 0, wanted: "Gatehouse" })).toContain("Nothing matched");
  const unusable = { ...nothing, connections: 1, isAnySearchable: false, unusable: 1 };
  for (const hint of [hintOf(unusable), hintOf({ ...unusable, wanted: "Linear", own: false })]) {
    expect(hint).toContain('"connections" says why');
    expect(hint).not.toContain("other words");
  }
});

test("the longest hint keeps to what is kept free for it", () => {
  // Nothing costs more for each character.
  const long = "1a".repeat(250);
  const most = {
    ...found,
    guessed: Array.from({ length: 15 }, () => ({ word: long, near: long })),
    nearby: [long, long, long],
    unlisted: 99_999,
    isByWordsAlone: true,
  };
  const cuts = ["schemas", "descriptions", "matches"] as const;
  const hints = [
    ...cuts.map((cut) => hintOf({ ...most, cut })),
    hintOf({ ...most, matches: 0 }),
    hintOf({ ...most, matches: 0, connections: 0, wanted: long, own: false }),
    hintOf({ ...most, matches: 0, isAnySearchable: false, unusable: 99_999, wanted: long, own: false }),
  ];
  for (const hint of hints) expect(estimateTokens(hint ?? "")).toBeLessThanOrEqual(hintTokens);
});
