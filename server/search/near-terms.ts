// Words nobody knows, taken for the nearest known one: "ecko" for "echo". Only where a word would otherwise find nothing.
import type { Collection } from "./collection.ts";

/** What `distance` adds up in, made once: thousands of terms are compared for one word. Terms have 64 letters at the most (analyzer.ts). */
const rows = [0, 1, 2].map(() => new Uint8Array(66));

/** Letters that have to be changed, added, left out or swapped, as far as `most`; more than that is `most + 1`. */
function distance(a: string, b: string, most: number): number {
  let [before = new Uint8Array(), row = before, next = before] = rows;
  for (let j = 0; j <= b.length; j += 1) row[j] = j;
  for (let i = 1; i <= a.length; i += 1) {
    next[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next[j] = cost;
      least = Math.min(least, cost);
    }
    if (least > most) return most + 1;
    [before, row, next] = [row, next, before];
  }
  return row[b.length] ?? most + 1;
}

interface Unknown {
  word: string;
  /** The word's own term. */
  known: string;
}

/**
 * The terms of the caller's tools that a word may stand for: the nearest first, of equals the one that more tools have. What else is in the vocabulary,
 * and in which order it came there, says nothing here: those are lists that the caller may not see.
 */
function nearTo({ word, known: wanted }: Unknown, { vocabulary, counts }: Collection, isFirstSure: boolean): string[] {
  const most = word.length < 8 || wanted.length < 6 ? 1 : 2;
  const near: { term: string; far: number; count: number }[] = [];
  for (let id = 0; id < counts.length; id += 1) {
    const count = counts[id] ?? 0;
    if (count === 0) continue;
    const term = vocabulary.names[id] ?? "";
    if (term.length < 3 || Math.abs(term.length - wanted.length) > most) continue;
    // Of two first letters one stands at the beginning of the other as well, with hardly an exception; it spares most of the work.
    if (term[0] !== wanted[0] && (isFirstSure || (term[1] !== wanted[1] && term[0] !== wanted[1] && term[1] !== wanted[0]))) continue;
    const far = distance(wanted, term, most);
    if (far <= most) near.push({ term, far, count });
  }
  return near.sort((a, b) => a.far - b.far || b.count - a.count || (a.term < b.term ? -1 : 1)).map(({ term }) => term);
}

/** Letters of a word that a term is taken for, and of one that near terms are told of: shorter ones are near to too many. */
export const shortestTaken = 4;
export const shortestTold = 3;

/** The term that a word most likely stands for; null when none is near. The first letter is seldom wrong. */
export function nearestTerm(unknown: Unknown, collection: Collection): string | null {
  return nearTo(unknown, collection, true)[0] ?? null;
}

/** Terms near to a word that may begin with a wrong letter, the nearest first: to be told, not to be taken. */
export function nearTerms(unknown: Unknown, collection: Collection): string[] {
  return nearTo(unknown, collection, false);
}
