// How tools write what the index holds as terms: "issue" for "issu". The index keeps no words: they are read from the tool again, for the few that are shown.
import { term, words } from "./analyzer.ts";
import type { SearchableTool } from "./segment.ts";

/** The first word of a tool for each of its terms; `label` is what its connection is called. */
export function spellingsOf(label: string, { name, title, description, inputSchema }: SearchableTool): ReadonlyMap<string, string> {
  const spelled = new Map<string, string>();
  const texts = [name, title ?? "", description, label, JSON.stringify(inputSchema ?? null)];
  for (const word of texts.flatMap((text) => words(text.slice(0, 20_000)))) {
    const known = term(word);
    if (known !== null && !spelled.has(known)) spelled.set(known, word);
  }
  return spelled;
}
