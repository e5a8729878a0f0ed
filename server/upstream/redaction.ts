// Takes the credential that a server was sent out of what it says, however JSON spells it.

export interface Redaction {
  /** Says which credential is sent from now on, as the headers that carry it. */
  remember: (credential: Record<string, string>) => void;
  /** `text` without any of them. JSON stays JSON, and what holds none of them is returned as it came. */
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

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

/**
 * The value, and what is left of it without each of its first words: a scheme or prefix may be of several ("Token token <key>"), and a key too,
 * so that the bare key is among them wherever it begins.
 */
function withoutPrefixes(value: string): string[] {
  const words = value.split(" ");
  return words.map((_word, first) => words.slice(first).join(" "));
}

/** All that must not be seen of a credential, each also as JSON writes it, and JSON in JSON. */
function secretsIn(credential: Record<string, string>): string[] {
  const values = Object.values(credential).flatMap(withoutPrefixes);
  const spellings = values.flatMap((value) => [value, inJson(value), inJson(inJson(value))]);
  return spellings.filter(({ length }) => length >= minSecretLength);
}

/** Text that is no JSON as a whole, with those escapes as what they stand for. */
const unescaped = (text: string) =>
  text.replace(/\\(?:\/|u(00[2-7][\da-f]))/gi, (_escape, digits?: string) => (digits ? String.fromCharCode(parseInt(digits, 16)) : "/"));

/** What is sent to one server. */
export function createRedaction(): Redaction {
  let current = "";
  let known: string[][] = [];
  let secrets: string[] = [];

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

  function redacted(text: string, depth: number): string {
    const clean = plain(text);
    return depth > 0 && escaped.test(clean) ? (respelled(clean, depth) ?? clean) : clean;
  }

  return {
    remember(credential) {
      const values = Object.values(credential).join("\0");
      if (values === current) return;
      current = values;
      known = [secretsIn(credential), ...known].slice(0, maxCredentials);
      secrets = [...new Set(known.flat())];
    },
    redacted: (text) => (secrets.length === 0 ? text : redacted(text, maxDepth)),
  };
}
