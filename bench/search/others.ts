// What our ranking is compared with, in the same run: MiniSearch with an analyzer of its own, and the scoring of the predecessor. Of the ways that
// were tried to set them up these find the most.
import MiniSearch from "minisearch";
import { stemmer } from "stemmer";

import type { PublicServer } from "./data.ts";

export interface Engine {
  /** Ids of the best ten, among all or the servers that are granted. */
  answer: (query: string, isGranted?: (server: number) => boolean) => string[];
  /** Puts another list in the place of the first server's. */
  replaceFirst: (server: PublicServer) => void | Promise<void>;
}

const stopWords = new Set(
  "a an and are as at be by can for from i in is it me my of on or our the this to use we what which with you your".split(" "),
);

const split = (text: string) =>
  text
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Names of the parameters, with what is said of them. */
function parameters(schema: unknown): string {
  const properties = isObject(schema) && "properties" in schema && isObject(schema.properties) ? schema.properties : {};
  return Object.entries(properties)
    .map(([name, value]: [string, unknown]) => `${name} ${isObject(value) && "description" in value ? String(value.description) : ""}`)
    .join(" ");
}

/** MiniSearch: case split, stemming, stop words, all fields alike, no fuzziness. */
export function miniSearch(servers: readonly PublicServer[]): Engine {
  const index = new MiniSearch({
    fields: ["name", "title", "description", "connection", "parameters"],
    tokenize: split,
    processTerm: (word) => (stopWords.has(word) ? null : stemmer(word)),
    // What was discarded it sweeps later, in the time of what is measured then.
    autoVacuum: false,
  });
  const ids: string[] = [];
  const owners: number[] = [];
  const add = ({ label, tools, ids: own }: PublicServer, server: number) => {
    for (const [at, { name, title, description, inputSchema }] of tools.entries()) {
      index.add({ id: ids.length, name, title: title ?? "", description, connection: label, parameters: parameters(inputSchema) });
      ids.push(own[at] ?? "");
      owners.push(server);
    }
  };
  for (const [server, list] of servers.entries()) add(list, server);
  return {
    answer: (query, isGranted) =>
      index
        .search(query, isGranted ? { filter: ({ id }) => isGranted(owners[Number(id)] ?? 0) } : {})
        .slice(0, 10)
        .flatMap(({ id }) => ids[Number(id)] ?? []),
    replaceFirst: (server) => {
      index.discardAll([...owners.entries()].flatMap(([id, owner]) => (owner === 0 && index.has(id) ? [id] : [])));
      add(server, 0);
    },
  };
}

/** The predecessor's: +5 for a word of the name, +3 for one that begins like it, +2 for one in the description, each once, over all tools. */
export function predecessor(servers: readonly PublicServer[]): Engine {
  const toolsOf = ({ tools, ids }: PublicServer) =>
    tools.map(({ name, description }, at) => ({ id: ids[at] ?? "", name: split(name), text: description.toLowerCase() }));
  const lists = servers.map(toolsOf);
  return {
    answer: (query, isGranted) => {
      const wanted = [...new Set(split(query))].filter(({ length }) => length >= 3);
      return lists
        .filter((_list, server) => isGranted?.(server) ?? true)
        .flat()
        .map(({ id, name, text }) => ({
          id,
          score: wanted.reduce(
            (sum, word) =>
              sum +
              (name.includes(word) ? 5 : name.some((part) => part.startsWith(word) || word.startsWith(part)) ? 3 : 0) +
              (text.includes(word) ? 2 : 0),
            0,
          ),
        }))
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score)
        .slice(0, 10)
        .map(({ id }) => id);
    },
    replaceFirst: (server) => {
      lists[0] = toolsOf(server);
    },
  };
}
