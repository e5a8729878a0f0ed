// JSON of several megabytes without one long turn. Most of it is one or a few long texts as a rule: they are taken out, read piece by piece, and put
// back in where they stood. What is left is small, and parsed as ever.
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { isObject } from "./rpc-answer.ts";

/** Characters of a string between its quotes from which it is taken out. */
const longString = 65_536;
/** Characters of it that are read at once. */
const pieceLength = 65_536;
/** Characters of what is left, beyond which all of it is parsed at once: it is not long for its strings. */
const mostLeft = 262_144;
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

/** Whether what ends here is the name of a member, which has no place to be put back in. */
function isName(text: string, end: number): boolean {
  let at = end + 1;
  while (" \t\r\n".includes(text.charAt(at)) && at < text.length) at += 1;
  return text.charAt(at) === ":";
}

/** The long strings of a JSON text in their order; what is no JSON may have any. */
async function longStrings(text: string): Promise<Taken[]> {
  const found: Taken[] = [];
  let since = performance.now();
  let from: number | null = null;
  let looked = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) {
    if (from === null) from = at + 1;
    else if (!isEscaped(text, at, from)) {
      if (at - from >= longString && !isName(text, at)) found.push({ from, to: at });
      from = null;
    }
    looked += 1;
    if (looked % checkEvery === 0 && performance.now() - since > workMs) {
      await setImmediate();
      since = performance.now();
    }
  }
  return found;
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

async function readString(text: string, { from, to }: Taken): Promise<string> {
  let read = "";
  for (let at = from; at < to;) {
    const end = pieceEnd(text, at, to);
    const piece: unknown = JSON.parse(`"${text.slice(at, end)}"`);
    read += String(piece);
    at = end;
    await setImmediate();
  }
  return read;
}

/** Puts `strings` where their names stand in `value`. Not by recursion: an answer may be nested deeply. */
function putIn(value: unknown, strings: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return strings.get(value) ?? value;
  const open = [value];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    if (!isObject(holder) && !Array.isArray(holder)) continue;
    for (const [key, member] of Object.entries(holder)) {
      const read = typeof member === "string" ? strings.get(member) : undefined;
      // Not by assignment: a member may be called "__proto__".
      if (read !== undefined) Object.defineProperty(holder, key, { value: read, configurable: true, enumerable: true, writable: true });
      else if (typeof member === "object" && member !== null) open.push(member);
    }
  }
  return value;
}

/** `JSON.parse` of a long text, in turns where its length is that of a few strings. Throws SyntaxError as it does. */
export async function parseInTurns(text: string): Promise<unknown> {
  const taken = await longStrings(text);
  const left = taken.reduce((length, { from, to }) => length - (to - from), text.length);
  if (taken.length === 0 || left > mostLeft) return JSON.parse(text);
  const strings = new Map<string, string>();
  const mark = randomUUID();
  let skeleton = "";
  let end = 0;
  for (const one of taken) {
    const name = `${mark}-${strings.size}`;
    skeleton += `${text.slice(end, one.from)}${name}`;
    end = one.to;
    strings.set(name, await readString(text, one));
  }
  return putIn(JSON.parse(skeleton + text.slice(end)), strings);
}
