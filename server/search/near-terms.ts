// Words nobody knows, taken for the nearest known one: "ecko" for "echo". Only where a word would otherwise find nothing.

/** Letters that have to be changed, added, left out or swapped, as far as `most`; more than that is `most + 1`. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    if (Math.min(...next) > most) return most + 1;
    before = row;
    row = next;
  }
  return row[b.length] ?? most + 1;
}

/** The term of `vocabulary` that a word (and its own term, `wanted`) most likely stands for, among those that `isKnown` lets pass; null when none is near. */
export function nearestTerm(
  { word, known: wanted }: { word: string; known: string },
  vocabulary: readonly string[],
  isKnown: (index: number) => boolean,
): string | null {
  if (word.length < 4) return null;
  const most = word.length < 8 ? 1 : 2;
  let best: string | null = null;
  let least = most + 1;
  for (const [index, candidate] of vocabulary.entries()) {
    // The first letter is seldom wrong, and this keeps the search to a part of the vocabulary.
    if (candidate[0] !== wanted[0] || candidate.length < 3 || Math.abs(candidate.length - wanted.length) > most) continue;
    const found = distance(wanted, candidate, Math.min(most, least - 1));
    if (found < least && isKnown(index)) [best, least] = [candidate, found];
  }
  return best;
}
