// JSON of several megabytes without one long turn. Most of it is one or a few long texts as a rule: they are taken out, read piece by piece, and put
// back in where they stood. What is left is small, and parsed as ever.
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** Characters of a string between its quotes from which it is taken out. */
const longString = 65_536;
/** Characters of it that are read at once. */
const pieceLength = 65_536;
/** Characters of what is left, beyond which all of it is parsed at once: it is not long for its strings. */
const mostLeft = 32_768;
/** Milliseconds of looking for the ends of strings in one turn. */
const workMs = 0.5;
/** Ends that are looked at between two looks at the clock. */
const checkEvery = 512;

const backslash = 0x5c;

interface Taken {
  /** Between its quotes. */
  from: number;
  to: number;
}

/** Whether an odd number of backslashes stands before this place, so that what is there is escaped. */
function isEscaped(text: string, at: number, from: number): boolean {
  let before = at;
  while (before > from && text.charCodeAt(before - 1) === backslash) before -= 1;
  return (at - before) % 2 === 1;
}

/** How the name of a member goes on, which has no place to be put back in. Behind more blanks than anybody writes it is taken for one. */
const nameEnd = /[ \t\r\n]{64}|[ \t\r\n]*:/y;

function isName(text: string, end: number): boolean {
  nameEnd.lastIndex = end + 1;
  return nameEnd.test(text);
}

/** The long strings of a JSON text in their order, null where it is long for something else; what is no JSON may have any. */
async function longStrings(text: string, goOn: () => void): Promise<Taken[] | null> {
  const found: Taken[] = [];
  let since = performance.now();
  let from: number | null = null;
  /** Characters before this place that are taken out. */
  let taken = 0;
  let looked = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) {
    if (from === null) {
      if (at - taken > mostLeft) return null;
      from = at + 1;
    } else if (!isEscaped(text, at, from)) {
      if (at - from >= longString && !isName(text, at)) {
        found.push({ from, to: at });
        taken += at - from;
      }
      from = null;
    }
    looked += 1;
    if (looked % checkEvery === 0 && performance.now() - since > workMs) {
      await setImmediate();
      goOn();
      since = performance.now();
    }
  }
  return found.length === 0 || text.length - taken > mostLeft ? null : found;
}

/** Where a piece that begins at `from` ends: not in the middle of an escape. */
function pieceEnd(text: string, from: number, to: number): number {
  const end = from + pieceLength;
  if (end >= to) return to;
  // The longest is six characters (\u0041); at the end of one, or of none, it may be cut.
  for (let at = end - 1; at > end - 6; at -= 1) {
    if (text.charCodeAt(at) !== backslash || isEscaped(text, at, from)) continue;
    const length = text.charCodeAt(at + 1) === 0x75 ? 6 : 2;
    return at + length > end ? at : end;
  }
  return end;
}

async function readString(text: string, { from, to }: Taken, goOn: () => void): Promise<string> {
  let read = "";
  for (let at = from; at < to;) {
    const end = pieceEnd(text, at, to);
    const piece: unknown = JSON.parse(`"${text.slice(at, end)}"`);
    read += String(piece);
    at = end;
    await setImmediate();
    goOn();
  }
  return read;
}

const isHolder = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Puts `strings` where their names stand in `value`. Not by recursion: an answer may be nested deeply. */
function putIn(value: unknown, strings: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return strings.get(value) ?? value;
  let left = strings.size;
  const open = isHolder(value) ? [value] : [];
  for (let holder = open.pop(); holder !== undefined && left > 0; holder = open.pop())
    for (const key of Object.keys(holder)) {
      const member: unknown = Reflect.get(holder, key);
      if (isHolder(member)) open.push(member);
      const read = typeof member === "string" ? strings.get(member) : undefined;
      if (read === undefined) continue;
      // Not by assignment: a member may be called "__proto__".
      Object.defineProperty(holder, key, { value: read, configurable: true, enumerable: true, writable: true });
      left -= 1;
    }
  return value;
}

/**
 * `JSON.parse` of a long text, in turns where its length is that of a few strings. `goOn` is asked after each turn, and ends it by throwing. Throws
 * SyntaxError as JSON.parse does, and what `goOn` throws.
 */
export async function parseInTurns(text: string, goOn: () => void): Promise<unknown> {
  const taken = await longStrings(text, goOn);
  if (!taken) return JSON.parse(text);
  const strings = new Map<string, string>();
  const mark = randomUUID();
  let skeleton = "";
  let end = 0;
  for (const one of taken) {
    const name = `${mark}-${strings.size}`;
    skeleton += `${text.slice(end, one.from)}${name}`;
    end = one.to;
    strings.set(name, await readString(text, one, goOn));
  }
  return putIn(JSON.parse(skeleton + text.slice(end)), strings);
}
