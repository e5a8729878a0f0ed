// Reading a kept result: page by page, or only the part that is wanted.
import { z } from "zod";

import { db } from "#server/db.ts";
import { badInput, DomainError } from "#server/errors.ts";
import { requireUsable } from "#server/grants/access.ts";
import { sealer } from "#server/secrets.ts";

import { opened } from "./opened.ts";
import { unpack } from "./packed.ts";
import { linesOf, pointedAt } from "./selection.ts";

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

const gone = () => new DomainError("EXPIRED", "There is no such result any more; they are kept for 15 minutes. Run the capability again.");

async function openWhole(id: string): Promise<string> {
  const row = await db.keptResult.findUnique({ where: { id }, select: { sealed: true } });
  if (!row) throw gone();
  // A key may leave SECRET_KEYS before the results that were sealed with it are over.
  if (!sealer.canOpen(row.sealed)) throw gone();
  return unpack(row.sealed, id).catch((error: unknown) => {
    // Kept by a version before, which did not pack, or packed otherwise.
    throw error instanceof Error && "code" in error && String(error.code).startsWith("Z_") ? gone() : error;
  });
}

/** What is selected of a result that the caller may read. */
async function selectionOf({ id, pointer, lines }: z.output<typeof readInput>): Promise<string> {
  const whole = () => opened(id, () => openWhole(id));
  // An id of ours has no blank.
  if (pointer !== undefined) return opened(`${id} ${pointer}`, async () => pointedAt(await whole(), pointer));
  return lines === undefined ? whole() : linesOf(await whole(), lines);
}

/** Where to begin, and on which page that is. Throws BAD_INPUT when it is behind the end. */
function placeIn(selected: string, { page: wanted, offset }: z.output<typeof readInput>) {
  const pages = pagesOf(selected);
  const page = offset === undefined ? (wanted ?? 1) : Math.floor(offset / pageLength) + 1;
  if (offset === undefined && page > pages) throw badInput("page", `The last page is ${pages}, of ${pageLength} characters each.`);
  if (offset !== undefined && offset > 0 && offset >= selected.length)
    throw badInput("offset", `There are ${selected.length} characters; the last page is ${pages}, of ${pageLength} each.`);
  return { page, pages, from: wholeCharacter(selected, offset ?? (page - 1) * pageLength) };
}

/**
 * A part of a kept result: a page, or as much of its beginning as has room in `maxBytes` of JSON; it says then where it goes on. Throws EXPIRED when
 * the result is gone (or was never this caller's), NOT_FOUND without access to the connection that gave it, BAD_INPUT for a selection that does not
 * fit it.
 */
export async function read(caller: { orgId: string; membershipId: string }, input: z.output<typeof readInput>, maxBytes = Infinity) {
  const { orgId, membershipId } = caller;
  const { id, page: wanted, offset, pointer, lines } = input;
  const row = await db.keptResult.findFirst({
    where: { id, orgId, membershipId, expiresAt: { gt: new Date() } },
    select: { connectionId: true, expiresAt: true },
  });
  if (!row) throw gone();
  if (row.connectionId !== null) await requireUsable(caller, row.connectionId);
  if (pointer !== undefined && lines !== undefined) throw badInput("lines", "Select by pointer or by lines, not by both.");
  if (wanted !== undefined && offset !== undefined) throw badInput("offset", "Begin at a page or at an offset, not at both.");
  const selected = await selectionOf(input);
  const { page, pages, from } = placeIn(selected, input);
  const answer = { id, page, pages, text: pageOf(selected, page, from), expiresAt: row.expiresAt };
  if (bytesOf(answer) <= maxBytes) return answer;
  const note =
    'Only a part of this page has room in this answer. For the rest of it repeat the call with "offset": nextOffset instead of "page".';
  const around = bytesOf({ ...answer, text: "", nextOffset: selected.length, note });
  const text = beginningOf(answer.text, maxBytes - around);
  return { ...answer, text, nextOffset: from + text.length, note };
}
