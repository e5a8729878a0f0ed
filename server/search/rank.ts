// The ranking itself: BM25F over the segments of one caller, then a closer look at the best. It knows nothing of callers: what is not in the
// collection can neither be found nor move a score.
import type { Collection } from "./collection.ts";
import { phraseShares } from "./phrases.ts";
import { fits, type Group, type Guess, type Member, nearbyTerms, readQuery, type Telling, type Wish, wishOf } from "./query.ts";
import { tuning } from "./tuning.ts";

export interface Hit {
  segment: number;
  doc: number;
  score: number;
}

export interface Ranking {
  hits: Hit[];
  /** Words of the query that no tool of these segments knows. */
  unmatchedTerms: string[];
  /** Of those, the ones for which a term close to them was taken. */
  guessed: Guess[];
  /** Where there is no hit: known terms that are close to those words. */
  nearby: string[];
}

/** How many of the best by their terms are looked at more closely. */
const closer = 150;

/** What a search adds up in, for the largest collection so far: a search is one turn of the event loop, and 600 KB made for each would cost it the most. */
let room = 0;
let scoresRoom = new Float32Array();
let coverageRoom = new Float32Array();
let ofGroupRoom = new Float32Array();
let touchedRoom = new Int32Array();
let seenRoom = new Int32Array();
let tiesRoom = new Uint32Array();

function makeRoom(total: number): void {
  if (total <= room) return;
  room = Math.ceil(total * 1.25);
  scoresRoom = new Float32Array(room);
  coverageRoom = new Float32Array(room);
  ofGroupRoom = new Float32Array(room);
  touchedRoom = new Int32Array(room);
  seenRoom = new Int32Array(room);
  tiesRoom = new Uint32Array(room);
}

/** Bytes that are kept to add up in, whoever searches. */
export function rankingBytes(): number {
  return room * 6 * 4;
}

/** The tools that something was found in, each once: the first `count` of `docs`. */
interface Touched {
  docs: Int32Array;
  count: number;
}

/** Adds up what one term is worth to the tools that have it. */
function addTerm(
  { segments, offsets, starts, owners, begins, ends }: Collection,
  { id, weight, rarity }: Member,
  into: Float32Array,
  touched: Touched,
): void {
  const most = weight * rarity * (tuning.saturation + 1);
  const { docs } = touched;
  let { count } = touched;
  const to = starts[id + 1] ?? 0;
  for (let at = starts[id] ?? 0; at < to; at += 1) {
    const owner = owners[at] ?? 0;
    const segment = segments[owner];
    if (!segment) continue;
    const base = offsets[owner] ?? 0;
    const end = ends[at] ?? 0;
    for (let posting = begins[at] ?? 0; posting < end; posting += 1) {
      const worth = segment.weights[posting] ?? 0;
      const value = most * (worth / (worth + tuning.saturation));
      const doc = base + (segment.docs[posting] ?? 0);
      const before = into[doc] ?? 0;
      if (before === 0) docs[count++] = doc;
      if (value > before) into[doc] = value;
    }
  }
  touched.count = count;
}

/** The ranking for one phrase, with the words that nobody knows. Equal scores go by a hash of where they are, so that no alphabet decides. */
function rankOne(collection: Collection, query: string, limit: number): { hits: Hit[]; unknown: Group[]; guessed: Guess[] } {
  const { total } = collection;
  const { groups, unknown, guessed } = readQuery(collection, query);
  makeRoom(total);
  const scores = scoresRoom.subarray(0, total).fill(0);
  const coverage = coverageRoom.subarray(0, total).fill(0);
  // Empty between two groups, and so between two searches.
  const ofGroup = ofGroupRoom.subarray(0, total);
  const found: Touched = { docs: seenRoom, count: 0 };
  let mass = 0;
  for (const { members, rarity, weight } of groups) {
    const touched: Touched = { docs: touchedRoom, count: 0 };
    for (const member of members) if (member.rarity > 0) addTerm(collection, member, ofGroup, touched);
    mass += rarity * weight;
    for (let at = 0; at < touched.count; at += 1) {
      const doc = touched.docs[at] ?? 0;
      const value = ofGroup[doc] ?? 0;
      const before = scores[doc] ?? 0;
      const score = before + value * weight;
      if (before === 0 && score > 0) found.docs[found.count++] = doc;
      scores[doc] = score;
      coverage[doc] = (coverage[doc] ?? 0) + weight * Math.min(rarity, value);
      ofGroup[doc] = 0;
    }
  }
  return { hits: lookCloser(collection, { groups, scores, found, coverage, mass, wish: wishOf(groups, query) }, limit), unknown, guessed };
}

