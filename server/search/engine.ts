// The ranking itself: BM25F over immutable segments, one for each list of tools. It knows nothing of callers; it is handed the segments of one,
// so that nothing else can be found, or move a score.
import { setImmediate } from "node:timers/promises";

import { actionOf, actions, synonymsOf, withoutPhrasalVerbs } from "./synonyms.ts";
import { nearestTerm } from "./near-terms.ts";
import { term, termsOf, words, written } from "./analyzer.ts";

/** What is indexed of a tool. */
export interface SearchableTool {
  name: string;
  title: string | null;
  description: string;
  inputSchema: unknown;
}

const fields = ["connection", "name", "title", "description", "parameters", "details"] as const;
type Field = (typeof fields)[number];

/** What a term in a field counts, and how much a long field takes from it. `usual` is the length (in terms) that takes nothing. */
const fieldRules: Readonly<Record<Field, { weight: number; lengthPenalty: number; usual: number; atMost: number }>> = {
  connection: { weight: 1.6, lengthPenalty: 0.2, usual: 2, atMost: 12 },
  name: { weight: 3.2, lengthPenalty: 0.35, usual: 3, atMost: 24 },
  title: { weight: 1.2, lengthPenalty: 0.35, usual: 4, atMost: 24 },
  description: { weight: 1, lengthPenalty: 0.55, usual: 14, atMost: 400 },
  parameters: { weight: 0.45, lengthPenalty: 0.5, usual: 8, atMost: 200 },
  details: { weight: 0.3, lengthPenalty: 0.6, usual: 20, atMost: 400 },
};

/** Terms as numbers, for all segments that are ranked together. Another organization has another: a guess at a misspelled word must not come from there. */
export class Vocabulary {
  readonly names: string[] = [];
  readonly #ids = new Map<string, number>();

  /** The number of a term; a new one gets the next. */
  add(known: string): number {
    const held = this.#ids.get(known);
    if (held !== undefined) return held;
    const id = this.names.length;
    this.#ids.set(known, id);
    this.names.push(known);
    return id;
  }

  /** The number of a term, or -1, which no segment has. */
  find(known: string): number {
    return this.#ids.get(known) ?? -1;
  }
}

