// `npm run eval:search`: quality on the public data and on our own, beside MiniSearch and the predecessor's scoring; speed, memory and replacement at four sizes.
// Writes docs/reports/search.md.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { type Collection, combine } from "#server/search/collection.ts";
import { rank } from "#server/search/rank.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

import { businessData, distractors, plainData, publicData, type PublicServer } from "./data.ts";
import { reportLearning } from "./learning.ts";
import { reportMeaning } from "./meaning.ts";
import { miniSearch, predecessor } from "./others.ts";
import { searchOverHttp } from "./over-http.ts";
import { halfOf, judge, type Query } from "./quality.ts";
import { build, percentile, reportSpeed } from "./speed.ts";
import { matchOf, tokensOf } from "./tokens.ts";

const lines: string[] = [];
const say = (line = "") => {
  lines.push(line);
  process.stdout.write(`${line}\n`);
};
const { servers, queries } = publicData();
const more = distractors();

async function collect(list: readonly PublicServer[]) {
  const vocabulary = new Vocabulary();
  return combine(vocabulary, await build(vocabulary, list));
}
const answerFrom = (collection: Collection, list: readonly PublicServer[]) => (query: string) =>
  rank(collection, query, 10).hits.flatMap(({ segment, doc }) => list[segment]?.ids[doc] ?? []);

const collection = await collect(servers);
const isAzure = ({ slice }: Query) => slice === "azure";
const slices: [string, (query: Query) => boolean][] = [
  ["all", () => true],
  ["tuning half", (query) => halfOf(query) === "tuning"],
  ["held-out half", (query) => halfOf(query) === "held out"],
  ["azure", isAzure],
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
function sayQuality(name: string, slice: string, own: readonly Query[], answer: (query: string) => string[]): void {
  const { queries: count, hit1, hit3, hit5, hit10, mrr, ndcg5 } = judge(own, answer);
  const shares = [hit1, hit3, hit5, hit10].map((share) => share.toFixed(1)).join(" | ");
  say(`| ${name} | ${slice} | ${count} | ${shares} | ${mrr.toFixed(3)} | ${ndcg5.toFixed(3)} |`);
}
for (const [name, answer] of [
  ["Gatehouse", answerFrom(collection, servers)],
  ["MiniSearch, custom analyzer", miniSearch(servers).answer],
  ["predecessor, over all tools", predecessor(servers).answer],
] as const)
  for (const [slice, isIn] of name === "Gatehouse" ? slices : slices.slice(0, 5)) sayQuality(name, slice, queries.filter(isIn), answer);
// What models are measured on.
const azure = servers.filter(({ ids }) => ids[0]?.startsWith("azure/"));
sayQuality("Gatehouse", "azure, among its own 157 tools alone", queries.filter(isAzure), answerFrom(await collect(azure), azure));

const styles: [string, string][] = [
  ["phrases", "agent"],
  ["sentences", "user"],
];
const business = businessData();
const tools = business.servers.reduce((sum, { ids }) => sum + ids.length, 0);
say(`\n## What people at work say, among ${tools} tools of ${business.servers.length} business services\n`);
say("Our own queries (bench/search/corpus/README.md).\n");
say("| engine | slice | queries | hit@1 | @3 | @5 | @10 | MRR | nDCG@5 |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const [name, answer] of [
  ["Gatehouse", answerFrom(await collect(business.servers), business.servers)],
  ["MiniSearch, custom analyzer", miniSearch(business.servers).answer],
  ["predecessor, over all tools", predecessor(business.servers).answer],
] as const)
  for (const [words, style] of styles)
    for (const half of ["tuning", "held out"]) {
      const own = business.queries.filter((query) => query.style === style && query.slice === `business, ${half}`);
      sayQuality(name, `${words}, ${half}`, own, answer);
    }

const plain = plainData();
const places: [string, PublicServer[]][] = [
  [`${plain.servers.length} services more`, plain.servers],
  [`${plain.servers.length} services more and the 3,000 public tools`, [...servers, ...plain.servers]],
];
for (const [among, list] of places) {
  say(`\n## The same put more plainly, among ${list.reduce((sum, { ids }) => sum + ids.length, 0)} tools: of ${among}\n`);
  say("No query of these was read; their figures were seen at each step (bench/search/corpus/README.md).\n");
  say("| engine | slice | queries | hit@1 | @3 | @5 | @10 | MRR | nDCG@5 |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const [name, answer] of [
    ["Gatehouse", answerFrom(await collect(list), list)],
    ["MiniSearch, custom analyzer", miniSearch(list).answer],
    ["predecessor, over all tools", predecessor(list).answer],
  ] as const)
    for (const [words, style] of styles)
      sayQuality(
        name,
        words,
        plain.queries.filter((query) => query.style === style),
        answer,
      );
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

for await (const line of reportSpeed(
  ofSize,
  queries.map(({ query }) => query),
))
  say(line);
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
