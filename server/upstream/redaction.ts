// Takes the credential that a server was sent out of what it says, however JSON spells it.

export interface Redaction {
  /** Says which credential is sent from now on, as the headers that carry it. */
  remember: (credential: Record<string, string>) => void;
  /** `text` without any of them. JSON stays JSON, and what holds none of them is returned as it came; `givenUp` for a long one that hides one. */
  redacted: (text: string) => string;
}

/** Shorter values are no real keys, and would take ordinary words out of answers. */
const minSecretLength = 8;
/** The tokens before stay known: an answer to one of them may still be on its way. */
const maxCredentials = 3;
/** JSON in JSON in JSON: deeper than any tool was seen to pack its answers. */
const maxDepth = 3;
/** An escape that could stand for a character of a key: PHP escapes the slash, and every printable character may be written by its number. */
const escaped = /\\(?:\/|u00[2-7][\da-f])/i;

/** Characters that are taken apart in search of a key that is hidden there. */
const maxWalked = 131_072;
/** What becomes of a longer text: no JSON, so that it is not taken for an answer. */
export const givenUp = "[redacted]";
const backslash = 0x5c;

/** The character that `u00XX` at this place stands for; NaN where there is none. */
const numbered = (text: string, at: number) =>
  text.charCodeAt(at) === 0x75 && text.startsWith("00", at + 1) ? Number(`0x${text.slice(at + 3, at + 5)}`) : NaN;

/**
 * `text` without backslashes and with what they stood for, however many layers of JSON made them: good for a look, and for nothing else. One pass over
 * the characters: to replace them in the string takes three times as long.
 */
function bare(text: string): string {
  const left = new Uint16Array(text.length);
  let count = 0;
  let isEscaped = false;
  for (let at = 0; at < text.length; at += 1) {
    let code = text.charCodeAt(at);
    if (isEscaped && code !== backslash) {
      const meant = numbered(text, at);
      if (!Number.isNaN(meant)) {
        code = meant;
        at += 4;
      }
    }
    isEscaped = code === backslash;
    if (!isEscaped) left[count++] = code;
  }
  return Buffer.from(left.buffer, 0, count * 2).toString("utf16le");
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

/**
 * The value, and what is left of it without each of its first words: a scheme or prefix may be of several ("Token token <key>"), and a key too,
 * so that the bare key is among them wherever it begins.
 */
function withoutPrefixes(value: string): string[] {
  const words = value.split(" ");
  return words.map((_word, first) => words.slice(first).join(" "));
}

const isLong = ({ length }: string) => length >= minSecretLength;

interface Secrets {
  values: string[];
  /** Each value as it is, as JSON writes it, and as JSON in JSON does. */
  spellings: string[];
}

/** All that must not be seen of a credential. */
function secretsIn(credential: Record<string, string>): Secrets {
  const values = Object.values(credential).flatMap(withoutPrefixes);
  return {
    values: values.filter(isLong),
    spellings: values.flatMap((value) => [value, inJson(value), inJson(inJson(value))]).filter(isLong),
  };
}

/** How a value may begin where `bare` takes its first characters for the end of an escape that stands before it. */
const escapeEnd = /^(?:[\da-f]|(?:u00|00|0)?[\da-f]{2})$/i;

/** What `bare` may leave of a value. */
function remains(value: string): string[] {
  return [0, 1, 2, 3, 4, 5].filter((cut) => cut === 0 || escapeEnd.test(value.slice(0, cut))).map((cut) => bare(value.slice(cut)));
}

/** Values that look like an escape themselves: no short look tells where they hide. */
const isOdd = (value: string) => value.includes("\\");

/** Letters and digits of an escape, or of a value, that are written by their number: nobody does that but to hide something. */
const numberedAgain = /\\u00(3\d|[46][1-6]|75)/gi;

/** Text that is no JSON as a whole, with those escapes as what they stand for. */
const unescaped = (text: string) =>
  text.replace(/\\(?:\/|u(00[2-7][\da-f]))/gi, (_escape, digits?: string) => (digits ? String.fromCharCode(parseInt(digits, 16)) : "/"));

/** What is sent to one server. */
export function createRedaction(): Redaction {
  let current = "";
  let known: Secrets[] = [];
  let secrets: string[] = [];
  /** What is looked for in a text without escapes; null when that shows nothing. */
  let left: string[] | null = [];

  const plain = (text: string) =>
    secrets.reduce((clean, secret) => (clean.includes(secret) ? clean.replaceAll(secret, "[redacted]") : clean), text);

  /** `text`, where it is JSON, written anew, so that everything has the one spelling that is looked for; null where that changes nothing. */
  function respelled(text: string, depth: number): string | null {
    let isChanged = false;
    const inside = (value: string) => {
      const clean = redacted(value, depth - 1);
      isChanged ||= clean !== value;
      return clean;
    };
    let json: string;
    try {
      json = JSON.stringify(JSON.parse(text, (_key, value: unknown) => (typeof value === "string" ? inside(value) : value)));
    } catch {
      // No JSON, or nested too deeply to be walked.
      json = unescaped(text);
    }
    const clean = plain(json);
    return isChanged || clean !== json ? clean : null;
  }

  /** Whether a key may stand there in disguise. Far cheaper than to walk what was parsed, which for the largest answers takes seconds. */
  function mayHide(text: string, wanted: readonly string[]): boolean {
    let spelled = text;
    for (let depth = 0; depth < maxDepth && spelled.search(numberedAgain) >= 0; depth += 1)
      spelled = spelled.replace(numberedAgain, (_escape, digits: string) => String.fromCharCode(parseInt(digits, 16)));
    const seen = bare(spelled);
    return wanted.some((value) => seen.includes(value));
  }

  function redacted(text: string, depth: number): string {
    const clean = plain(text);
    if (depth === 0 || !escaped.test(clean) || (left && !mayHide(clean, left))) return clean;
    if (left && clean.length > maxWalked) return givenUp;
    return respelled(clean, depth) ?? clean;
  }

  return {
    remember(credential) {
      const values = Object.values(credential).join("\0");
      if (values === current) return;
      current = values;
      known = [secretsIn(credential), ...known].slice(0, maxCredentials);
      secrets = [...new Set(known.flatMap(({ spellings }) => spellings))];
      const all = [...new Set(known.flatMap(({ values }) => values))];
      left = all.some(isOdd) ? null : all.flatMap(remains);
    },
    redacted: (text) => (secrets.length === 0 ? text : redacted(text, maxDepth)),
  };
}
