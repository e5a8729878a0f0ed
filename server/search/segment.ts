// What is known of one list of tools for ranking: its terms field by field, weighed once. A list that changed gets a new segment.
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { isPlural, term, termsIn, termsOf, wordsIn, written } from "./analyzer.ts";
import { actionOf } from "./synonyms.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What is indexed of a tool. */
export interface SearchableTool {
  name: string;
  title: string | null;
  description: string;
  inputSchema: unknown;
}

export const fields = ["connection", "name", "title", "description", "parameters", "details"] as const;
export type Field = (typeof fields)[number];

/** What a term in a field counts, and how much a long field takes from it. `usual` is the length (in terms) that takes nothing. */
const fieldRules: Readonly<Record<Field, { weight: number; lengthPenalty: number; usual: number; atMost: number }>> = {
  connection: { weight: 1.6, lengthPenalty: 0.2, usual: 2, atMost: 12 },
  name: { weight: 3.2, lengthPenalty: 0.35, usual: 3, atMost: 24 },
  title: { weight: 1.2, lengthPenalty: 0.35, usual: 4, atMost: 24 },
  description: { weight: 1, lengthPenalty: 0.55, usual: 14, atMost: 400 },
  parameters: { weight: 0.45, lengthPenalty: 0.5, usual: 8, atMost: 200 },
  details: { weight: 0.3, lengthPenalty: 0.6, usual: 20, atMost: 400 },
};

