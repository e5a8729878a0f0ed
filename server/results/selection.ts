// The part of a kept result that is wanted: what a JSON Pointer names, or a range of lines.
import { badInput } from "#server/errors.ts";

import { jsonOf } from "./whole.ts";

/** The value that a JSON Pointer (RFC 6901) names in a result's JSON. Throws BAD_INPUT when there is none. */
export function pointedAt(text: string, pointer: string): string {
  if (pointer !== "" && !pointer.startsWith("/")) throw badInput("pointer", 'A JSON Pointer is empty or begins with "/".');
  let value = jsonOf(text);
  if (value === undefined) throw badInput("pointer", "This result is not JSON. Read it by page or by lines.");
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  for (const [index, step] of steps.entries()) {
    const at = `/${steps.slice(0, index).join("/")}`;
    if (typeof value !== "object" || value === null) throw badInput("pointer", `There is nothing below ${at}: it is a plain value.`);
    // An own member, and not the length of an array.
    if (!Object.prototype.propertyIsEnumerable.call(value, step)) {
      const known = Array.isArray(value) ? `an array of ${value.length}` : `an object with ${Object.keys(value).slice(0, 20).join(", ")}`;
      throw badInput("pointer", `There is no "${step}" in ${at}: that is ${known}.`);
    }
    value = Reflect.get(value, step);
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** How many lines a text has. Without a list of them: it may have a million. */
export function linesIn(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

/** Lines `range` ("100-200") of a text. Throws BAD_INPUT when it has none of them. */
export function linesOf(text: string, range: string): string {
  const [first = 1, last = 1] = range.split("-").map(Number);
  if (last < first) throw badInput("lines", "The first line of a range comes first.");
  let from = 0;
  for (let line = 1; line < first; line += 1) {
    const end = text.indexOf("\n", from);
    if (end === -1) throw badInput("lines", `The last line is ${line}.`);
    from = end + 1;
  }
  let to = from - 1;
  for (let line = first; line <= last; line += 1) {
    to = text.indexOf("\n", to + 1);
    if (to === -1) return text.slice(from);
  }
  return text.slice(from, to);
}