/** Ranks the tools of a collection for a query. */
export function rank(collection: Collection, query: string, limit: number): Ranking {
  return rankAll(collection, [query], limit);
}

/** Of several phrasings each finds this many before they are brought together. */
export const deep = 50;

/** Ranks for several phrasings of one wish: what many of them find, and find early, comes first. */
export function rankAll(collection: Collection, queries: readonly string[], limit: number): Ranking {
  const rankings = queries.map((query) => rankOne(collection, query, queries.length === 1 ? limit : deep));
  const hits = rankings.length === 1 ? (rankings[0]?.hits ?? []) : brought(collection, rankings, limit);
  const unknown = new Map(rankings.flatMap((one) => one.unknown.map((group) => [group.word, group] as const)));
  const guesses = rankings.flatMap(({ guessed }) => guessed);
  return {
    hits,
    unmatchedTerms: [...unknown.keys()],
    guessed: guesses.filter(({ word }, at) => guesses.findIndex((guess) => guess.word === word) === at),
    // For all phrasings at once: it goes over all terms.
    nearby: hits.length > 0 ? [] : nearbyTerms(collection, [...unknown.values()]),
  };
}

/** The hits of several rankings as one. */
function brought(collection: Collection, rankings: readonly { hits: readonly Hit[] }[], limit: number): Hit[] {
  const sums = new Map<number, Hit>();
  for (const { hits } of rankings)
    for (const { segment, doc, score } of hits) {
      const key = (collection.offsets[segment] ?? 0) + doc;
      // Scores of two queries are not alike; their shares of the best are.
      const share = score / (hits[0]?.score ?? 1) / rankings.length;
      sums.set(key, { segment, doc, score: (sums.get(key)?.score ?? 0) + share });
    }
  return [...sums.values()].sort(bestFirst(collection)).slice(0, limit);
}

interface Scored {
  groups: readonly Group[];
  scores: Float32Array;
  found: Touched;
  coverage: Float32Array;
  mass: number;
  wish: Wish;
}

/** Steps from no score to the highest. */
const steps = 1_024;
const ofStepRoom = new Uint32Array(steps + 1);

