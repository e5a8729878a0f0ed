// The gate on search quality: what `npm run eval:search` measured may not drop by more than a point.
import { beforeAll, expect, test } from "vitest";

import { businessData, distractors, plainData, publicData, type PublicServer } from "../../bench/search/data.ts";
import { halfOf, judge, type Query } from "../../bench/search/quality.ts";
import { type Collection, combine } from "#server/search/collection.ts";
import { rank } from "#server/search/rank.ts";
import { buildSegment, type Segment } from "#server/search/segment.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

const { servers, queries } = publicData();
const vocabulary = new Vocabulary();
const business = businessData();
const plain = plainData();
let segments: Segment[];
let collection: Collection;
let ofBusiness: Collection;
let ofPlain: Collection;

async function build(list: readonly PublicServer[]): Promise<Segment[]> {
  const made: Segment[] = [];
  for (const { label, tools } of list) made.push(await buildSegment(vocabulary, label, tools));
  return made;
}

beforeAll(async () => {
  segments = await build(servers);
  collection = combine(vocabulary, segments);
  ofBusiness = combine(vocabulary, await build(business.servers));
  ofPlain = combine(vocabulary, await build(plain.servers));
});

const answerFrom = (among: Collection, list: readonly PublicServer[], query: string) =>
  rank(among, query, 10).hits.flatMap(({ segment, doc }) => list[segment]?.ids[doc] ?? []);
const answer = (query: string) => answerFrom(collection, servers, query);

/** As measured (docs/reports/search.md). */
const measured: [string, (query: Query) => boolean, { hit1: number; hit5: number; hit10: number }][] = [
  ["all", () => true, { hit1: 85.4, hit5: 96.6, hit10: 97.9 }],
  ["azure", ({ slice }) => slice === "azure", { hit1: 88.8, hit5: 98, hit10: 99 }],
  ["toucan", ({ slice }) => slice === "toucan", { hit1: 78.9, hit5: 93.8, hit10: 95.7 }],
  ["held out", (query) => halfOf(query) === "held out", { hit1: 80.6, hit5: 96, hit10: 97.2 }],
];

test.each(measured)("%s: no more than a point below what was measured", (_name, isIn, { hit1, hit5, hit10 }) => {
  const found = judge(queries.filter(isIn), answer);
  expect(found.hit1).toBeGreaterThanOrEqual(hit1 - 1);
  expect(found.hit5).toBeGreaterThanOrEqual(hit5 - 1);
  expect(found.hit10).toBeGreaterThanOrEqual(hit10 - 1);
});

test.each([
  ["phrases", "agent", "tuning", { hit1: 63.5, hit5: 89.5 }],
  ["sentences", "user", "tuning", { hit1: 36.5, hit5: 66.2 }],
  ["phrases", "agent", "held out", { hit1: 58.8, hit5: 88.2 }],
  ["sentences", "user", "held out", { hit1: 25.9, hit5: 68.2 }],
])("%s of people at work (%s, %s): no more than one query in eighty below what was measured", (_name, style, half, { hit1, hit5 }) => {
  const own = business.queries.filter((query) => query.style === style && query.slice === `business, ${half}`);
  const found = judge(own, (query) => answerFrom(ofBusiness, business.servers, query));
  expect(found.hit1).toBeGreaterThanOrEqual(hit1 - 1.25);
  expect(found.hit5).toBeGreaterThanOrEqual(hit5 - 1.25);
});

test.each([
  ["phrases", "agent", { hit1: 89.1, hit5: 99.1 }],
  ["sentences", "user", { hit1: 61.8, hit5: 86.4 }],
])("%s put more plainly: no more than one query in a hundred below what was measured", (_name, style, { hit1, hit5 }) => {
  const own = plain.queries.filter((query) => query.style === style);
  const found = judge(own, (query) => answerFrom(ofPlain, plain.servers, query));
  expect(found.hit1).toBeGreaterThanOrEqual(hit1 - 1);
  expect(found.hit5).toBeGreaterThanOrEqual(hit5 - 1);
});

test("what looks like a command finds what it asks for", () => {
  const first = (query: string) => answerFrom(ofBusiness, business.servers, query)[0] ?? "";
  expect(first("raise issue priority")).toBe("Linear/update_issue");
  expect(first("open ticket details")).not.toMatch(/create/);
  expect(first("tag US customers in Shopify")).toMatch(/tag/);
  expect(first("give me 3 orders we got back")).not.toMatch(/refund/);
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
