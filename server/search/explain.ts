// Why a tool stands where it stands, for people: the ranking's own sum taken apart again, word by word and field by field, for the few tools that
// are shown. The ranking itself keeps no such notes: it would pay for them at every search.
import { setImmediate } from "node:timers/promises";

import type { Collection } from "./collection.ts";
import { phraseShares } from "./phrases.ts";
import { fits, type Group, readQuery, type Telling, wishOf } from "./query.ts";
import { contextShares, deep, rank, serviceShares } from "./rank.ts";
import { addField, commonParameters, type Field, fields, partsOf, readTool, type SearchableTool, type Segment } from "./segment.ts";
import { spellingsOf } from "./spelling.ts";
import { tuning } from "./tuning.ts";

/** What one word of the query brought to one tool. */
export interface WordPoints {
  word: string;
  /** The tool's word that stood for it, as the tool writes it. */
  matched: string;
  how: "own" | "synonym" | "guess";
  points: number;
  fields: { field: Field; points: number }[];
}

/** What multiplied the points; `share` says how far it applied (0 to 1, or -1 to 1 for the action), `adds` what that adds to 1. */
export interface Factor {
  name: "nameCoverage" | "queryCoverage" | "service" | "context" | "phrase" | "action";
  share: number;
  adds: number;
}

/** One phrasing and one tool: `points` times `factor` is `score`. */
export interface Why {
  query: string;
  score: number;
  points: number;
  factor: number;
  words: WordPoints[];
  /** Words of the query that this tool does not have. */
  missed: string[];
  factors: Factor[];
}

/** Of several phrasings: what each counted for, in hundredths of the best of that phrasing; of one, its score. */
export interface Explanation {
  score: number;
  phrasings: { why: Why; counts: number }[];
}

/** Where a tool is, and what the index was made of. */
export interface Place {
  segment: number;
  doc: number;
  label: string;
  tool: SearchableTool;
  /** All tools of its list. */
  list: readonly SearchableTool[];
}

/** What the index holds of a term for one tool; 0 when the tool lacks it. */
function weightIn({ terms, starts, docs, weights }: Segment, id: number, doc: number): number {
  const place = terms.indexOf(id);
  if (place < 0) return 0;
  for (let at = starts[place] ?? 0; at < (starts[place + 1] ?? 0); at += 1) if (docs[at] === doc) return weights[at] ?? 0;
  return 0;
}

/** What each field of a tool gives each of its terms, and how the tool writes them. */
function weigh({ label, tool }: Place, common: ReadonlySet<string>) {
  const { terms, prose } = readTool(label, tool, common);
  terms.name.push(...terms.name.flatMap((known) => partsOf(known, prose)));
  const worth = fields.map((field) => {
    const into = new Map<string, number>();
    addField(into, field, terms[field]);
    return { field, into };
  });
  return { worth, spelled: spellingsOf(label, tool) };
}
type Weighed = ReturnType<typeof weigh>;

/** The member of a group that counted: of all that stand for a word the best one does, not their sum. */
function bestMember(segment: Segment, doc: number, { members }: Group) {
  let best = { id: -1, value: 0 };
  for (const { id, weight, rarity } of members) {
    const worth = weightIn(segment, id, doc);
    const value = weight * rarity * (tuning.saturation + 1) * (worth / (worth + tuning.saturation));
    if (value > best.value) best = { id, value };
  }
  return best;
}

function pointsOf(
  { group, value, id }: { group: Group; value: number; id: number },
  known: string,
  { worth, spelled }: Weighed,
): WordPoints {
  const points = value * group.weight;
  const given = worth.flatMap(({ field, into }) => {
    const worthHere = into.get(known);
    return worthHere === undefined ? [] : [{ field, worth: worthHere }];
  });
  const sum = given.reduce((total, { worth }) => total + worth, 0);
  return {
    word: group.word,
    matched: spelled.get(known) ?? known,
    how: group.origin === "guess" ? "guess" : id === group.own ? "own" : "synonym",
    points,
    // Saturation bends the sum of the fields, not each of them: a field's part of the points is its part of that sum.
    fields: given.map(({ field, worth }) => ({ field, points: (points * worth) / sum })).sort((a, b) => b.points - a.points),
  };
}

