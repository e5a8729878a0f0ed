// Turns tool text and queries into the same terms: words split at case and punctuation, lower case, without stop words, stemmed.
import { stemmer } from "stemmer";

const stopWords = new Set(
  "a an and any are as at be by can do for from get has have how i in into is it its me my of on or our please should that the their them then there these this to use using want was we what when where which will with would you your".split(
    " ",
  ),
);

/** Words of a text: `createPage`, `create_page` and "Create page" give the same two. */
export function words(text: string): string[] {
  return text
    .normalize("NFKC")
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** The index term of a word, or null for a stop word. */
export function term(word: string): string | null {
  if (stopWords.has(word)) return null;
  return /^[a-z]+$/.test(word) ? stemmer(word) : word;
}
