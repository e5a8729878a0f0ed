// Brings the ranking by words together with what else is known of a tool: what members ran after such a search, and how near its meaning is.
import { term, termsOf, words } from "./analyzer.ts";
import { toolKey, wantedTerms } from "./associations.ts";

/** How much of a score is the nearness of meaning, where it was compared: the more the more of the query's words no tool knows. */
const meaningWeight = { allKnown: 0.3, noneKnown: 0.7 };
/** How many of the best by words take part. */
export const fusedDepth = 50;

/** What is known of tools beside their words, by `toolKey`. */
export interface Evidence {
  /** That members ran it after such searches, in shares of the best score by words. */
  use: ReadonlyMap<string, number>;
  /** How near it is in meaning, 1 being the nearest. Null: that was not compared. */
  meaning: ReadonlyMap<string, number> | null;
  /** How many of the query's words no tool knows (0 to 1): what the others find says little then. */
  unknown: number;
}

/** How many of the words that say what is wanted are among those that no tool knows (0 to 1). */
export function unknownShare(queries: readonly string[], unmatchedTerms: readonly string[]): number {
  const wanted = new Set(queries.flatMap(wantedTerms));
  const unknown = new Set(unmatchedTerms.map(term));
  return [...wanted].filter((known) => unknown.has(known)).length / Math.max(1, wanted.size);
}

/** What of a hit matters here. */
export interface Candidate {
  tool: { name: string };
  /** Null for an operation of Gatehouse itself. */
  connection: { id: string; name: string } | null;
  score: number;
}

const keyOf = ({ connection, tool }: Candidate) => toolKey(connection?.id ?? "", tool.name);

/** Whether a query is the name of a tool, the words of its connection's name aside. */
function isNamed(query: ReadonlySet<string>, { connection, tool }: Candidate): boolean {
  const label = new Set(termsOf(connection?.name ?? "", "identifier"));
  const name = [...new Set(words(tool.name).flatMap((word) => termsOf(word, "prose")))].filter((known) => !label.has(known));
  return (
    name.length > 0 && name.every((known) => query.has(known)) && [...query].every((known) => label.has(known) || name.includes(known))
  );
}

/**
 * The hits in their new order, with scores on the scale they had. `hits` are the best by words, in their order; `others` are tools that evidence
 * speaks for and words do not. Whoever says the name of a tool means it: nothing else is lifted over it.
 */
export function fuse<Hit extends Candidate>(
  hits: readonly Hit[],
  others: readonly Hit[],
  { use, meaning, unknown }: Evidence,
  queries: readonly string[],
): Hit[] {
  const best = hits[0]?.score ?? 0;
  const scale = best > 0 ? best : 1;
  const byMeaning = meaning === null ? 0 : meaningWeight.allKnown + (meaningWeight.noneKnown - meaningWeight.allKnown) * unknown;
  const said = queries.map((query) => new Set(words(query).flatMap((word) => termsOf(word, "prose"))));
  let ceiling = Infinity;
  let worthOfNamed = -1;
  const scored = [...hits, ...others].map((hit) => {
    const key = keyOf(hit);
    const score = (1 - byMeaning) * (hit.score / scale) + byMeaning * (meaning?.get(key) ?? 0) + (use.get(key) ?? 0);
    const named = said.some((query) => isNamed(query, hit));
    if (named && hit.score > worthOfNamed) {
      worthOfNamed = hit.score;
      ceiling = score;
    }
    return { hit, score, named };
  });
  for (const one of scored) if (!one.named && one.hit.score < worthOfNamed) one.score = Math.min(one.score, ceiling - 1e-6);
  return scored.sort((a, b) => b.score - a.score || b.hit.score - a.hit.score).map(({ hit, score }) => ({ ...hit, score: score * scale }));
}