/** An immutable index of one list of tools. */
export interface Segment {
  size: number;
  /** Sorted ids of the terms; those of `terms[i]` are at `starts[i]` to `starts[i + 1]` of `docs` and `weights`. */
  terms: Int32Array;
  starts: Uint32Array;
  docs: Uint16Array;
  weights: Float32Array;
  /** The terms of each name and title, each once; those of tool `i` are at `nameStarts[i]` to `nameStarts[i + 1]`. */
  names: Int32Array;
  nameStarts: Uint32Array;
  /** What each tool does, as bits of `actionWords`: by its name, else by how its description begins. */
  actions: Uint16Array;
  /** Terms of the connection's name, and those that nearly all names of the list share, such as a prefix. */
  label: Int32Array;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const maxDepth = 3;

/** Names of the parameters, and apart from them their descriptions and enum values. */
function parametersOf(schema: unknown, depth = 0): { names: string[]; details: string[] } {
  const found: { names: string[]; details: string[] } = { names: [], details: [] };
  if (!isObject(schema) || depth >= maxDepth) return found;
  const { properties, items } = schema;
  const inner = [...(isObject(properties) ? Object.entries(properties) : []), ...(isObject(items) ? [["", items] as const] : [])];
  for (const [name, value] of inner) {
    if (name !== "") found.names.push(name);
    if (!isObject(value)) continue;
    if (typeof value.description === "string") found.details.push(value.description);
    if (Array.isArray(value.enum)) found.details.push(...value.enum.slice(0, 30).filter((choice) => typeof choice === "string"));
    const nested = parametersOf(value, depth + 1);
    found.names.push(...nested.names);
    found.details.push(...nested.details);
  }
  return found;
}

/** What connections are called beside their service: "Linode MCP Server" has no more to do with servers than any other. */
const serviceOf = (connection: string) => connection.replace(/(?<![\p{L}\p{N}])(mcp|servers?)(?![\p{L}\p{N}])/giu, " ");

/** The terms of a tool, field by field, in their order. */
function fieldTerms(label: string, { name, title, description, inputSchema }: SearchableTool): Record<Field, string[]> {
  const { names, details } = parametersOf(inputSchema);
  const texts: Record<Field, string> = {
    connection: serviceOf(label),
    name,
    title: title ?? "",
    description,
    parameters: names.join(" "),
    details: details.join(" "),
  };
  const prose: readonly Field[] = ["description", "details", "title"];
  const cut = (field: Field) =>
    termsOf(texts[field].slice(0, 8_000), prose.includes(field) ? "prose" : "identifier").slice(0, fieldRules[field].atMost);
  return {
    connection: cut("connection"),
    name: cut("name"),
    title: cut("title"),
    description: cut("description"),
    parameters: cut("parameters"),
    details: cut("details"),
  };
}

/**
 * Names that are written together, read apart by the words of the tool's own description: "keyvault" with "Key Vault", "appconfig" with
 * "App Configuration". Returns the terms of the parts.
 */
function partsOf(known: string, description: readonly string[]): string[] {
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
function addField(into: Map<string, number>, field: Field, terms: readonly string[]): void {
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

/** Terms that nearly all names of a list have: they tell its tools apart as little as the connection's own name does. */
function sharedBy(names: readonly number[], tools: number): number[] {
  if (tools < 5) return [];
  const counts = new Map<number, number>();
  for (const id of names) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].flatMap(([id, count]) => (count >= tools * 0.8 ? [id] : []));
}

/** Milliseconds of work after which others get their turn. */
const sliceMs = 8;

/** Indexes the tools of one list, in their order; other work gets its turn meanwhile. At most 65,535 of them. */
export async function buildSegment(vocabulary: Vocabulary, connection: string, tools: readonly SearchableTool[]): Promise<Segment> {
  const postings = new Map<number, { docs: number[]; weights: number[] }>();
  const names: number[] = [];
  const nameStarts = new Uint32Array(tools.length + 1);
  const doing = new Uint16Array(tools.length);
  let began = performance.now();
  for (const [doc, tool] of tools.entries()) {
    if (performance.now() - began > sliceMs) {
      await setImmediate();
      began = performance.now();
    }
    const terms = fieldTerms(connection, tool);
    const prose = words(tool.description.slice(0, 1_000));
    const apart = new Map(terms.name.map((known) => [known, partsOf(known, prose)]));
    terms.name.push(...[...apart.values()].flat());
    const worth = new Map<string, number>();
    for (const field of fields) addField(worth, field, terms[field]);
    for (const [known, weight] of worth) {
      const id = vocabulary.add(known);
      let posting = postings.get(id);
      if (!posting) postings.set(id, (posting = { docs: [], weights: [] }));
      posting.docs.push(doc);
      posting.weights.push(weight);
    }
    names.push(...[...new Set(terms.name.filter((known) => (apart.get(known)?.length ?? 0) === 0))].map((known) => vocabulary.add(known)));
    nameStarts[doc + 1] = names.length;
    doing[doc] = actionsOf(terms.name, terms.description);
  }
  const label = new Set(termsOf(serviceOf(connection), "identifier").map((known) => vocabulary.add(known)));
  for (const id of sharedBy(names, tools.length)) label.add(id);
  const packed = pack(postings);
  return { size: tools.length, ...packed, names: Int32Array.from(names), nameStarts, actions: doing, label: Int32Array.from(label) };
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

/** The segments of one caller, with where each term is in them: made once for many queries. */
export interface Collection {
  vocabulary: Vocabulary;
  segments: readonly Segment[];
  /** The number of the first tool of each segment, and how many there are in all. */
  offsets: Uint32Array;
  total: number;
  /** Of term `id`, at `starts[id]` to `starts[id + 1]`: the segments that have it, and at which of their terms. */
  starts: Uint32Array;
  owners: Uint32Array;
  places: Uint32Array;
  /** The segments that have a term in their label. */
  labels: ReadonlyMap<number, readonly number[]>;
}

/** Brings segments of one vocabulary together. */
export function combine(vocabulary: Vocabulary, segments: readonly Segment[]): Collection {
  const starts = new Uint32Array(vocabulary.names.length + 1);
  const offsets = new Uint32Array(segments.length + 1);
  const labels = new Map<number, number[]>();
  for (const [index, { size, terms, label }] of segments.entries()) {
    offsets[index + 1] = (offsets[index] ?? 0) + size;
    for (const id of terms) starts[id + 1] = (starts[id + 1] ?? 0) + 1;
    for (const id of label) {
      const held = labels.get(id);
      if (held) held.push(index);
      else labels.set(id, [index]);
    }
  }
  for (let id = 1; id < starts.length; id += 1) starts[id] = (starts[id] ?? 0) + (starts[id - 1] ?? 0);
  const filled = starts.slice();
  const owners = new Uint32Array(starts.at(-1) ?? 0);
  const places = new Uint32Array(owners.length);
  for (const [index, { terms }] of segments.entries())
    for (let place = 0; place < terms.length; place += 1) {
      const id = terms[place] ?? 0;
      const at = filled[id] ?? 0;
      owners[at] = index;
      places[at] = place;
      filled[id] = at + 1;
    }
  return { vocabulary, segments, offsets, total: offsets[segments.length] ?? 0, starts, owners, places, labels };
}

interface Member {
  id: number;
  weight: number;
}

/** One word of the query with everything that stands for it. */
interface Group {
  word: string;
  known: string;
  own: number;
  members: Member[];
  /** What it is worth in this query (0 to 1). */
  weight: number;
  action: number;
  isPlural: boolean;
  /** Whether it stands for a word that nobody knows. */
  isGuess: boolean;
}

const maxGroups = 24;
/** Unknown words of one query that are guessed at, and what a guess is worth. */
const maxGuesses = 3;
const guessWeight = 0.6;

/** Values stand in a query beside the words that say what is wanted: placeholders, quoted names, numbers. */
function withWeights(query: string): { text: string; weight: number }[] {
  return withoutPhrasalVerbs(query)
    .split(/(<[^<>]{1,80}>|"[^"]{1,80}"|“[^”]{1,80}”|`[^`]{1,80}`)/u)
    .map((text) => ({
      text,
      weight: text.startsWith("<") ? tuning.placeholder : /^["“`]/u.test(text) ? tuning.quoted : 1,
    }));
}

/** The query as groups of terms; a repeated word counts once, as much as where it counts most. `knows`: whether the segments have a term. */
function groupsOf(vocabulary: Vocabulary, query: string, knows: (known: string) => boolean): Group[] {
  const groups = new Map<string, Group>();
  for (const { text, weight } of withWeights(query)) {
    const found = written(text).flatMap(({ whole, parts }) => {
      const known = term(whole);
      return parts.length === 0 || (known !== null && knows(known)) ? [whole] : parts;
    });
    for (const word of found) {
      const known = term(word);
      if (known === null) continue;
      const held = groups.get(known);
      const worth = /^\d+$/.test(word) ? weight * tuning.number : weight;
      if (held) held.weight = Math.max(held.weight, worth);
      if (held || groups.size === maxGroups) continue;
      const members = [[known, 1] as const, ...(synonymsOf(known) ?? [])].map(([name, weight]) => ({
        id: vocabulary.find(name),
        weight,
      }));
      const action = actionOf(known);
      groups.set(known, {
        word,
        known,
        own: vocabulary.find(known),
        members: members.filter(({ id }) => id >= 0),
        weight: action === 0 ? worth : worth * tuning.verb,
        action,
        isPlural: /[^su]s$/.test(word) && word.length > 3,
        isGuess: false,
      });
    }
  }
  return [...groups.values()];
}

export interface Hit {
  segment: number;
  doc: number;
  score: number;
}

export interface Ranking {
  hits: Hit[];
  /** Words of the query that no tool of these segments knows. */
  unmatchedTerms: string[];
  /** Of those, the ones for which a word close to them was taken. */
  guessed: string[];
}

/** How many of the best by their terms are looked at more closely. */
const closer = 150;

/** What was found by trying on the tuning half of the public queries (docs/search.md). */
const tuning = {
  saturation: 1.3,
  placeholder: 0.2,
  quoted: 0.5,
  number: 0.3,
  verb: 0.6,
  nameCoverage: 0.35,
  queryCoverage: 0.5,
  service: 0.35,
  action: 0.1,
  wrongAction: 0.2,
  plural: 0.16,
  defaultRead: 0.05,
};

/** Adds up what one term is worth to the tools that have it; returns its rarity, 0 when none has. */
function addTerm(
  { segments, offsets, total, starts, owners, places }: Collection,
  { id, weight }: Member,
  into: Float32Array,
  touched: number[],
): number {
  if (id < 0 || id + 1 >= starts.length) return 0;
  const [from, to] = [starts[id] ?? 0, starts[id + 1] ?? 0];
  let df = 0;
  for (let at = from; at < to; at += 1) {
    const ends = segments[owners[at] ?? 0]?.starts;
    const place = places[at] ?? 0;
    df += (ends?.[place + 1] ?? 0) - (ends?.[place] ?? 0);
  }
  if (df === 0) return 0;
  const rarity = Math.log(1 + (total - df + 0.5) / (df + 0.5));
  const most = weight * rarity * (tuning.saturation + 1);
  for (let at = from; at < to; at += 1) {
    const owner = owners[at] ?? 0;
    const segment = segments[owner];
    if (!segment) continue;
    const base = offsets[owner] ?? 0;
    const place = places[at] ?? 0;
    const end = segment.starts[place + 1] ?? 0;
    for (let posting = segment.starts[place] ?? 0; posting < end; posting += 1) {
      const worth = segment.weights[posting] ?? 0;
      const value = most * (worth / (worth + tuning.saturation));
      const doc = base + (segment.docs[posting] ?? 0);
      const before = into[doc] ?? 0;
      if (before === 0) touched.push(doc);
      if (value > before) into[doc] = value;
    }
  }
  return rarity * weight;
}

/** Ranks the tools of a collection for a query. Equal scores go by a hash of where they are, so that no alphabet decides. */
export function rank(collection: Collection, query: string, limit: number): Ranking {
  const { vocabulary, starts, total } = collection;
  const isHere = (id: number) => id >= 0 && (starts[id + 1] ?? 0) > (starts[id] ?? 0);
  const groups = groupsOf(vocabulary, query, (known) => isHere(vocabulary.find(known)));
  const scores = new Float32Array(total);
  const coverage = new Float32Array(total);
  const ofGroup = new Float32Array(total);
  const unmatchedTerms: string[] = [];
  const guessed: string[] = [];
  let mass = 0;
  for (const group of groups) {
    const touched: number[] = [];
    let rarity = 0;
    for (const member of group.members) rarity = Math.max(rarity, addTerm(collection, member, ofGroup, touched));
    if (touched.length === 0) {
      const near = group.isGuess || unmatchedTerms.length >= maxGuesses ? null : nearestTerm(group, vocabulary.names, isHere);
      if (!group.isGuess) unmatchedTerms.push(group.word);
      if (near === null) continue;
      guessed.push(group.word);
      const own = vocabulary.find(near);
      // Looked at in its turn, behind the words that are known.
      groups.push({ ...group, own, members: [{ id: own, weight: 1 }], weight: group.weight * guessWeight, isGuess: true });
      continue;
    }
    mass += rarity * group.weight;
    for (const doc of touched) {
      const value = ofGroup[doc] ?? 0;
      scores[doc] = (scores[doc] ?? 0) + value * group.weight;
      coverage[doc] = (coverage[doc] ?? 0) + group.weight * Math.min(rarity, value);
      ofGroup[doc] = 0;
    }
  }
  return { hits: lookCloser(collection, { groups, scores, coverage, mass }, limit), unmatchedTerms, guessed };
}

/** Of several phrasings each finds this many before they are brought together. */
const deep = 50;

/** Ranks for several phrasings of one wish: what many of them find, and find early, comes first. */
export function rankAll(collection: Collection, queries: readonly string[], limit: number): Ranking {
  const [only, ...others] = queries;
  if (only === undefined || others.length === 0) return rank(collection, only ?? "", limit);
  const rankings = queries.map((query) => rank(collection, query, deep));
  const sums = new Map<number, Hit>();
  for (const { hits } of rankings)
    for (const { segment, doc, score } of hits) {
      const key = (collection.offsets[segment] ?? 0) + doc;
      // Scores of two queries are not alike; their shares of the best are.
      const share = score / (hits[0]?.score ?? 1) / queries.length;
      sums.set(key, { segment, doc, score: (sums.get(key)?.score ?? 0) + share });
    }
  const all = (name: "unmatchedTerms" | "guessed") => [...new Set(rankings.flatMap((ranking) => ranking[name]))];
  const hits = [...sums.values()].sort((a, b) => b.score - a.score || tie(a) - tie(b)).slice(0, limit);
  return { hits, unmatchedTerms: all("unmatchedTerms"), guessed: all("guessed") };
}

interface Scored {
  groups: readonly Group[];
  scores: Float32Array;
  coverage: Float32Array;
  mass: number;
}

/** The best by score, best first. */
function bestOf(scores: Float32Array, count: number): number[] {
  const best: number[] = [];
  let least = 0;
  for (let doc = 0; doc < scores.length; doc += 1) {
    const score = scores[doc] ?? 0;
    if (score <= least) continue;
    best.push(doc);
    if (best.length >= count * 4) {
      best.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
      best.length = count;
      least = scores[best.at(-1) ?? 0] ?? 0;
    }
  }
  best.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  return best.slice(0, count);
}

function segmentAt(offsets: Uint32Array, doc: number): number {
  let low = 0;
  let high = offsets.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= doc) low = middle;
    else high = middle - 1;
  }
  return low;
}

const bitOf = (name: (typeof actions)[number]) => 1 << actions.indexOf(name);
const reads = bitOf("list") | bitOf("get") | bitOf("search");

interface Wish {
  action: number;
  /** Whether the query says so in a verb. */
  isSaid: boolean;
}

/** What the query wants done: its first verb; a question or a bare object wants to know. */
function wishOf(groups: readonly Group[]): Wish {
  const action = groups.find(({ action }) => action !== 0)?.action ?? 0;
  return action === 0 ? { action: reads, isSaid: false } : { action, isSaid: true };
}

/** What it adds or takes that a tool does what is wanted. "Show me the keys" wants a list, "show me the key" one of them. */
function fits({ action, isSaid }: Wish, does: number, isOfMany: boolean): number {
  if (does === 0) return 0;
  const isVague = (action & reads) !== 0;
  const many = isVague && isOfMany && (does & bitOf("list")) !== 0 ? tuning.plural : 0;
  const isOne = isVague && (does & bitOf("get")) !== 0 && (does & bitOf("list")) === 0;
  const one = isOne ? (isOfMany ? -tuning.plural : tuning.plural) / 2 : 0;
  if ((action & does) !== 0 || many > 0) return (isSaid ? tuning.action : tuning.defaultRead) + many + one;
  return one - (isSaid ? tuning.wrongAction : tuning.defaultRead);
}

/** How much of the query names each connection (0 to 1): a word counts the more the fewer connections have it in their name. */
function serviceShares({ segments, labels }: Collection, groups: readonly Group[]): Float32Array {
  const shares = new Float32Array(segments.length);
  const most = Math.log(segments.length + 1);
  for (const { own, action, weight } of groups) {
    if (own < 0 || action !== 0) continue;
    const named = labels.get(own) ?? [];
    const share = named.length === 0 ? 0 : (weight * Math.log((segments.length + 1) / named.length)) / most;
    for (const index of named) shares[index] = Math.min(1, (shares[index] ?? 0) + share);
  }
  return shares;
}

function lookCloser(collection: Collection, { groups, scores, coverage, mass }: Scored, limit: number): Hit[] {
  const { segments, offsets } = collection;
  const wanted = new Map<number, number>();
  for (const { members } of groups) for (const { id, weight } of members) wanted.set(id, Math.max(weight, wanted.get(id) ?? 0));
  const wish = wishOf(groups);
  const services = serviceShares(collection, groups);
  const plural = new Set(groups.filter(({ isPlural }) => isPlural).map(({ own }) => own));
  const hits = bestOf(scores, closer).map((doc) => {
    const index = segmentAt(offsets, doc);
    const segment = segments[index];
    const local = doc - (offsets[index] ?? 0);
    let covered = 0;
    let length = 0;
    let isOfMany = false;
    const label = segment?.label ?? new Int32Array();
    for (let at = segment?.nameStarts[local] ?? 0; at < (segment?.nameStarts[local + 1] ?? 0); at += 1) {
      const id = segment?.names[at] ?? -1;
      isOfMany ||= plural.has(id);
      // "notion_create_page" of Notion is no longer a name than "create_page".
      if (label.includes(id)) continue;
      length += 1;
      covered += wanted.get(id) ?? 0;
    }
    const nameCoverage = length === 0 ? 0 : covered / length;
    const queryCoverage = mass === 0 ? 0 : Math.min(1, (coverage[doc] ?? 0) / mass);
    const factor =
      1 +
      tuning.nameCoverage * nameCoverage +
      tuning.queryCoverage * queryCoverage +
      tuning.service * (services[index] ?? 0) +
      fits(wish, segment?.actions[local] ?? 0, isOfMany);
    return { segment: index, doc: local, score: (scores[doc] ?? 0) * factor };
  });
  return hits.sort((a, b) => b.score - a.score || tie(a) - tie(b)).slice(0, limit);
}

/** A fixed order of equals that goes by no name. */
function tie({ segment, doc }: Hit): number {
  return Math.imul((segment + 1) * 2_654_435_761 + doc, 0x9e3779b1) >>> 0;
}
