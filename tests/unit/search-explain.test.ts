// Why a tool was found: the parts add up to the score that the ranking gave, and say in which field which word counted.
import { expect, test } from "vitest";

import { type Collection, combine } from "#server/search/collection.ts";
import { explainAll, type Place, type Why } from "#server/search/explain.ts";
import { rank, rankAll } from "#server/search/rank.ts";
import { buildSegment, type SearchableTool } from "#server/search/segment.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

import { publicData } from "../../bench/search/data.ts";

const tool = (name: string, description = "", more: Partial<SearchableTool> = {}): SearchableTool => ({
  name,
  title: null,
  description,
  inputSchema: { type: "object" },
  ...more,
});

const office = [
  {
    label: "Linear",
    tools: [
      tool("create_issue", "Creates an issue in a team.", { inputSchema: { type: "object", properties: { team: { type: "string" } } } }),
      tool("list_issues", "Lists issues of a team."),
      tool("get_issue", "Returns one issue."),
    ],
  },
  { label: "Mail MCP Server", tools: [tool("send_mail", "Sends a mail."), tool("search_mail", "Finds mails by words.")] },
];

async function index(servers: { label: string; tools: SearchableTool[] }[]) {
  const vocabulary = new Vocabulary();
  const segments = await Promise.all(servers.map(({ label, tools }) => buildSegment(vocabulary, label, tools)));
  const collection = combine(vocabulary, segments);
  const place = ({ segment, doc }: { segment: number; doc: number }) => ({
    segment,
    doc,
    label: servers[segment]?.label ?? "",
    tool: servers[segment]?.tools[doc] ?? tool(""),
    list: servers[segment]?.tools ?? [],
  });
  return { collection, place };
}

async function explain(collection: Collection, query: string, at: Place): Promise<Why> {
  const [explanation] = await explainAll(collection, [query], [at]);
  const why = explanation?.phrasings[0]?.why;
  if (!why) throw new Error("Nothing was explained.");
  return why;
}

const sum = (parts: readonly { points: number }[]) => parts.reduce((total, { points }) => total + points, 0);

test("the parts add up to the score of the ranking, on the public queries", async () => {
  const { servers, queries } = publicData();
  const { collection, place } = await index(servers);
  let looked = 0;
  for (const { query } of queries.filter((_query, at) => at % 10 === 0)) {
    for (const hit of rank(collection, query, 5).hits) {
      const why = await explain(collection, query, place(hit));
      looked += 1;
      expect(why.score / hit.score, query).toBeCloseTo(1, 4);
      expect(why.points * why.factor).toBeCloseTo(why.score, 6);
      expect(sum(why.words)).toBeCloseTo(why.points, 6);
      expect(why.factors.reduce((total, { adds }) => total + adds, 1)).toBeCloseTo(why.factor, 6);
      for (const word of why.words) expect(sum(word.fields), `${query}: ${word.word}`).toBeCloseTo(word.points, 6);
    }
  }
  expect(looked).toBeGreaterThan(250);
});

test("the parts of several phrasings add up, too", async () => {
  const { collection, place } = await index(office);
  const queries = ["file a ticket", "create issue linear", "zebra"];
  const { hits } = rankAll(collection, queries, 5);
  const explanations = await explainAll(collection, queries, hits.map(place));
  expect(explanations).toHaveLength(hits.length);
  for (const [at, { score, phrasings }] of explanations.entries()) {
    expect(score).toBeCloseTo(hits[at]?.score ?? NaN, 5);
    expect(phrasings).toHaveLength(3);
  }
});

test("it says which word of the tool stood for a word of the query, and in which fields", async () => {
  const { collection, place } = await index(office);
  const why = await explain(collection, "make isue team linear zebra", place({ segment: 0, doc: 0 }));
  const byWord = Object.fromEntries(why.words.map(({ word, ...rest }) => [word, rest]));
  expect(byWord.make).toMatchObject({ matched: "create", how: "synonym" });
  expect(byWord.isue).toMatchObject({ matched: "issue", how: "guess" });
  expect(byWord.team).toMatchObject({ matched: "team", how: "own" });
  expect(byWord.team?.fields.map(({ field }) => field).sort()).toEqual(["description", "parameters"]);
  expect(byWord.isue?.fields[0]).toMatchObject({ field: "name" });
  expect(byWord.linear?.fields).toMatchObject([{ field: "connection" }]);
  expect(why.missed).toEqual(["zebra"]);
  const factors = Object.fromEntries(why.factors.map(({ name, adds }) => [name, adds]));
  expect(factors.service).toBeGreaterThan(0);
  expect(factors.action).toBeGreaterThan(0);
  expect((await explain(collection, "list issues", place({ segment: 0, doc: 0 }))).factors.at(-1)?.adds).toBeLessThan(0);
});

test("what the tools of a list have in common is looked up once, however many of them are explained", async () => {
  let reads = 0;
  const tools = Array.from({ length: 40 }, (_, n) => ({
    ...tool(`list_things_${n}`, "Lists things."),
    get inputSchema() {
      reads += 1;
      return { type: "object" };
    },
  }));
  const { collection, place } = await index([{ label: "Things", tools }]);
  reads = 0;
  const places = rankAll(collection, ["list things", "show things"], 20).hits.map(place);
  expect(await explainAll(collection, ["list things", "show things"], places)).toHaveLength(20);
  // Each tool of the list once, and once or twice more those that are explained.
  expect(reads).toBeLessThanOrEqual(3 * tools.length);
});
