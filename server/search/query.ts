// A query as the ranking reads it: its words with everything that stands for them, and what it wants done.
import { isPlural, term, written } from "./analyzer.ts";
import type { Collection } from "./collection.ts";
import { isChatter, meaningsOf } from "./everyday.ts";
import { meaningsOfExpressions } from "./expressions.ts";
import { nearestTerm, nearTerms, shortestTaken, shortestTold } from "./near-terms.ts";
import { actionOf, actions, synonymsOf, withoutPhrasalVerbs } from "./synonyms.ts";
import { tuning } from "./tuning.ts";
import { withoutTurns } from "./turns-of-phrase.ts";

export interface Member {
  id: number;
  weight: number;
  /** How seldom it is among the tools (`rarityOf`); 0 when it tells nothing. */
  rarity: number;
}

/** One word of the query with everything that stands for it. */
export interface Group {
  word: string;
  known: string;
  own: number;
  members: Member[];
  /** What it is worth in this query (0 to 1). */
  weight: number;
  /** What its rarest member counts; 0: no tool knows it. */
  rarity: number;
  action: number;
  isPlural: boolean;
  /** Who said it: the asker, or nobody: it stands for a word that nobody knows, or for an expression. What nobody said names no service and asks for no deed. */
  origin: "said" | "guess" | "expression";
}

/**
 * Words of one query that are looked for. Each costs a pass over the tools that have it, so there has to be an end; a phrase of 500 characters has some 90
 * words, and where nothing stands between words as many pairs of characters as tools in that script know. Those that nobody knows cost nothing and do not count.
 */
const maxKnown = 160;
/** Words nobody knows that are guessed at, those that are looked at for it (each look goes over all terms), and what a guess is worth. */
const maxGuesses = 3;
const maxLooks = 8;
const guessWeight = 0.6;
/** Terms that are told when nothing was found, and the words that are looked at for it. */
const maxTold = 3;
/** Tools that may know a stand-in however few there are in all. */
const mostOfFew = 1_000;

/**
 * What a term counts that `df` of `total` tools know, as BM25 has it; the rarest words are names and slips, and count no more than rare ones. A stand-in
 * (weight below 1) that is nearly everywhere tells nothing and takes the longest: 0.
 */
function rarityOf({ df, total, weight }: { df: number; total: number; weight: number }): number {
  if (df === 0 || (weight < 1 && df > Math.max(mostOfFew, total * tuning.commonStandIn))) return 0;
  return Math.min(tuning.rarityCap, Math.log(1 + (total - df + 0.5) / (df + 0.5)));
}

/** Those of these terms that the tools have, with what they count. */
function membersOf({ vocabulary, counts, total }: Collection, terms: Iterable<readonly [known: string, weight: number]>): Member[] {
  return [...terms].flatMap(([known, weight]) => {
    const id = vocabulary.find(known);
    const df = counts[id] ?? 0;
    return df === 0 ? [] : [{ id, weight, rarity: rarityOf({ df, total, weight }) }];
  });
}

const rarest = (members: readonly Member[]) => members.reduce((most, { rarity, weight }) => Math.max(most, rarity * weight), 0);

