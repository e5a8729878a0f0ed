// Reading a kept result: page by page, or only the part that is wanted.
import { z } from "zod";

import { db } from "#server/db.ts";
import { badInput, DomainError } from "#server/errors.ts";
import { requireUsable } from "#server/grants/access.ts";
import { sealer } from "#server/secrets.ts";

import { bindingOf } from "./keep.ts";
import { jsonPartOf } from "./whole.ts";

/** Characters of a page. */
export const pageLength = 32_768;

export const readInput = z.object({
  id: z.string().min(1).max(64).describe("The id that the answer to execute_capability named."),
  page: z.number().int().min(1).optional().describe("Which page of the selection; 1 is the first."),
  offset: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe(
      'Instead of "page": the rest of a page from this character of the selection on, as "nextOffset" of a shortened page names it.',
    ),
  pointer: z
    .string()
    .max(1_000)
    .optional()
    .describe('Only this part of a JSON result or of structured content: a JSON Pointer (RFC 6901) such as "/items/0/name".'),
  lines: z
    .string()
    .regex(/^[1-9]\d{0,8}-[1-9]\d{0,8}$/, 'must be a range such as "100-200"')
    .optional()
    .describe('Only these lines, such as "100-200".'),
});

/** The value that a JSON Pointer (RFC 6901) names in a result's JSON. Throws BAD_INPUT when there is none. */
function pointedAt(text: string, pointer: string): string {
  if (pointer !== "" && !pointer.startsWith("/")) throw badInput("pointer", 'A JSON Pointer is empty or begins with "/".');
  let value: unknown;
  try {
    value = JSON.parse(jsonPartOf(text));
  } catch {
    throw badInput("pointer", "This result is not JSON. Read it by page or by lines.");
  }
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  for (const [index, step] of steps.entries()) {
    const at = `/${steps.slice(0, index).join("/")}`;
    if (typeof value !== "object" || value === null) throw badInput("pointer", `There is nothing below ${at}: it is a plain value.`);
    const entry = Object.entries(value).find(([key]) => key === step);
    if (!entry) {
      const known = Array.isArray(value) ? `an array of ${value.length}` : `an object with ${Object.keys(value).slice(0, 20).join(", ")}`;
      throw badInput("pointer", `There is no "${step}" in ${at}: that is ${known}.`);
    }
    [, value] = entry;
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

function linesOf(text: string, range: string): string {
  const [from = 1, to = 1] = range.split("-").map(Number);
  if (to < from) throw badInput("lines", "The first line of a range comes first.");
  return text
    .split("\n")
    .slice(from - 1, to)
    .join("\n");
}

/** The place at or behind `at` that does not part a character in two. */
const wholeCharacter = (text: string, at: number) => (/[\uDC00-\uDFFF]/.test(text.charAt(at)) ? at + 1 : at);

/** Page `page` of a text, or what is left of it from `offset` on; a page never begins or ends with half a character. */
export function pageOf(text: string, page: number, offset = (page - 1) * pageLength): string {
  return text.slice(wholeCharacter(text, offset), wholeCharacter(text, page * pageLength));
}

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** A beginning of `text` whose JSON has at most `bytes`. */
function beginningOf(text: string, bytes: number): string {
  const size = bytesOf(text);
  if (size <= bytes) return text;
  // Once is not enough where the beginning takes more bytes a character than the rest.
  const end = Math.floor((text.length * bytes) / size);
  return beginningOf(text.slice(0, /[\uDC00-\uDFFF]/.test(text.charAt(end)) ? end - 1 : end), bytes);
}

export const pagesOf = (text: string) => Math.max(1, Math.ceil(text.length / pageLength));

/**
 * A part of a kept result: a page, or as much of its beginning as has room in `maxBytes` of JSON; it says then where it goes on. Throws EXPIRED when
 * the result is gone (or was never this caller's), NOT_FOUND without access to the connection that gave it, BAD_INPUT for a selection that does not
 * fit it.
 */
export async function read(
  caller: { orgId: string; membershipId: string },
  { id, page: wanted, offset, pointer, lines }: z.output<typeof readInput>,
  maxBytes = Infinity,
) {
  const { orgId, membershipId } = caller;
  const row = await db.keptResult.findFirst({ where: { id, orgId, membershipId, expiresAt: { gt: new Date() } } });
  if (!row) throw new DomainError("EXPIRED", "There is no such result any more; they are kept for 15 minutes. Run the capability again.");
  if (row.connectionId !== null) await requireUsable(caller, row.connectionId);
  if (pointer !== undefined && lines !== undefined) throw badInput("lines", "Select by pointer or by lines, not by both.");
  if (wanted !== undefined && offset !== undefined) throw badInput("offset", "Begin at a page or at an offset, not at both.");
  const whole = sealer.open(row.sealed, bindingOf(id));
  const selected = pointer === undefined ? (lines === undefined ? whole : linesOf(whole, lines)) : pointedAt(whole, pointer);
  const pages = pagesOf(selected);
  const page = offset === undefined ? (wanted ?? 1) : Math.floor(offset / pageLength) + 1;
  if (page > pages)
    throw badInput(offset === undefined ? "page" : "offset", `The last page is ${pages}, of ${pageLength} characters each.`);
  const from = wholeCharacter(selected, offset ?? (page - 1) * pageLength);
  const answer = { id, page, pages, text: pageOf(selected, page, from), expiresAt: row.expiresAt };
  if (bytesOf(answer) <= maxBytes) return answer;
  const note =
    'Only a part of this page has room in this answer. For the rest of it repeat the call with "offset": nextOffset instead of "page".';
  const around = bytesOf({ ...answer, text: "", nextOffset: selected.length, note });
  const text = beginningOf(answer.text, maxBytes - around);
  return { ...answer, text, nextOffset: from + text.length, note };
}
