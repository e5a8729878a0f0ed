// What PostgreSQL keeps neither in text nor in JSON: NUL, and halves of surrogate pairs. One such character fails the whole statement it is in.

// JSON.stringify escapes exactly these characters (and other controls) as \uXXXX; an escaped backslash before a "u" is text.
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|[dD][89a-fA-F])/;

/** Whether every text in `value` can be stored. */
export function isStorable(value: unknown): boolean {
  const text: string | undefined = JSON.stringify(value);
  return text === undefined || !unstorable.test(text);
}
