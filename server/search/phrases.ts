// Words that stand together: "resource group" is one thing, and a tool that begins with it is meant rather than one that has both words somewhere.
import type { Group } from "./query.ts";
import type { Segment } from "./segment.ts";

/** A word of the query that a term stands for. */
interface Asked {
  id: number;
  place: number;
  weight: number;
}

const nothing: readonly Asked[] = [];
/** Most terms of a description were not asked for: where the place of their number is empty, nothing has to be looked up. */
const sieve = 1_024;

/**
 * How much of what stands side by side in the query (among its words as they are looked for, each once) does so, in the same order, where a tool's
 * description begins (0 to 1); one word may stand between them. What stands for a word counts as much less as it does elsewhere, and a pair as much as the lesser of the two.
 */
export function phraseShares(groups: readonly Group[]): (segment: Segment, doc: number) => number {
  const asked = groups.filter(({ origin }) => origin === "said");
  // Of each word with the one before it.
  const pairs = asked.map(({ rarity, weight }, place) => {
    const before = asked[place - 1];
    return before ? Math.min(rarity * weight, before.rarity * before.weight) : 0;
  });
  const sum = pairs.reduce((total, pair) => total + pair, 0);
  if (sum === 0) return () => 0;
  const known = new Map<number, Asked[]>();
  const isKnown = new Uint8Array(sieve);
  for (const [place, { members }] of asked.entries())
    for (const { id, weight, rarity } of members) {
      if (rarity === 0) continue;
      isKnown[id % sieve] = 1;
      const held = known.get(id);
      if (held) held.push({ id, place, weight });
      else known.set(id, [{ id, place, weight }]);
    }
  const best = new Float64Array(pairs.length);
  /** What of the pairs of two terms is more than was found before. Both are in the order of their places: one term may stand for thirty words. */
  const more = (earlier: readonly Asked[], later: readonly Asked[]) => {
    let share = 0;
    let at = 0;
    for (const first of earlier) {
      while ((later[at]?.place ?? Infinity) <= first.place) at += 1;
      const second = later[at];
      if (second?.place !== first.place + 1 || first.id === second.id) continue;
      const before = best[second.place] ?? 0;
      const weight = Math.min(first.weight, second.weight);
      if (weight <= before) continue;
      best[second.place] = weight;
      share += (weight - before) * (pairs[second.place] ?? 0);
    }
    return share;
  };
  return ({ leads, leadStarts }, doc) => {
    const to = leadStarts[doc + 1] ?? 0;
    let share = 0;
    let beforeLast = nothing;
    let last = nothing;
    for (let at = leadStarts[doc] ?? 0; at < to; at += 1) {
      const id = leads[at] ?? -1;
      const here = isKnown[id % sieve] === 1 ? (known.get(id) ?? nothing) : nothing;
      if (here !== nothing) share += more(beforeLast, here) + more(last, here);
      beforeLast = last;
      last = here;
    }
    if (share > 0) best.fill(0);
    return share / sum;
  };
}
