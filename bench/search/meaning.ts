// What fusing with vectors does to the ranking where no model can be had: with vectors that say nothing, which is the most that a bad model can cost,
// and with groups of letters, which know no more than spelling.
import { createHash } from "node:crypto";

import { fuse, fusedDepth, unknownShare } from "#server/search/fuse.ts";
import { cosines, matrixOf, middle, quantized } from "#server/search/embeddings/nearness.ts";
import type { Ranking } from "#server/search/rank.ts";

import type { PublicServer } from "./data.ts";
import { judge, type Query } from "./quality.ts";

const dimensions = 256;

function noise(text: string): Float32Array {
  const bytes = Array.from({ length: dimensions / 32 }, (_, part) => [...createHash("sha256").update(`${part} ${text}`).digest()]).flat();
  return Float32Array.from(bytes, (byte) => byte - 127.5);
}

/** A feature's place and sign, by FNV-1a. */
function letters(text: string): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().split(/[^\p{L}\p{N}]+/u))
    for (let at = 0; at < word.length; at += 1) {
      let hash = 0x811c9dc5;
      for (const letter of ` ${word} `.slice(at, at + 3)) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
      const place = (hash >>> 8) % dimensions;
      vector[place] = (vector[place] ?? 0) + ((hash & 1) === 0 ? 1 : -1);
    }
  return vector;
}

/** The lines of the report. */
export async function reportMeaning(
  servers: readonly PublicServer[],
  queries: readonly Query[],
  rank: (query: string, limit: number) => Ranking,
): Promise<string[]> {
  const all = servers.flatMap(({ label, tools, ids }, server) => tools.map((tool, at) => ({ label, tool, id: ids[at] ?? "", server })));
  const starts = servers.map((_, server) => all.findIndex((one) => one.server === server));
  const lines = [
    "\n## Vectors fused with the ranking by words\n",
    "No model is measured here: vectors of noise show what a bad one can cost, groups of three letters one that knows spelling alone.\n",
    "| vectors | hit@1 | @5 | @10 | MRR |\n| --- | --- | --- | --- | --- |",
  ];
  for (const [name, embed] of [
    ["none", null],
    ["noise", noise],
    ["groups of letters", letters],
  ] as const) {
    const vectorOf = (text: string) => (embed ? middle([embed(text)]) : new Float32Array());
    const texts = all.map(({ label, tool }) => `${label}: ${tool.name} ${tool.description.slice(0, 1_000)}`);
    const matrix = matrixOf(embed ? texts.map((text) => quantized(vectorOf(text))) : [], dimensions);
    const answers = new Map<string, string[]>();
    for (const { query } of queries) {
      const { hits, unmatchedTerms } = rank(query, fusedDepth);
      const byWords = hits.map(({ segment, doc, score }) => ({ place: (starts[segment] ?? 0) + doc, score }));
      const hitOf = ({ place, score }: { place: number; score: number }) => {
        const { id = "", tool = { name: "" }, label = "" } = all[place] ?? {};
        return { id, tool: { name: tool.name }, connection: { id, name: label }, score };
      };
      if (!embed) {
        answers.set(query, byWords.map((hit) => hitOf(hit).id).slice(0, 10));
        continue;
      }
      const found = await cosines(matrix, vectorOf(query));
      const average = found.reduce((sum, cosine) => sum + cosine, 0) / found.length;
      const most = found.reduce((best, cosine) => Math.max(best, cosine), -1);
      const shares = found.map((cosine) => Math.max(0, (cosine - average) / (most - average)));
      const held = new Set(byWords.map(({ place }) => place));
      const near = [...shares.entries()].filter(([place, share]) => share >= 0.5 && !held.has(place));
      const others = near
        .sort((a, b) => b[1] - a[1])
        .slice(0, 20)
        .map(([place]) => hitOf({ place, score: 0 }));
      const meaning = new Map(all.map(({ id, tool }, place) => [`${id}\0${tool.name}`, shares[place] ?? 0]));
      const unknown = unknownShare([query], unmatchedTerms);
      const fused = fuse(byWords.map(hitOf), others, { use: new Map(), meaning, unknown }, [query]);
      answers.set(
        query,
        fused.slice(0, 10).map(({ id }) => id),
      );
    }
    const { hit1, hit5, hit10, mrr } = judge(queries, (query) => answers.get(query) ?? []);
    lines.push(`| ${name} | ${hit1.toFixed(1)} | ${hit5.toFixed(1)} | ${hit10.toFixed(1)} | ${mrr.toFixed(3)} |`);
  }
  return lines;
}
