// How fast, how large and how quickly changed: our ranking beside what it is compared with, at four sizes.
import { setTimeout } from "node:timers/promises";
import { runInNewContext } from "node:vm";

import { type Collection, combine } from "#server/search/collection.ts";
import { collectionOf } from "#server/search/kept-collections.ts";
import { rank } from "#server/search/rank.ts";
import { buildSegment, type Segment } from "#server/search/segment.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

import type { PublicServer } from "./data.ts";
import { type Engine, miniSearch, predecessor } from "./others.ts";

export const percentile = (times: readonly number[], share: number) =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;

/** The flag of scripts/eval-search.mjs is for contexts that are made after it. */
const collect: unknown = runInNewContext("gc");

async function heapMb(): Promise<number> {
  if (typeof collect !== "function") throw new Error("Without --expose-gc no heap can be measured.");
  for (let times = 0; times < 5; times += 1) {
    collect();
    // Buffers are freed in a later turn.
    await setTimeout(50);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1_048_576;
}

/** Half of the connections are the caller's. */
const isGranted = (server: number) => server % 2 === 0;

export async function build(vocabulary: Vocabulary, list: readonly PublicServer[]): Promise<Segment[]> {
  const made: Segment[] = [];
  for (const { label, tools } of list) made.push(await buildSegment(vocabulary, label, tools));
  return made;
}

/** Ours, as the product does it: what a search takes is made once for those who may use the same. */
async function ours(list: readonly PublicServer[]): Promise<Engine> {
  const vocabulary = new Vocabulary();
  const segments = await build(vocabulary, list);
  let all = collectionOf(vocabulary, [...segments]);
  let half: Collection | undefined;
  return {
    answer: (query, granted) => {
      if (!granted) return rank(all, query, 10).hits.flatMap(({ segment, doc }) => list[segment]?.ids[doc] ?? []);
      half ??= combine(
        vocabulary,
        segments.filter((_segment, server) => granted(server)),
      );
      return rank(half, query, 10).hits.flatMap(({ segment, doc }) => list[2 * segment]?.ids[doc] ?? []);
    },
    replaceFirst: async ({ label, tools }) => {
      segments[0] = await buildSegment(vocabulary, label, tools);
      all = collectionOf(vocabulary, [...segments]);
    },
  };
}

const engines: [string, (list: readonly PublicServer[]) => Engine | Promise<Engine>][] = [
  ["Gatehouse", ours],
  ["MiniSearch", miniSearch],
  ["predecessor", predecessor],
];

/** p50 and p99 in milliseconds. What takes long is asked fewer queries: `seconds` worth of them, but a hundred at least. */
function timed(queries: readonly string[], seconds: number, work: (query: string) => unknown): string {
  const warm = performance.now();
  for (const query of queries.slice(0, 100)) if (performance.now() - warm < 1_000) work(query);
  // By a stride that has no factor in common with their number: neighbours are alike.
  const order = queries.map((_query, index) => queries[(index * 101) % queries.length] ?? "");
  const times: number[] = [];
  const began = performance.now();
  for (const query of [...order, ...order]) {
    const from = performance.now();
    if (from - began > seconds * 1_000 && times.length >= 100) break;
    work(query);
    times.push(performance.now() - from);
  }
  return `${percentile(times, 0.5).toFixed(2)} / ${percentile(times, 0.99).toFixed(2)}`;
}

/** One row. In a function of its own, so that what is left of it in memory (collections that are kept, up to their bound) is there before the next. */
async function row(
  make: (list: readonly PublicServer[]) => Engine | Promise<Engine>,
  list: readonly PublicServer[],
  queries: readonly string[],
) {
  const tools = list.flatMap(({ tools }) => tools).slice(0, 100);
  const hundred = { label: "Replaced", tools, ids: tools.map(({ name }) => `replaced/${name}`) };
  const before = await heapMb();
  const began = performance.now();
  const engine = await make(list);
  const seconds = (performance.now() - began) / 1_000;
  const heap = (await heapMb()) - before;
  const all = timed(queries, 4, (query) => engine.answer(query));
  const half = timed(queries, 4, (query) => engine.answer(query, isGranted));
  const replaced: number[] = [];
  for (let times = 0; times < 9; times += 1) {
    const start = performance.now();
    await engine.replaceFirst(hundred);
    engine.answer("create issue");
    replaced.push(performance.now() - start);
  }
  return `${seconds.toFixed(2)} | ${heap.toFixed(1)} | ${all} | ${half} | ${percentile(replaced, 0.5).toFixed(2)}`;
}

/** The lines of the report; `ofSize` makes lists of so many tools together. */
export async function* reportSpeed(ofSize: (tools: number) => PublicServer[], queries: readonly string[]): AsyncGenerator<string> {
  yield "\n## Speed and memory\n";
  yield "The half with grants: every second connection is the caller's. Replacing: the list of one server by one of 100 tools, until the new one answers; the middle of nine. Heap: without the tools themselves.\n";
  yield "| tools | servers | engine | build s | heap MB | p50 / p99 ms | half: p50 / p99 ms | replacing ms |\n| --- | --- | --- | --- | --- | --- | --- | --- |";
  for (const count of [500, 3_000, 10_500, 50_000]) {
    const list = ofSize(count);
    for (const [name, make] of engines) yield `| ${count} | ${list.length} | ${name} | ${await row(make, list, queries)} |`;
  }
}
