// Turns tool text and queries into the same terms: words split at case and punctuation, folded, without stop words, stemmed; CJK as pairs of characters.
import { stemmer } from "stemmer";

/** Contractions among them are as they stand once the apostrophe is cut out: "whats". */
const stopWords = new Set(
  "a about also an and any are as at be been being but by can could did do does every for from had has have he her his how i if in into is it its just kind let like lot made may me might my need needs of on one or our own please s should so some such t than that the their them then there these they this those through to too upon us use used uses using very via want wants was we were what when where which while why will with within would you your cant couldnt didnt doesnt dont hasnt havent hows im isnt ive lets thats theres wasnt whats wheres whos wont".split(
    " ",
  ),
);

/** Scripts without spaces between words, and Korean, which has some but writes particles onto its words: "사용자를" is "사용자". */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
const maxWordLength = 64;

/** Overlapping pairs of characters, the usual stand-in for words where nothing separates them. */
function pairs(run: string): string[] {
  const letters = [...run];
  if (letters.length === 1) return letters;
  return letters.slice(1).map((letter, index) => `${letters[index] ?? ""}${letter}`);
}

/** What plain English has not. Most text has none of it, and building a segment takes half of the time where that is cut without Unicode's tables. */
const beyondAscii = /[^\t-~]/;

function folded(text: string): string {
  if (!beyondAscii.test(text)) return text.toLowerCase();
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/(\p{Script=Latin})\p{Mn}+/gu, "$1")
    .normalize("NFC")
    .replace(/ß/g, "ss");
}

const inner = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;
const unspacedRuns = /([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{M}ー]+)/u;

function separate(word: string): string[] {
  if (!unspaced.test(word)) return [word];
  return word
    .split(unspacedRuns)
    .filter(Boolean)
    .flatMap((run) => (unspaced.test(run) ? pairs(run) : run));
}

/** One word as it was written, and the words inside it where its case shows some. */
export interface Written {
  whole: string;
  parts: string[];
}

/** What stands between the separators of a text; some of it may be empty. */
function parted(text: string): string[] {
  if (!beyondAscii.test(text)) return (text.includes("'") ? text.replace(/(?<=[a-z])'(?=[a-z])/gi, "") : text).split(/[^a-z0-9]+/i);
  return text
    .normalize("NFKC")
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, "")
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .flatMap(separate);
}

/**
 * The words of a text as they were written, folded: lower case, no diacritics ("Übersicht" is found by "ubersicht"). "createPage" and "MySQL"
 * have parts; whether they or the whole are meant depends on where they stand.
 */
export function written(text: string): Written[] {
  const found: Written[] = [];
  for (const word of parted(text)) {
    if (word === "") continue;
    const whole = folded(word);
    // Without a capital there is nothing to part.
    const parts = whole === word ? [] : word.split(inner);
    found.push({ whole, parts: parts.length > 1 ? parts.map(folded) : [] });
  }
  return found;
}

/** Words that were written: `createPage`, `create_page` and "Create page" are the same two. */
export function wordsIn(found: readonly Written[]): string[] {
  return found.flatMap(({ whole, parts }) => (parts.length > 0 ? parts : whole));
}

/** The words of a text. */
export function words(text: string): string[] {
  return wordsIn(written(text));
}

/**
 * The terms of words, for far more of them than tens of thousands of tools have. A plain map: one that keeps an
 * order of use costs as much as to cut the words.
 */
const known = new Map<string, string>();
const maxKnown = 50_000;

/** Words of which the stemmer makes those of another meaning: "news" is not "new". Each line is one term, by its first word. */
const ownTerms = `
news
add added adding
authorize authorized authorizes authorizing authorizer authorizers authorization authorizations authorise authorised authorises authorising authorisation
accountant accountants
allowance allowances
anime
applicant applicants
business businesses
community communities
conversion conversions
customer customers
customize customized customizes customizing customization customizations customise customised customises customising customisation
department departments
direction directions
expensive
generic generics
important importance
instalment instalments installment installments
internal internally
localize localized localizes localizing localization localizations localise localised localising localisation
marketing
objective objectives
organization organizations organisation organisations
parental
paste pasted pastes pasting
performance performances
production
receivable receivables
responsible responsibility responsibilities
several
terminal terminals
university universities
utility utilities utils util
`;

const ownTermOf = new Map<string, string>();
for (const line of ownTerms.trim().split("\n")) {
  const [first = "", ...forms] = line.split(" ");
  for (const form of [first, ...forms]) ownTermOf.set(form, first);
}

function analyzed(word: string): string {
  if (stopWords.has(word)) return "";
  const own = ownTermOf.get(word);
  if (own !== undefined) return own;
  return (/^[a-z]+$/.test(word) ? stemmer(word) : word).slice(0, maxWordLength);
}

/** A copy of what was cut out of a longer text: V8 keeps the whole of that for as long as a piece of 13 or more characters is in memory. */
const own = (text: string) => (text.length < 13 ? text : Buffer.from(text).toString());

/** The index term of a word, or null for a stop word. */
export function term(word: string): string | null {
  let found = known.get(word);
  if (found === undefined) {
    if (known.size >= maxKnown) known.clear();
    known.set(own(word), (found = own(analyzed(word))));
  }
  return found === "" ? null : found;
}

/** Whether an English word looks like several of a thing: "keys", not "access" or "status". */
export function isPlural(word: string): boolean {
  return word.length > 3 && /[^su]s$/.test(word);
}

/** The terms of prose, where "MySQL" is one word, or of identifiers, where `createPage` is two (and one). Without stop words, in their order. */
export function termsIn(found: readonly Written[], kind: "prose" | "identifier"): string[] {
  const terms: string[] = [];
  for (const { whole, parts } of found)
    for (const word of kind === "prose" ? [whole] : [...parts, whole]) {
      const known = term(word);
      if (known !== null) terms.push(known);
    }
  return terms;
}

/** The terms of a text. */
export function termsOf(text: string, kind: "prose" | "identifier"): string[] {
  return termsIn(written(text), kind);
}
