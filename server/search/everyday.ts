// What people say, and what tools say for it. One way only: who looks for "the gist" wants a summary, who looks for a summary does not want a gist.
import { term } from "./analyzer.ts";
import { everydayWords } from "./everyday-words.ts";

/** Weight of a word that stands for another. */
const weight = 0.45;

function table(): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const found = new Map<string, Map<string, number>>();
  const termsOf = (words: string) => words.split(" ").flatMap((word) => term(word) ?? []);
  for (const line of everydayWords.split("\n").filter(Boolean)) {
    const [said = "", meant = ""] = line.split(": ");
    for (const from of termsOf(said)) {
      const known = found.get(from) ?? new Map<string, number>();
      found.set(from, known);
      for (const to of termsOf(meant)) if (to !== from) known.set(to, weight);
    }
  }
  return found;
}

const meanings = table();

/** Terms that tools use for a term that people use, with their weights (0 to 1). */
export function meaningsOf(known: string): ReadonlyMap<string, number> | undefined {
  return meanings.get(known);
}

const chatter = new Set(
  `now today tonight yesterday tomorrow week month year day morning last next recently currently soon later again already still ever never really actually maybe
   quickly back thing stuff something anything someone somebody anyone everybody nobody sure okay ok right go goes going went gone come came coming got take takes took
   put give gives tell say says know happen happened keep try trying quick there here way bit lot only even always often left between over under since until during
   out off away together
   before after ago entire whole whole exactly simply really somewhere anywhere properly safely`
    .split(/\s+/)
    .filter(Boolean),
);

/** Words that fill a sentence: they say little of which tool is meant. */
export function isChatter(word: string): boolean {
  return chatter.has(word);
}
