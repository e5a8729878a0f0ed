// `npm run eval:search`: quality on the public data, beside MiniSearch and the predecessor's scoring; speed, memory and replacement at four sizes.
// Writes docs/reports/search.md.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

import { combine } from "#server/search/collection.ts";
import { rank } from "#server/search/rank.ts";
import { buildSegment, type Segment } from "#server/search/segment.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

import { distractors, publicData, type PublicServer } from "./data.ts";
import { reportLearning } from "./learning.ts";
import { reportMeaning } from "./meaning.ts";
import { miniSearch, predecessor } from "./others.ts";
import { searchOverHttp } from "./over-http.ts";
import { halfOf, judge, type Query } from "./quality.ts";
import { matchOf, tokensOf } from "./tokens.ts";

const lines: string[] = [];
const say = (line = "") => {
  lines.push(line);
  process.stdout.write(`${line}\n`);
};
const percentile = (times: readonly number[], share: number) => [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;
const { servers, queries } = publicData();
const more = distractors();

async function build(vocabulary: Vocabulary, list: readonly PublicServer[]): Promise<Segment[]> {
  const made: Segment[] = [];
  for (const { label, tools } of list) made.push(await buildSegment(vocabulary, label, tools));
  return made;
}

async function heapMb(): Promise<number> {
  for (let times = 0; times < 5; times += 1) {
    globalThis.gc?.();
    // Buffers are freed in a later turn.
    await setTimeout(50);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1_048_576;
}

/** What 10,000 tools take; first of all, while nothing else comes and goes. */
async function measureHeap(): Promise<number> {
  const list = ofSize(10_000);
  const before = await heapMb();
  const words = new Vocabulary();
  const made = combine(words, await build(words, list));
  const after = await heapMb();
  return made.total === 10_000 ? after - before : NaN;
}
const heap = await measureHeap();

const vocabulary = new Vocabulary();
const collection = combine(vocabulary, await build(vocabulary, servers));
const ours = (query: string) => rank(collection, query, 10).hits.flatMap(({ segment, doc }) => servers[segment]?.ids[doc] ?? []);

const slices: [string, (query: Query) => boolean][] = [
  ["all", () => true],
  ["tuning half", (query) => halfOf(query) === "tuning"],
  ["held-out half", (query) => halfOf(query) === "held out"],
  ["azure", ({ slice }) => slice === "azure"],
  ["toucan", ({ slice }) => slice === "toucan"],
  ...["agent", "user", "hard", "keyword"].map((style): [string, (query: Query) => boolean] => [
    `toucan, ${style}`,
    (query) => query.slice === "toucan" && query.style === style,
  ]),
];

say(
  "# Search: quality, speed, memory\n\n`npm run eval:search`; docs/search.md says how to read it. One run on two shared cores, Node 20.\n",
);
say("## Quality on the public queries, among 3,000 tools of 255 servers\n");
say("| engine | slice | queries | hit@1 | @3 | @5 | @10 | MRR | nDCG@5 |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const [name, answer] of [
  ["Gatehouse", ours],
  ["MiniSearch, custom analyzer", miniSearch(servers)],
  ["predecessor, over all tools", predecessor(servers)],
] as const)
  for (const [slice, isIn] of name === "Gatehouse" ? slices : slices.slice(0, 5)) {
    const { queries: count, hit1, hit3, hit5, hit10, mrr, ndcg5 } = judge(queries.filter(isIn), answer);
    const shares = [hit1, hit3, hit5, hit10].map((share) => share.toFixed(1)).join(" | ");
    say(`| ${name} | ${slice} | ${count} | ${shares} | ${mrr.toFixed(3)} | ${ndcg5.toFixed(3)} |`);
  }

const deep = (query: string, limit: number) => rank(collection, query, limit);
for (const line of [...reportLearning(servers, queries, deep), ...(await reportMeaning(servers, queries, deep))]) say(line);
say("\n## Tokens of a search\n");
say("The whole result of five matches as an agent reads it, by our estimate (server/search/tokens.ts).\n");
say("| detail | mean | p50 | p99 | most |\n| --- | --- | --- | --- | --- |");
for (const detail of ["full", "brief"] as const) {
  const tokens = queries.map(({ query }) => {
    const found = rank(collection, query, 5).hits.flatMap(({ segment, doc }) => {
      const server = servers[segment];
      const tool = server?.tools[doc];
      return server && tool ? [matchOf(server.label, tool)] : [];
    });
    return tokensOf(found, detail);
  });
  const mean = tokens.reduce((sum, count) => sum + count, 0) / tokens.length;
  say(`| ${detail} | ${mean.toFixed(0)} | ${percentile(tokens, 0.5)} | ${percentile(tokens, 0.99)} | ${Math.max(...tokens)} |`);
}

/** `count` real tools; beyond those there are, the same again in servers of other names. */
function ofSize(count: number): PublicServer[] {
  const all = [...servers, ...more];
  const found: PublicServer[] = [];
  for (let size = 0, round = 0; size < count; round += 1)
    for (const { label, tools, ids } of all) {
      if (size >= count) break;
      const taken = tools.slice(0, count - size);
      found.push({ label: round === 0 ? label : `${label} ${round}`, tools: taken, ids });
      size += taken.length;
    }
  return found;
}

function timed(work: (query: string) => unknown): { p50: number; p99: number } {
  for (const { query } of queries.slice(0, 200)) work(query);
  const times = queries.flatMap(({ query }) =>
    [0, 1].map(() => {
      const began = performance.now();
      work(query);
      return performance.now() - began;
    }),
  );
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

say("\n## Speed and memory of the engine\n");
say(
  "The half with grants: every second connection is the caller's. Replacing: the list of one server with 100 tools, until it is found.\n",
);
say(
  "| tools | servers | build s | p50 ms | p99 ms | half: p50 ms | half: p99 ms | replacing ms | MiniSearch p50 / p99 ms |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
);
async function measure(count: number): Promise<string> {
  const list = ofSize(count);
  const words = new Vocabulary();
  const began = performance.now();
  const made = await build(words, list);
  const everything = combine(words, made);
  const buildSeconds = (performance.now() - began) / 1_000;
  const all = timed((query) => rank(everything, query, 10));
  const half = combine(
    words,
    made.filter((_segment, index) => index % 2 === 0),
  );
  const granted = timed((query) => rank(half, query, 10));
  const hundred = list.flatMap(({ tools }) => tools).slice(0, 100);
  const replaced: number[] = [];
  for (let times = 0; times < 9; times += 1) {
    const start = performance.now();
    const segment = await buildSegment(words, "Replaced", hundred);
    rank(combine(words, [...made.slice(1), segment]), "create issue", 10);
    replaced.push(performance.now() - start);
  }
  const mini = count > 10_000 ? null : timed(miniSearch(list));
  const ms = (value: number) => value.toFixed(2);
  return `| ${count} | ${list.length} | ${buildSeconds.toFixed(2)} | ${ms(all.p50)} | ${ms(all.p99)} | ${ms(granted.p50)} | ${ms(granted.p99)} | ${ms(percentile(replaced, 0.5))} | ${mini ? `${ms(mini.p50)} / ${ms(mini.p99)}` : "-"} |`;
}

for (const count of [500, 3_000, 10_000, 50_000]) say(await measure(count));
say(`\nHeap of the segments, their collection and the vocabulary at 10,000 tools, without the tools themselves: ${heap.toFixed(1)} MB.`);
const http = await searchOverHttp(
  ofSize(10_000),
  queries.map(({ query }) => query),
);
say(
  `\nThe whole search_capabilities call over HTTP at 10,000 tools of ten servers, one at a time, schemas included: p50 ${percentile(http, 0.5).toFixed(1)} ms, p99 ${percentile(http, 0.99).toFixed(1)} ms; no search waits for a server.`,
);
const folder = path.resolve(import.meta.dirname, "../../docs/reports");
await mkdir(folder, { recursive: true });
await writeFile(path.join(folder, "search.md"), `${lines.join("\n")}\n`);
