// What one collection is made from the one before.
import { expect, test } from "vitest";

import { combine, withReplaced } from "#server/search/collection.ts";
import { collectionMemory, collectionOf } from "#server/search/kept-collections.ts";
import { buildSegment, type SearchableTool } from "#server/search/segment.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

/** A fixed sequence that looks like chance. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const objects = ["issue", "page", "invoice", "customer", "branch", "file", "message", "event"];
const verbs = ["create", "list", "get", "delete", "send", "find"];

function toolsBy(next: (below: number) => number, round: number): SearchableTool[] {
  const some = (list: readonly string[]) => list[next(list.length)] ?? "";
  return Array.from({ length: next(5) }, (_, index) => ({
    name: `${some(verbs)}_${some(objects)}_${index}`,
    title: null,
    // A word of its own: the vocabulary grows with each list.
    description: `${some(verbs)} the ${some(objects)} of word${round}`,
    inputSchema: { type: "object" },
  }));
}

const labels = ["Linear", "Notion", "Stripe", "Linear Notion", "GitHub"];

test("a collection in which lists were replaced, one after the other, is the one that is made of them anew", async () => {
  const next = chance(7);
  const vocabulary = new Vocabulary();
  const segments = await Promise.all(
    Array.from({ length: 12 }, (_, index) => buildSegment(vocabulary, labels[index % 5] ?? "", toolsBy(next, 0))),
  );
  let collection = combine(vocabulary, [...segments]);
  for (let round = 1; round <= 300; round += 1) {
    const place = next(segments.length);
    segments[place] = await buildSegment(vocabulary, labels[next(5)] ?? "", toolsBy(next, round));
    collection = withReplaced({ ...collection, segments: [...segments] }, place);
    const anew = combine(vocabulary, [...segments]);
    expect({ ...collection, labels: new Map([...collection.labels].sort()) }).toEqual({
      ...anew,
      labels: new Map([...anew.labels].sort()),
    });
  }
});

test("what is kept goes on from what was kept: one list, several, another vocabulary, and back", async () => {
  const next = chance(11);
  const build = async (vocabulary: Vocabulary, round: number) => buildSegment(vocabulary, labels[next(5)] ?? "", toolsBy(next, round));
  const [first, second] = [new Vocabulary(), new Vocabulary()];
  const one = await Promise.all([1, 2, 3, 4, 5].map((round) => build(first, round)));
  const other = await Promise.all([1, 2, 3, 4, 5].map((round) => build(second, round)));
  const replaced = async (...places: number[]) => {
    const segments = [...one];
    for (const place of places) segments[place] = await build(first, 10 + place);
    return segments;
  };
  const before = collectionMemory().collections;
  // One after the other: the vocabulary grows with each.
  for (const [vocabulary, make] of [
    [first, () => one],
    [first, () => replaced(2)],
    [first, () => replaced(0, 4)],
    [first, () => replaced(0, 1, 2, 3)],
    [first, () => one.slice(1)],
    [first, () => one.slice(0, 3)],
    // A smaller vocabulary, and no segment in common.
    [second, () => other.slice(0, 3)],
    [first, () => replaced(1)],
  ] as const) {
    const segments = await make();
    const [found, anew] = [collectionOf(vocabulary, segments), combine(vocabulary, segments)];
    expect({ ...found, labels: new Map([...found.labels].sort()) }).toEqual({ ...anew, labels: new Map([...anew.labels].sort()) });
  }
  expect(collectionMemory().collections - before).toBe(8);
  expect(collectionOf(first, one)).toMatchObject({ segments: one, total: combine(first, one).total });
  expect(collectionMemory().collections - before).toBe(8);
});
