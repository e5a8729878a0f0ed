// The gate on search quality: what `npm run eval:search` measured may not drop by more than a point.
import { beforeAll, expect, test } from "vitest";

import { businessData, distractors, publicData, type PublicServer } from "../../bench/search/data.ts";
import { halfOf, judge, type Query } from "../../bench/search/quality.ts";
import { type Collection, combine } from "#server/search/collection.ts";
import { rank } from "#server/search/rank.ts";
import { buildSegment, type Segment } from "#server/search/segment.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

const { servers, queries } = publicData();
const vocabulary = new Vocabulary();
const business = businessData();
let segments: Segment[];
let collection: Collection;
let ofBusiness: Collection;

async function build(list: readonly PublicServer[]): Promise<Segment[]> {
  const made: Segment[] = [];
  for (const { label, tools } of list) made.push(await buildSegment(vocabulary, label, tools));
  return made;
}

beforeAll(async () => {
  segments = await build(servers);
  collection = combine(vocabulary, segments);
  ofBusiness = combine(vocabulary, await build(business.servers));
});

const answerFrom = (among: Collection, list: readonly PublicServer[], query: string) =>
  rank(among, query, 10).hits.flatMap(({ segment, doc }) => list[segment]?.ids[doc] ?? []);
const answer = (query: string) => answerFrom(collection, servers, query);

/** As measured (docs/reports/search.md). */
const measured: [string, (query: Query) => boolean, { hit1: number; hit5: number; hit10: number }][] = [
  ["all", () => true, { hit1: 85.4, hit5: 96.2, hit10: 97.7 }],
  ["azure", ({ slice }) => slice === "azure", { hit1: 89.1, hit5: 98, hit10: 99.3 }],
  ["toucan", ({ slice }) => slice === "toucan", { hit1: 78.5, hit5: 92.8, hit10: 94.7 }],
  ["held out", (query) => halfOf(query) === "held out", { hit1: 80.2, hit5: 95.7, hit10: 96.4 }],
];

test.each(measured)("%s: no more than a point below what was measured", (_name, isIn, { hit1, hit5, hit10 }) => {
  const found = judge(queries.filter(isIn), answer);
  expect(found.hit1).toBeGreaterThanOrEqual(hit1 - 1);
  expect(found.hit5).toBeGreaterThanOrEqual(hit5 - 1);
  expect(found.hit10).toBeGreaterThanOrEqual(hit10 - 1);
});

test.each([
  ["phrases", "agent", { hit1: 61.1, hit5: 89.2 }],
  ["sentences", "user", { hit1: 35.8, hit5: 69.7 }],
])("%s of people at work: no more than a point below what was measured", (_name, style, { hit1, hit5 }) => {
  const own = business.queries.filter((query) => query.style === style);
  const found = judge(own, (query) => answerFrom(ofBusiness, business.servers, query));
  expect(found.hit1).toBeGreaterThanOrEqual(hit1 - 1);
  expect(found.hit5).toBeGreaterThanOrEqual(hit5 - 1);
});

test("the best few are the first of the best 150: who asks for fewer loses none, however late the phrases come in", () => {
  for (const { query } of queries) {
    const { hits } = rank(collection, query, 150);
    for (const limit of [1, 5, 20]) expect(rank(collection, query, limit).hits).toEqual(hits.slice(0, limit));
  }
});

test("an answer is the same whatever else is in memory: other lists move neither the order nor the score", async () => {
  const some = segments.slice(0, 40);
  const before = queries.slice(0, 50).map(({ query }) => rank(combine(vocabulary, some), query, 10));
  await build(distractors().slice(0, 100));
  expect(queries.slice(0, 50).map(({ query }) => rank(combine(vocabulary, some), query, 10))).toEqual(before);
});