/** How much of a tool's name was asked for (0 to 1), and what it says of the things that were asked for in the plural. */
function nameOf({ names, nameStarts, plurals, label }: Segment, doc: number, groups: readonly Group[]) {
  const wanted = new Map<number, number>();
  for (const { members } of groups) for (const { id, weight } of members) wanted.set(id, Math.max(weight, wanted.get(id) ?? 0));
  const plural = new Set(groups.filter(({ isPlural }) => isPlural).map(({ own }) => own));
  const from = nameStarts[doc] ?? 0;
  const ids = [...names.subarray(from, nameStarts[doc + 1] ?? 0)];
  const places = ids.flatMap((id, at) => (plural.has(id) ? from + at : []));
  const telling: Telling = places.some((at) => plurals[at] === 1) ? "many" : places.length > 0 ? "one" : "nothing";
  const own = ids.filter((id) => !label.includes(id));
  const covered = own.reduce((sum, id) => sum + (wanted.get(id) ?? 0), 0);
  return { coverage: own.length === 0 ? 0 : covered / own.length, telling };
}

/** One phrasing as all its explanations need it: read once. */
function asked(collection: Collection, query: string) {
  const { groups, unknown } = readQuery(collection, query);
  return { query, groups, unknown, services: serviceShares(collection, groups), contexts: contextShares(collection, groups) };
}
type Asked = ReturnType<typeof asked>;

/** Why one tool of a collection has its score for one phrasing. */
function why(collection: Collection, { query, groups, unknown, services, contexts }: Asked, at: Place, own: Weighed): Why {
  const { segment: index, doc } = at;
  const segment = collection.segments[index];
  if (!segment) return { query, score: 0, points: 0, factor: 1, words: [], missed: [], factors: [] };
  const counted: WordPoints[] = [];
  const missed = unknown.map(({ word }) => word);
  let mass = 0;
  let coverage = 0;
  for (const group of groups.filter(({ rarity }) => rarity > 0)) {
    mass += group.rarity * group.weight;
    const { id, value } = bestMember(segment, doc, group);
    if (value === 0) {
      if (group.origin === "said") missed.push(group.word);
      continue;
    }
    coverage += group.weight * Math.min(group.rarity, value);
    counted.push(pointsOf({ group, value, id }, collection.vocabulary.names[id] ?? "", own));
  }
  const name = nameOf(segment, doc, groups);
  const action = fits(wishOf(groups, query), segment.actions[doc] ?? 0, name.telling);
  const phrase = phraseShares(groups)(segment, doc);
  const covered = mass === 0 ? 0 : Math.min(1, coverage / mass);
  const service = services[index] ?? 0;
  const context = contexts[index] ?? 0;
  const factors: Factor[] = [
    { name: "nameCoverage", share: name.coverage, adds: tuning.nameCoverage * name.coverage },
    { name: "queryCoverage", share: covered, adds: tuning.queryCoverage * covered },
    { name: "service", share: service, adds: tuning.service * service },
    { name: "context", share: context, adds: tuning.context * context },
    { name: "phrase", share: phrase, adds: tuning.phrase * phrase },
    { name: "action", share: Math.sign(action), adds: action },
  ];
  const points = counted.reduce((sum, { points }) => sum + points, 0);
  const factor = factors.reduce((sum, { adds }) => sum + adds, 1);
  const guessed = new Set(counted.filter(({ how }) => how === "guess").map(({ word }) => word));
  counted.sort((a, b) => b.points - a.points);
  return { query, score: points * factor, points, factor, words: counted, missed: missed.filter((word) => !guessed.has(word)), factors };
}

/**
 * Why tools have the scores that `rankAll` gave them for these phrasings; one explanation for each place, in their order. One after the other, and
 * other work gets its turn between them.
 */
export async function explainAll(collection: Collection, queries: readonly string[], places: readonly Place[]): Promise<Explanation[]> {
  const isOne = queries.length === 1;
  const phrased = queries.map((query) => ({
    read: asked(collection, query),
    // How it counts among several takes its own ranking.
    hits: isOne ? [] : rank(collection, query, deep).hits,
  }));
  const common = new Map<Place["list"], ReadonlySet<string>>();
  const explanations: Explanation[] = [];
  for (const place of places) {
    const known = common.get(place.list) ?? (await commonParameters(place.list));
    common.set(place.list, known);
    const own = weigh(place, known);
    const phrasings = phrased.map(({ read, hits }) => {
      const told = why(collection, read, place, own);
      const isFound = hits.some(({ segment, doc }) => segment === place.segment && doc === place.doc);
      return { why: told, counts: isOne ? told.score : isFound ? told.score / (hits[0]?.score ?? 1) / queries.length : 0 };
    });
    explanations.push({ score: phrasings.reduce((sum, { counts }) => sum + counts, 0), phrasings });
    await setImmediate();
  }
  return explanations;
}
