// The one text that a kept result is: its texts, and its structured content as JSON.

/** Between the texts and the structured content, which is the last line: its JSON has no line breaks of its own. */
const heading = "\n\nStructured content:\n";

export function joinWhole(texts: readonly string[], json: string | undefined): string {
  if (json === undefined) return texts.join("\n");
  return texts.length === 0 ? json : `${texts.join("\n")}${heading}${json}`;
}

/** The part of a whole that a JSON Pointer selects from: texts before the structured content do not change where its values are. */
export function jsonPartOf(whole: string): string {
  const at = whole.lastIndexOf(heading);
  return at === -1 ? whole : whole.slice(at + heading.length);
}
