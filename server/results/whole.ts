// The one text that a kept result is: its texts, and its structured content as JSON.

/** Between the texts and the structured content, which is the last line: its JSON has no line breaks of its own. */
const heading = "\n\nStructured content:\n";

/** At most `length` characters where the texts can be cut for it: the structured content is worth nothing in part. */
export function joinWhole(texts: readonly string[], json: string | undefined, length: number): string {
  const text = texts.join("\n");
  if (json === undefined) return text;
  return text === "" ? json : `${text.slice(0, Math.max(0, length - heading.length - json.length))}${heading}${json}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The value that a JSON Pointer selects from, undefined where there is none: the structured content, whatever stands before it, or else the whole; the
 * only text of a result can have a line of JSON before it that says what it is.
 */
export function jsonOf(whole: string): unknown {
  const at = whole.lastIndexOf(heading);
  if (at !== -1) return parsed(whole.slice(at + heading.length));
  const value = parsed(whole);
  const end = whole.indexOf("\n");
  return value === undefined && end !== -1 && parsed(whole.slice(0, end)) !== undefined ? parsed(whole.slice(end + 1)) : value;
}