/** Which step of the scores the `count` best reach at the least, so that nothing below has to be sorted; and how many steps a score of 1 is. */
function leastStep(scores: Float32Array, found: Touched, count: number): { least: number; scale: number } {
  let highest = 0;
  for (let at = 0; at < found.count; at += 1) {
    const score = scores[found.docs[at] ?? 0] ?? 0;
    if (score > highest) highest = score;
  }
  const scale = highest === 0 ? 0 : steps / highest;
  const ofStep = ofStepRoom.fill(0);
  for (let at = 0; at < found.count; at += 1) {
    const step = ((scores[found.docs[at] ?? 0] ?? 0) * scale) | 0;
    ofStep[step] = (ofStep[step] ?? 0) + 1;
  }
  let least = steps;
  for (let better = ofStep[steps] ?? 0; least > 0 && better < count;) better += ofStep[(least -= 1)] ?? 0;
  return { least, scale };
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

/** The best by score, best first. */
function bestOf({ segments, offsets }: Collection, scores: Float32Array, found: Touched, count: number): number[] {
  const best: number[] = [];
  const ties = tiesRoom;
  const order = (a: number, b: number) => (scores[b] ?? 0) - (scores[a] ?? 0) || (ties[a] ?? 0) - (ties[b] ?? 0);
  const step = leastStep(scores, found, count);
  // What the last of enough good ones has: later ones have to be before it.
  let least = 0;
  let last = 0;
  for (let at = 0; at < found.count; at += 1) {
    const doc = found.docs[at] ?? 0;
    const score = scores[doc] ?? 0;
    if (score < least || ((score * step.scale) | 0) < step.least) continue;
    const index = segmentAt(offsets, doc);
    const tie = tieOf(segments[index]?.seed ?? 0, doc - (offsets[index] ?? 0));
    if (score === least && tie > last) continue;
    ties[doc] = tie;
    best.push(doc);
    if (best.length < count * 4) continue;
    best.sort(order);
    best.length = count;
    least = scores[best.at(-1) ?? 0] ?? 0;
    last = ties[best.at(-1) ?? 0] ?? 0;
  }
  return best.sort(order).slice(0, count);
}

/** How much of the query names each connection (0 to 1): a word counts the more the fewer connections have it in their name. */
export function serviceShares({ segments, labels }: Collection, groups: readonly Group[]): Float32Array {
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

/**
 * How much of the query each connection knows at all (0 to 1): of two tools that say the same, the one among others that speak of the rest is meant.
 * Words that few connections know count most, by the square of their rarity.
 */
export function contextShares({ segments, starts, owners }: Collection, groups: readonly Group[]): Float32Array {
  const shares = new Float32Array(segments.length);
  let sum = 0;
  for (const { own, weight } of groups) {
    const [from, to] = own < 0 ? [0, 0] : [starts[own] ?? 0, starts[own + 1] ?? 0];
    if (to <= from) continue;
    const rarity = (weight * Math.log((segments.length + 1) / (to - from))) ** 2;
    sum += rarity;
    for (let at = from; at < to; at += 1) {
      const owner = owners[at] ?? 0;
      shares[owner] = (shares[owner] ?? 0) + rarity;
    }
  }
  return sum === 0 ? shares : shares.map((share) => share / sum);
}

function lookCloser(collection: Collection, { groups, scores, found, coverage, mass, wish }: Scored, limit: number): Hit[] {
  const { segments, offsets } = collection;
  const wanted = new Map<number, number>();
  for (const { members } of groups) for (const { id, weight } of members) wanted.set(id, Math.max(weight, wanted.get(id) ?? 0));
  const services = serviceShares(collection, groups);
  const contexts = contextShares(collection, groups);
  const plural = new Set(groups.filter(({ isPlural }) => isPlural).map(({ own }) => own));
  const hits = bestOf(collection, scores, found, closer).map((doc) => {
    const index = segmentAt(offsets, doc);
    const segment = segments[index];
    const local = doc - (offsets[index] ?? 0);
    let covered = 0;
    let length = 0;
    let telling: Telling = "nothing";
    const label = segment?.label ?? new Int32Array();
    for (let at = segment?.nameStarts[local] ?? 0; at < (segment?.nameStarts[local + 1] ?? 0); at += 1) {
      const id = segment?.names[at] ?? -1;
      if (telling !== "many" && plural.has(id)) telling = segment?.plurals[at] === 1 ? "many" : "one";
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
      tuning.context * (contexts[index] ?? 0) +
      fits(wish, segment?.actions[local] ?? 0, telling);
    return { segment: index, doc: local, score: (scores[doc] ?? 0) * factor };
  });
  return withPhrases(collection, { groups, scores, hits: hits.sort(bestFirst(collection)) }, limit);
}

interface Sorted {
  groups: readonly Group[];
  scores: Float32Array;
  hits: Hit[];
}

/** The best with what they have of the query's phrases. Those whom no phrase could bring among them are not looked at: it is most of them. */
function withPhrases(collection: Collection, { groups, scores, hits }: Sorted, limit: number): Hit[] {
  const { segments, offsets } = collection;
  const shareOf = phraseShares(groups);
  const least = hits[limit - 1]?.score ?? 0;
  const close: Hit[] = [];
  for (const { segment: index, doc, score } of hits) {
    const segment = segments[index];
    const most = tuning.phrase * (scores[(offsets[index] ?? 0) + doc] ?? 0);
    if (segment && score + most >= least) close.push({ segment: index, doc, score: score + most * shareOf(segment, doc) });
  }
  return close.sort(bestFirst(collection)).slice(0, limit);
}

/**
 * A fixed order of equals that goes by no name and does not change with what else there is: their list's seed and their place in it, mixed as MurmurHash3
 * ends.
 */
function tieOf(seed: number, doc: number): number {
  let mixed = seed ^ Math.imul(doc + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function bestFirst({ segments }: Collection): (a: Hit, b: Hit) => number {
  const tie = ({ segment, doc }: Hit) => tieOf(segments[segment]?.seed ?? 0, doc);
  return (a, b) => b.score - a.score || tie(a) - tie(b);
}
