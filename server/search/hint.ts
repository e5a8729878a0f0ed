// What an agent is told of a search beside what was found: what to do next. Every sentence that applies, within a bound.
import { shortened } from "#server/shortened.ts";

import type { Fitted } from "./fit-matches.ts";
import type { Guess } from "./query.ts";

interface Outcome {
  matches: number;
  guessed: readonly Guess[];
  nearby: readonly string[];
  /** How many connections took part, and whether the tools of any of them could be offered. */
  connections: number;
  isAnySearchable: boolean;
  /** Connections that cannot be used right now, and those of them that there was no room to list. */
  unusable: number;
  unlisted: number;
  /** What the search was narrowed to, and whether Gatehouse's own operations took part. */
  wanted: string | undefined;
  own: boolean;
  cut: Fitted["cut"];
  isByWordsAlone: boolean;
}

/** Tokens of the longest hint (tests/unit/search-hint.test.ts). */
export const hintTokens = 400;
const maxWord = 24;
const maxWanted = 80;
const maxGuesses = 3;

const quoted = (word: string, length = maxWord) => `"${shortened(word, length)}"`;

const cutHints: Record<Exclude<Fitted["cut"], "nothing">, string> = {
  schemas:
    'Some schemas are left out because they are large. Search again for one tool by its name with "limit": 1, or go by its signature.',
  descriptions: 'Descriptions are cut because there are many. Search again with a smaller "limit" or with "connection" to read them whole.',
  matches: 'There were more matches than there is room for. Narrow the search with "connection", a smaller "limit", or more exact words.',
};

function nothingFound({ nearby, connections, isAnySearchable, unusable, wanted, own }: Outcome): string {
  const name = wanted === undefined ? undefined : quoted(wanted, maxWanted);
  if (connections === 0 && name !== undefined && !own)
    return `You have no connection of the name or id ${name}. Search without "connection" to look everywhere.`;
  if (connections === 0 && name === undefined)
    return "No connection is available to you yet. An admin of the organization decides who may use which connection.";
  if (!isAnySearchable && unusable > 0)
    return `${name === undefined ? "None of your connections can" : `${name} cannot`} be used right now: "connections" says why, and who can mend it.`;
  const known = nearby.length > 0 ? ` Tools know ${nearby.map((word) => quoted(word)).join(", ")}.` : "";
  return `Nothing matched.${known} Try other words for the same thing: a verb, the object, and the service, for example "create issue linear".`;
}

/** What to do next; undefined when there is nothing to say. */
export function hintOf(outcome: Outcome): string | undefined {
  const { matches, guessed, unlisted, cut, isByWordsAlone } = outcome;
  const sentences: string[] = [];
  if (matches === 0) sentences.push(nothingFound(outcome));
  for (const { word, near } of guessed.slice(0, maxGuesses))
    sentences.push(`No tool knows ${quoted(word)}: ${quoted(near)} was taken instead.`);
  if (guessed.length > 0) sentences.push("Search again if that is not what you meant.");
  if (cut !== "nothing") sentences.push(cutHints[cut]);
  if (isByWordsAlone)
    sentences.push(
      "Searched by words alone: the search by meaning is not ready. If the right tool is missing, search again in other words.",
    );
  if (unlisted > 0) sentences.push(`${unlisted} more connections are not ready right now: say the name of the one you need.`);
  return sentences.length > 0 ? sentences.join(" ") : undefined;
}