/** An immutable index of one list of tools. */
export interface Segment {
  size: number;
  /** A hash of the connection's name: what the order of equals goes by, in every process and whatever else there is. */
  seed: number;
  /** Sorted ids of the terms; those of `terms[i]` are at `starts[i]` to `starts[i + 1]` of `docs` and `weights`. */
  terms: Int32Array;
  starts: Uint32Array;
  docs: Uint16Array;
  weights: Float32Array;
  /** The terms of each name, each once (-1: one that was left out); those of tool `i` are at `nameStarts[i]` to `nameStarts[i + 1]`. */
  names: Int32Array;
  nameStarts: Uint32Array;
  /** Which of `names` their tool writes in the plural (1): "get_keys" tells of many. */
  plurals: Uint8Array;
  /** How each description begins, its terms in their order; those of tool `i` are at `leadStarts[i]` to `leadStarts[i + 1]`. */
  leads: Int32Array;
  leadStarts: Uint32Array;
  /** What each tool does, as bits of `actionWords`: by its name, else by how its description begins. */
  actions: Uint16Array;
  /** Terms of the connection's name, and those that nearly all names of the list share, such as a prefix. */
  label: Int32Array;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const maxDepth = 3;

/** Milliseconds of work after which others get their turn. */
const sliceMs = 8;
/** From this share of a list on, what its tools have in common does not tell them apart. */
const nearlyAll = 0.8;
const none: ReadonlySet<string> = new Set();

/** Names of the parameters but `common` ones, and apart from them their descriptions and enum values. */
function parametersOf(schema: unknown, common = none, depth = 0): { names: string[]; details: string[] } {
  const found: { names: string[]; details: string[] } = { names: [], details: [] };
  if (!isObject(schema) || depth >= maxDepth) return found;
  const { properties, items } = schema;
  const inner = [...(isObject(properties) ? Object.entries(properties) : []), ...(isObject(items) ? [["", items] as const] : [])];
  for (const [name, value] of inner) {
    if (common.has(name)) continue;
    if (name !== "") found.names.push(name);
    if (!isObject(value)) continue;
    if (typeof value.description === "string") found.details.push(value.description);
    if (Array.isArray(value.enum)) found.details.push(...value.enum.slice(0, 30).filter((choice) => typeof choice === "string"));
    const nested = parametersOf(value, none, depth + 1);
    found.names.push(...nested.names);
    found.details.push(...nested.details);
  }
  return found;
}

/** What connections are called beside their service: "Linode MCP Server" has no more to do with servers than any other. */
export const serviceOf = (connection: string) => connection.replace(/(?<![\p{L}\p{N}])(mcp|servers?)(?![\p{L}\p{N}])/giu, " ");

/** Where the first sentence of a description ends: it says what a tool does, and what follows are limits, examples and other tools. */
const sentenceEnd = /[.!?:;]\s|[。！？]|\n\s*\n/;
/** Terms of it whose order is kept, and words of a description that its tool's name may be made of. */
const maxLead = 16;
const maxProse = 200;

/** A tool as ranking reads it. */
interface ReadTool {
  /** Its terms field by field, in their order. */
  terms: Record<Field, string[]>;
  /** Those that its description begins with. */
  lead: string[];
  /** The first words of its description. */
  prose: string[];
  /** Terms of its name that are written in the plural. */
  plurals: ReadonlySet<string | null>;
}

/** Reads a tool of the connection `label`. */
export function readTool(label: string, { name, title, description, inputSchema }: SearchableTool, common: ReadonlySet<string>): ReadTool {
  const { names, details } = parametersOf(inputSchema, common);
  const cut = (text: string) => written(text.slice(0, 8_000));
  const said = description.trimStart();
  const [named, described] = [cut(name), cut(said)];
  const end = said.slice(0, 1_000).search(sentenceEnd);
  const terms = {
    connection: termsIn(cut(serviceOf(label)), "identifier"),
    name: termsIn(named, "identifier"),
    title: termsIn(cut(title ?? ""), "prose"),
    description: termsIn(described, "prose"),
    parameters: termsIn(cut(names.join(" ")), "identifier"),
    details: termsIn(cut(details.join(" ")), "prose"),
  };
  for (const field of fields) if (terms[field].length > fieldRules[field].atMost) terms[field].length = fieldRules[field].atMost;
  return {
    terms,
    lead: (end < 0 ? terms.description : termsOf(said.slice(0, end), "prose")).slice(0, maxLead),
    prose: wordsIn(described.slice(0, maxProse)),
    plurals: new Set(wordsIn(named).filter(isPlural).map(term)),
  };
}

/**
 * Names that are written together, read apart by the words of the tool's own description: "keyvault" with "Key Vault", "appconfig" with
 * "App Configuration". Returns the terms of the parts.
 */
export function partsOf(known: string, description: readonly string[]): string[] {
  if (known.length < 6) return [];
  for (const [index, first] of description.entries()) {
    const second = description[index + 1] ?? "";
    const rest = known.slice(first.length);
    if (first.length >= 2 && rest.length >= 3 && known.startsWith(first) && second.startsWith(rest))
      return [first, second].flatMap((word) => term(word) ?? []);
  }
  return [];
}

/** A word said more often than this is said for the search's sake. */
const maxRepeats = 2;

/** What each term of a field is worth there. */
export function addField(into: Map<string, number>, field: Field, terms: readonly string[]): void {
  const { weight, lengthPenalty, usual } = fieldRules[field];
  const worth = weight / (1 - lengthPenalty + lengthPenalty * Math.max(1, terms.length / usual));
  const counts = new Map<string, number>();
  for (const known of terms) counts.set(known, Math.min(maxRepeats, (counts.get(known) ?? 0) + 1));
  for (const [known, count] of counts) into.set(known, (into.get(known) ?? 0) + worth * count);
}

/** What a tool does: its name says it best, else the first words of its description. */
function actionsOf(name: readonly string[], description: readonly string[]): number {
  const named = name.reduce((bits, known) => bits | actionOf(known), 0);
  return named !== 0 ? named : description.slice(0, 2).reduce((bits, known) => bits | actionOf(known), 0);
}

/** Parameters that nearly all tools of a list take, such as a tenant or a retry delay: they say nothing of any one of them. Other work gets its turn meanwhile. */
export async function commonParameters(tools: readonly SearchableTool[]): Promise<ReadonlySet<string>> {
  if (tools.length < 5) return none;
  const counts = new Map<string, number>();
  let began = performance.now();
  for (const { inputSchema } of tools) {
    if (performance.now() - began > sliceMs) {
      await setImmediate();
      began = performance.now();
    }
    if (isObject(inputSchema) && isObject(inputSchema.properties))
      for (const name of Object.keys(inputSchema.properties)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Set([...counts].flatMap(([name, count]) => (count >= tools.length * nearlyAll ? [name] : [])));
}

/** Terms that nearly all names of a list have: they tell its tools apart as little as the connection's own name does. */
function sharedBy(names: readonly number[], tools: number): number[] {
  if (tools < 5) return [];
  const counts = new Map<number, number>();
  for (const id of names) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].flatMap(([id, count]) => (count >= tools * nearlyAll ? [id] : []));
}

/** Distinct terms of one list. Real lists of 2,000 tools have fewer by far; one that talks nonsense must not fill the vocabulary of all. */
const maxTerms = 20_000;

/** Indexes the tools of one list, in their order; other work gets its turn meanwhile. At most 65,535 of them. */
export async function buildSegment(vocabulary: Vocabulary, connection: string, tools: readonly SearchableTool[]): Promise<Segment> {
  const postings = new Map<number, { docs: number[]; weights: number[] }>();
  const names: number[] = [];
  const plurals: number[] = [];
  const leads: number[] = [];
  const leadStarts = new Uint32Array(tools.length + 1);
  const nameStarts = new Uint32Array(tools.length + 1);
  const doing = new Uint16Array(tools.length);
  const common = await commonParameters(tools);
  let began = performance.now();
  for (const [doc, tool] of tools.entries()) {
    if (performance.now() - began > sliceMs) {
      await setImmediate();
      began = performance.now();
    }
    const { terms, lead, prose, plurals: several } = readTool(connection, tool, common);
    const apart = new Map(terms.name.map((known) => [known, partsOf(known, prose)]));
    terms.name.push(...[...apart.values()].flat());
    const worth = new Map<string, number>();
    for (const field of fields) addField(worth, field, terms[field]);
    for (const [known, weight] of worth) {
      if (postings.size >= maxTerms && !postings.has(vocabulary.find(known))) continue;
      const id = vocabulary.add(known);
      let posting = postings.get(id);
      if (!posting) postings.set(id, (posting = { docs: [], weights: [] }));
      posting.docs.push(doc);
      posting.weights.push(weight);
    }
    for (const known of new Set(terms.name.filter((known) => (apart.get(known)?.length ?? 0) === 0))) {
      names.push(vocabulary.find(known));
      plurals.push(several.has(known) ? 1 : 0);
    }
    nameStarts[doc + 1] = names.length;
    for (const known of lead) leads.push(vocabulary.find(known));
    leadStarts[doc + 1] = leads.length;
    doing[doc] = actionsOf(terms.name, terms.description);
  }
  const label = new Set(termsOf(serviceOf(connection), "identifier").map((known) => vocabulary.add(known)));
  for (const id of sharedBy(names, tools.length)) label.add(id);
  const seed = createHash("sha256").update(connection).digest().readUInt32BE();
  const packed = pack(postings);
  return {
    size: tools.length,
    seed,
    ...packed,
    names: Int32Array.from(names),
    nameStarts,
    plurals: Uint8Array.from(plurals),
    leads: Int32Array.from(leads),
    leadStarts,
    actions: doing,
    label: Int32Array.from(label),
  };
}

function pack(postings: ReadonlyMap<number, { docs: number[]; weights: number[] }>) {
  const ids = [...postings.keys()].sort((a, b) => a - b);
  const total = [...postings.values()].reduce((sum, { docs }) => sum + docs.length, 0);
  const packed = {
    terms: Int32Array.from(ids),
    starts: new Uint32Array(ids.length + 1),
    docs: new Uint16Array(total),
    weights: new Float32Array(total),
  };
  let at = 0;
  for (const [index, id] of ids.entries()) {
    const posting = postings.get(id);
    packed.docs.set(posting?.docs ?? [], at);
    packed.weights.set(posting?.weights ?? [], at);
    at += posting?.docs.length ?? 0;
    packed.starts[index + 1] = at;
  }
  return packed;
}