/** Values stand in a query beside the words that say what is wanted: placeholders, quoted names, numbers. */
function withWeights(query: string): { text: string; weight: number; origin: "said" | "expression" }[] {
  const meant: string[] = [];
  const said = query.split(/(<[^<>]{1,80}>|"[^"]{1,80}"|“[^”]{1,80}”|`[^`]{1,80}`)/u).map((text) => {
    if (text.startsWith("<")) return { text, weight: tuning.placeholder, origin: "said" as const };
    // Names are no phrases: "Who can see what" may be a page.
    if (/^["“`]/u.test(text)) return { text, weight: tuning.quoted, origin: "said" as const };
    meant.push(meaningsOfExpressions(text));
    return { text: withoutPhrasalVerbs(withoutTurns(text)), weight: 1, origin: "said" as const };
  });
  // Last: a word that was said as well counts as said.
  return [...said, { text: meant.join(" "), weight: tuning.expression, origin: "expression" }];
}

/** The query as groups of terms; a repeated word counts once, as much as where it counts most. */
function groupsOf(collection: Collection, query: string): Group[] {
  const { vocabulary, counts } = collection;
  const groups = new Map<string, Group>();
  let sought = 0;
  for (const { text, weight, origin } of withWeights(query)) {
    const found = written(text).flatMap(({ whole, parts }) => {
      const known = term(whole);
      return parts.length === 0 || (known !== null && (counts[vocabulary.find(known)] ?? 0) > 0) ? [whole] : parts;
    });
    for (const word of found) {
      const known = term(word);
      if (known === null) continue;
      const held = groups.get(known);
      const worth = weight * (/^\d+$/.test(word) ? tuning.number : isChatter(word) ? tuning.chatter : 1);
      if (held) held.weight = Math.max(held.weight, worth);
      if (held) continue;
      const standIns = new Map([...(meaningsOf(known) ?? []), ...(synonymsOf(known) ?? [])]);
      const members = membersOf(collection, [[known, 1], ...standIns]);
      const rarity = rarest(members);
      // Nobody asked for a word that no tool has and nobody said.
      if (rarity === 0 ? origin !== "said" : (sought += 1) > maxKnown) continue;
      const isSaid = origin === "said";
      const action = isSaid ? actionOf(known) : 0;
      groups.set(known, {
        word,
        known,
        own: isSaid ? vocabulary.find(known) : -1,
        members,
        weight: action === 0 ? worth : worth * tuning.verb,
        rarity,
        action,
        isPlural: isSaid && isPlural(word),
        origin,
      });
    }
  }
  return [...groups.values()];
}

/** A word that no tool knows, and the term that was taken for it. */
export interface Guess {
  word: string;
  near: string;
}

export interface Reading {
  /** The words of the query, and behind them what was taken for those that nobody knows. */
  groups: Group[];
  /** The words that nobody knows, those that something was taken for included. */
  unknown: Group[];
  guessed: Guess[];
}

/** Reads a query for the tools of a collection. */
export function readQuery(collection: Collection, query: string): Reading {
  const groups = groupsOf(collection, query);
  const unknown = groups.filter(({ rarity }) => rarity === 0);
  const guessed: Guess[] = [];
  for (const group of unknown.filter(({ word }) => word.length >= shortestTaken).slice(0, maxLooks)) {
    const near = guessed.length < maxGuesses ? nearestTerm(group, collection) : null;
    if (near === null) continue;
    guessed.push({ word: group.word, near });
    const members = membersOf(collection, [[near, 1]]);
    const own = collection.vocabulary.find(near);
    groups.push({ ...group, own, members, rarity: rarest(members), weight: group.weight * guessWeight, origin: "guess" });
  }
  return { groups, unknown, guessed };
}

/** Known terms near to words that nobody knows, for when nothing was found at all. */
export function nearbyTerms(collection: Collection, unknown: readonly Group[]): string[] {
  const looked = unknown.filter(({ word }) => word.length >= shortestTold).slice(0, maxTold);
  const near = looked.map((group) => nearTerms(group, collection));
  // The nearest of each word before the second of any.
  const inTurn = Array.from({ length: maxTold }, (_, place) => near.flatMap((terms) => terms[place] ?? [])).flat();
  return [...new Set(inTurn)].slice(0, maxTold);
}

const bitOf = (name: (typeof actions)[number]) => 1 << actions.indexOf(name);
const reads = bitOf("list") | bitOf("get") | bitOf("search");

/** What a query wants done, and what it adds that a tool does that, or takes that it does something else. */
export interface Wish {
  action: number;
  adds: number;
  takes: number;
}

const questions =
  /^\W*(what|which|who|whose|whom|when|where|why|how (many|much|long|often|fast|far|old|well|bad|big)|is|are|was|were|did|does|do (we|i|they)|has|have|had|any)(['’]s|['’]re)?\b/i;

/**
 * A verb with what it is done to: "promote my branch", "comment on the issue". Not words that stand at such a beginning without being a verb, nor
 * verbs that change nothing.
 */
const commands =
  /^\W*((please|can you|could you|i (want|need) to|i['’]d like to) )?(?!(about|access|all|analy[sz]e|any|both|compare|count|details?|does|each|every|explain|feedback|follow|for|from|give|info|information|know|learn|monitor|need|not|only|please|scan|should|status|summari[sz]e|tell|track|understand|want|watch|will|with|would)\b)[a-z]{3,}( (back|by|down|off|on|out|over|to|up))? (an?|all|another|each|every|her|him|it|my|our|some|the|them|these|this|those|three|two)\b/i;

/** What the query wants done: its first verb; a question or a bare object wants to know, and a command whose verb we do not know wants anything else. */
export function wishOf(groups: readonly Group[], query: string): Wish {
  const action = groups.find(({ action }) => action !== 0)?.action ?? 0;
  if (questions.test(query)) {
    if ((action & reads) === 0) return { action: reads, adds: tuning.asked, takes: tuning.asked };
  } else if (groups[0]?.action === 0 && !groups[0].isPlural && commands.test(query))
    return { action: ~reads, adds: tuning.command, takes: tuning.command };
  return action === 0
    ? { action: reads, adds: tuning.defaultRead, takes: tuning.defaultRead }
    : { action, adds: tuning.action, takes: tuning.wrongAction };
}

/** What a name says of the things that the query has in the plural: nothing, one of them, or many, as "get_keys" does. */
export type Telling = "nothing" | "one" | "many";

/** What it adds or takes that a tool does what is wanted. "Show me the keys" wants a list, "show me the key" one of them. */
export function fits({ action, adds, takes }: Wish, named: number, telling: Telling): number {
  if (named === 0) return 0;
  const does = telling === "many" && (named & bitOf("get")) !== 0 ? named | bitOf("list") : named;
  const isOfMany = telling !== "nothing";
  const isVague = (action & reads) !== 0;
  const many = isVague && isOfMany && (does & bitOf("list")) !== 0 ? tuning.plural : 0;
  const isOne = isVague && (does & bitOf("get")) !== 0 && (does & bitOf("list")) === 0;
  const one = isOne ? (isOfMany ? -tuning.plural : tuning.plural) / 2 : 0;
  return (action & does) !== 0 || many > 0 ? adds + many + one : one - takes;
}
