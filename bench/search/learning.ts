// What it brings that searches and the tools run after them are remembered: one query of a tool teaches, the others of that tool are asked.
import { createHash } from "node:crypto";

import { type Association, Associations, newTerms, toolKey, wantedTerms, wholeTerm } from "#server/search/associations.ts";
import { fuse, fusedDepth } from "#server/search/fuse.ts";
import type { Ranking } from "#server/search/rank.ts";

import type { PublicServer } from "./data.ts";
import { halfOf, judge, type Quality, type Query } from "./quality.ts";

interface Lesson {
  name: string;
  before: Quality;
  after: Quality;
  /** Queries whose right tool was first before and is not now, and the other way round. */
  lost: number;
  won: number;
}

const order = ({ id }: Query) => createHash("sha256").update(id).digest("hex");

/** Queries that teach, those of the same tools that are asked then, and those of tools that nothing was learned of. */
function divide(queries: readonly Query[]): { teaching: Query[]; asked: Query[]; unrelated: Query[] } {
  const byTool = new Map<string, Query[]>();
  for (const query of queries) {
    const [tool = ""] = query.relevant;
    byTool.set(tool, [...(byTool.get(tool) ?? []), query]);
  }
  const parts: Record<"teaching" | "asked" | "unrelated", Query[]> = { teaching: [], asked: [], unrelated: [] };
  for (const own of byTool.values()) {
    const [first, ...others] = own.sort((a, b) => (order(a) < order(b) ? -1 : 1));
    if (!first) continue;
    if (others.length === 0) parts.unrelated.push(first);
    else {
      parts.teaching.push(first);
      parts.asked.push(...others);
    }
  }
  return parts;
}

/** `members` members each searched with the teaching query of each tool and ran it once. */
function evaluateLearning(
  servers: readonly PublicServer[],
  queries: readonly Query[],
  rank: (query: string, limit: number) => Ranking,
  members: number,
): Lesson[] {
  const { teaching, asked, unrelated } = divide(queries);
  const places = new Map(servers.flatMap(({ ids }, server) => ids.map((id, at) => [id, { server, at }] as const)));
  const hitOf = (server: number, at: number, score: number) => ({
    id: servers[server]?.ids[at] ?? "",
    tool: servers[server]?.tools[at] ?? { name: "", title: null, description: "", inputSchema: {} },
    connection: { id: String(server), name: servers[server]?.label ?? "" },
    score,
  });
  const hitById = (id: string) => {
    const place = places.get(id);
    return place ? [hitOf(place.server, place.at, 0)] : [];
  };
  const rows = teaching.flatMap(({ query, relevant }): Association[] =>
    hitById(relevant[0] ?? "").flatMap(({ connection, tool }) =>
      [...newTerms(wantedTerms(query), connection.name, tool), wholeTerm(wantedTerms(query))].flatMap((term) =>
        Array.from({ length: members }, (_, member) => ({
          connectionId: connection.id,
          toolName: tool.name,
          term,
          membershipId: String(member),
          weight: 1,
        })),
      ),
    ),
  );
  const learned = new Associations(rows);
  const byKey = new Map(
    teaching.flatMap(({ relevant }) => hitById(relevant[0] ?? "")).map((hit) => [toolKey(hit.connection.id, hit.tool.name), hit] as const),
  );
  const before = (query: string) => rank(query, 10).hits.map(({ segment, doc }) => hitOf(segment, doc, 0).id);
  const after = (query: string) => {
    const hits = rank(query, fusedDepth).hits.map(({ segment, doc, score }) => hitOf(segment, doc, score));
    const use = learned.sharesOf(wantedTerms(query), "0");
    if (use.size === 0) return hits.slice(0, 10).map(({ id }) => id);
    const held = new Set(hits.map(({ id }) => id));
    const others = [...use.keys()].flatMap((key) => byKey.get(key) ?? []).filter(({ id }) => !held.has(id));
    return fuse(hits, others, { use, meaning: null, unknown: 0 }, [query])
      .slice(0, 10)
      .map(({ id }) => id);
  };
  const isFirst = (answer: (query: string) => readonly string[], { query, relevant }: Query) => relevant.includes(answer(query)[0] ?? "");
  const groups: [string, Query[]][] = [
    ["the same queries again", teaching],
    ["other queries of the same tools", asked],
    ["of them, tuning half", asked.filter((query) => halfOf(query) === "tuning")],
    ["of them, held-out half", asked.filter((query) => halfOf(query) === "held out")],
    ["queries of tools nothing was learned of", unrelated],
  ];
  return groups.map(([name, group]) => ({
    name,
    before: judge(group, before),
    after: judge(group, after),
    lost: group.filter((query) => isFirst(before, query) && !isFirst(after, query)).length,
    won: group.filter((query) => !isFirst(before, query) && isFirst(after, query)).length,
  }));
}

/** The lines of the report. */
export function reportLearning(
  servers: readonly PublicServer[],
  queries: readonly Query[],
  rank: (query: string, limit: number) => Ranking,
): string[] {
  const lines = [
    "\n## What is learned from use\n",
    "For each tool with several public queries one of them (by a fixed hash) was asked and the tool run after it, by one member or by three; then the others are asked, by one who did it, with everything learned at once.\n",
    "| taught by | queries | how many | hit@1 before, after | @5 | @10 | MRR | first place won, lost |\n| --- | --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const members of [1, 3])
    for (const { name, before, after, won, lost } of evaluateLearning(servers, queries, rank, members)) {
      const shares = (["hit1", "hit5", "hit10"] as const).map((key) => `${before[key].toFixed(1)}, ${after[key].toFixed(1)}`).join(" | ");
      const mrr = `${before.mrr.toFixed(3)}, ${after.mrr.toFixed(3)}`;
      lines.push(`| ${members} | ${name} | ${before.queries} | ${shares} | ${mrr} | ${won}, ${lost} |`);
    }
  return lines;
}
