// What our ranking is compared with, in the same run: MiniSearch with an analyzer of its own, and the scoring of the predecessor.
import MiniSearch from "minisearch";
import { stemmer } from "stemmer";

import type { PublicServer } from "./data.ts";

const stopWords = new Set(
  "a an and are as at be by can for from i in is it me my of on or our the this to use we what which with you your".split(" "),
);

const split = (text: string) =>
  text
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

function parameters(schema: unknown): string {
  const properties = typeof schema === "object" && schema !== null && "properties" in schema ? schema.properties : {};
  return Object.keys(typeof properties === "object" && properties !== null ? properties : {}).join(" ");
}

/** MiniSearch: case split, stemming, stop words, boosted fields, no fuzziness. */
export function miniSearch(servers: readonly PublicServer[]): (query: string) => string[] {
  const index = new MiniSearch({
    fields: ["name", "title", "description", "connection", "parameters"],
    tokenize: split,
    processTerm: (word) => (stopWords.has(word) ? null : stemmer(word)),
    searchOptions: { boost: { name: 3, title: 2, connection: 2 } },
  });
  const ids: string[] = [];
  for (const { label, tools, ids: own } of servers)
    for (const [at, { name, title, description, inputSchema }] of tools.entries()) {
      index.add({ id: ids.length, name, title: title ?? "", description, connection: label, parameters: parameters(inputSchema) });
      ids.push(own[at] ?? "");
    }
  return (query) =>
    index
      .search(query)
      .slice(0, 10)
      .flatMap(({ id }) => ids[Number(id)] ?? []);
}

/** The predecessor's: +5 for an exact word of the name, +3 for the beginning of one, +2 for a word in the description, over all tools. */
export function predecessor(servers: readonly PublicServer[]): (query: string) => string[] {
  const tools = servers.flatMap(({ tools, ids }) =>
    tools.map(({ name, description }, at) => ({ id: ids[at] ?? "", name: split(name), text: description.toLowerCase() })),
  );
  return (query) => {
    const wanted = split(query);
    return tools
      .map(({ id, name, text }) => ({
        id,
        score: wanted.reduce(
          (sum, word) =>
            sum + (name.includes(word) ? 5 : name.some((part) => part.startsWith(word)) ? 3 : 0) + (text.includes(word) ? 2 : 0),
          0,
        ),
      }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, 10)
      .map(({ id }) => id);
  };
}
