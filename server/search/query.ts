// A query as the ranking reads it: its words with everything that stands for them, and what it wants done.
import { term, written } from "./analyzer.ts";
import { isChatter, meaningsOf } from "./everyday.ts";
import { actionOf, actions, synonymsOf, withoutPhrasalVerbs } from "./synonyms.ts";
import { tuning } from "./tuning.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface Member {
  id: number;
  weight: number;
}

/** One word of the query with everything that stands for it. */
export interface Group {
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
export function groupsOf(vocabulary: Vocabulary, query: string, knows: (known: string) => boolean): Group[] {
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
      const worth = weight * (/^\d+$/.test(word) ? tuning.number : isChatter(word) ? tuning.chatter : 1);
      if (held) held.weight = Math.max(held.weight, worth);
      if (held || groups.size === maxGroups) continue;
      const standIns = new Map([...(meaningsOf(known) ?? []), ...(synonymsOf(known) ?? [])]);
      const members = [[known, 1] as const, ...standIns].map(([name, weight]) => ({ id: vocabulary.find(name), weight }));
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

const bitOf = (name: (typeof actions)[number]) => 1 << actions.indexOf(name);
const reads = bitOf("list") | bitOf("get") | bitOf("search");

export interface Wish {
  action: number;
  /** Whether the query says so in a verb. */
  isSaid: boolean;
  /** Whether it is a question. */
  isAsked: boolean;
}

const questions =
  /^\W*(what|which|who|whose|whom|when|where|why|how (many|much|long|often|fast|far|old|well|bad|big)|is|are|was|were|did|does|do (we|i|they)|has|have|had|any)(['’]s|['’]re)?\b/i;

/** Whether a query asks for something to be told, not done. */
export function isQuestion(query: string): boolean {
  return questions.test(query);
}

/** What the query wants done: its first verb; a question or a bare object wants to know. */
export function wishOf(groups: readonly Group[], asks: boolean): Wish {
  const action = groups.find(({ action }) => action !== 0)?.action ?? 0;
  if (asks && (action & reads) === 0) return { action: reads, isSaid: false, isAsked: true };
  return action === 0 ? { action: reads, isSaid: false, isAsked: false } : { action, isSaid: true, isAsked: false };
}

/** What it adds or takes that a tool does what is wanted. "Show me the keys" wants a list, "show me the key" one of them. */
export function fits({ action, isSaid, isAsked }: Wish, does: number, isOfMany: boolean): number {
  if (does === 0) return 0;
  const isVague = (action & reads) !== 0;
  const many = isVague && isOfMany && (does & bitOf("list")) !== 0 ? tuning.plural : 0;
  const isOne = isVague && (does & bitOf("get")) !== 0 && (does & bitOf("list")) === 0;
  const one = isOne ? (isOfMany ? -tuning.plural : tuning.plural) / 2 : 0;
  if ((action & does) !== 0 || many > 0) return (isSaid ? tuning.action : isAsked ? tuning.asked : tuning.defaultRead) + many + one;
  return one - (isSaid ? tuning.wrongAction : isAsked ? tuning.asked : tuning.defaultRead);
}
