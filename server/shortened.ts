// Text within a bound that says so.

/** The text, at most `length` characters of it; what was cut ends in "...", and never in half of a character: strict readers of JSON refuse that. */
export function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3).replace(/[\ud800-\udbff]$/, "")}...` : text;
}
