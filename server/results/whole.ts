// The one text that a kept result is: its texts, and its structured content as JSON.

/** Between the texts and the structured content, which is the last line: its JSON has no line breaks of its own. */
const heading = "\n\nStructured content:\n";

/** At most `length` characters where the texts can be cut for it: the structured content is worth nothing in part. */
export function joinWhole(texts: readonly string[], json: string | undefined, length: number): string {
  const text = texts.join("\n");
  if (json === undefined) return text;
  return text === "" ? json : `${text.slice(0, Math.max(0, length - heading.length - json.length))}${heading}${json}`;
}

/** The part of a whole that a JSON Pointer selects from: texts before the structured content do not change where its values are. */
export function jsonPartOf(whole: string): string {
  const at = whole.lastIndexOf(heading);
  return at === -1 ? whole : whole.slice(at + heading.length);
}
