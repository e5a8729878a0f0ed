// Keeps a result within what an agent can take. Up to 256 KB it stays as it is; beyond that the whole is kept aside for 15 minutes, and the agent gets
// its beginning and the way to the rest. Images, audio and other binaries are neither counted nor touched: a part of one is worth nothing.
import { isDeepStrictEqual } from "node:util";

import type { CallToolResult } from "@modelcontextprotocol/server";

import { log } from "#server/log.ts";
import { keep, maxKeptLength } from "#server/results/keep.ts";
import { pageOf, pagesOf } from "#server/results/read.ts";
import { linesIn } from "#server/results/selection.ts";
import { joinWhole } from "#server/results/whole.ts";

/** What an agent gets inline, in bytes of text, and of the JSON of what is no text. */
export const maxInlineBytes = 256 * 1024;

/** How many bytes an answer of so many may have; asked once for each answer. */
export type Room = (wanted: number) => number;
/** An answer that is alone has all of it. */
export const wholeRoom: Room = () => maxInlineBytes;

interface Owner {
  orgId: string;
  membershipId: string;
  requestId: string;
}

/** The content blocks; a server may have left them out, whatever the protocol says. */
export function contentOf({ content }: CallToolResult): CallToolResult["content"] {
  return Array.isArray(content) ? content : [];
}

type Block = CallToolResult["content"][number];

/** The text of a block that has one; null for everything else. */
function textOf(block: Block): string | null {
  if (block.type === "text") return block.text;
  return block.type === "resource" && "text" in block.resource ? block.resource.text : null;
}

function isBinary(block: Block): boolean {
  if (block.type === "image" || block.type === "audio") return true;
  return block.type === "resource" && "blob" in block.resource && !("text" in block.resource);
}

/** What a block says beside its text, as JSON; null for a text and nothing else. */
function besideText(block: Block): string | null {
  if (block.type === "text") {
    // Nearly every block there is: only its kind and its text.
    if (Object.keys(block).length === 2) return null;
    const { text, ...rest } = block;
    return JSON.stringify(rest);
  }
  if (block.type !== "resource" || !("text" in block.resource)) return JSON.stringify(block);
  const { text, ...rest } = block.resource;
  return JSON.stringify({ ...block, resource: rest });
}

/** What a result has beside its content (`_meta`, and whatever no protocol knows of), and its JSON; null for nothing. */
function membersOf(result: CallToolResult) {
  const { content, structuredContent, isError, ...members } = result;
  return { members, line: Object.keys(members).length === 0 ? null : JSON.stringify(members) };
}

const sizeOf = (text: string | null | undefined) => Buffer.byteLength(text ?? "");

/** Bytes of a result without its binaries; `json` is its structured content. */
function bytesOf(result: CallToolResult, json: string | undefined): number {
  const blocks = contentOf(result).filter((block) => !isBinary(block));
  const content = blocks.reduce((sum, block) => sum + sizeOf(textOf(block)) + sizeOf(besideText(block)), 0);
  return content + sizeOf(json) + sizeOf(membersOf(result).line);
}

/** The texts of a result, without whatever else it holds. */
export function textsOf(result: CallToolResult): string[] {
  return contentOf(result).flatMap((block) => textOf(block) ?? []);
}

/** Whether a text is nothing but an object's JSON, however it is laid out: the protocol asks servers to repeat their structured content so. */
function repeats(text: string, object: unknown): boolean {
  // Two numbers this long are equal once they are parsed, and not as they were written.
  if (/\d{16}/.test(text)) return false;
  try {
    return isDeepStrictEqual(JSON.parse(text), object);
  } catch {
    return false;
  }
}

/** Says of each text of a result, by its place among them, whether the structured content says the same. */
function repetitions(result: CallToolResult): (text: string, index: number) => boolean {
  const { structuredContent } = result;
  if (structuredContent === undefined) return () => false;
  const count = textsOf(result).length;
  // What is no object by itself is wrapped by the SDK for Python: { "result": ... }, a list with a text for each of its items.
  const isObject = typeof structuredContent === "object" && structuredContent !== null;
  const wrapped = isObject && "result" in structuredContent ? structuredContent.result : undefined;
  const items = Array.isArray(wrapped) && wrapped.length === count ? wrapped : [];
  return (text, index) =>
    text === "" ||
    [structuredContent, wrapped, items[index]].some((value) => value !== undefined && (text === value || repeats(text, value)));
}

/** What the whole has of the content: each text that the structured content does not repeat, and as a line of JSON what is no text. */
function piecesOf(result: CallToolResult, isInline: (block: Block) => boolean): string[] {
  const isSaid = repetitions(result);
  let texts = 0;
  return contentOf(result).flatMap((block) => {
    if (isInline(block)) return [];
    const text = textOf(block);
    const isOwn = text !== null && !isSaid(text, texts);
    if (text !== null) texts += 1;
    return [besideText(block), isOwn ? text : null].filter((piece) => piece !== null);
  });
}

const cutTo = (text: string, bytes: number) =>
  Buffer.from(text)
    .subarray(0, bytes)
    .toString("utf8")
    .replace(/\uFFFD+$/u, "");

/** What of a result stays inline though the rest is cut: its binaries, and what is no text where there is little of it. */
function inlineOf(result: CallToolResult, limit: number) {
  const { members, line } = membersOf(result);
  const others = contentOf(result).filter((block) => textOf(block) === null && !isBinary(block));
  const bytes = sizeOf(line) + sizeOf(JSON.stringify(others));
  const isLittle = bytes <= limit / 8;
  return {
    bytes: isLittle ? bytes : 0,
    members: isLittle ? members : {},
    isInline: (block: Block) => isBinary(block) || (isLittle && textOf(block) === null),
    /** The members as a line of the whole, where they are not inline. */
    lines: isLittle || line === null ? [] : [line],
  };
}

interface Kept {
  /** Null where it could not be kept. */
  id: string | null;
  whole: string;
  /** What of its beginning the answer shows, and how long its first page is. */
  shown: string;
  pageLength: number;
  /** Whether its last line is structured content behind something else. */
  endsInJson: boolean;
}

function statementOf({ id, whole, shown, pageLength, endsInJson }: Kept): string {
  const pages = pagesOf(whole.slice(0, maxKeptLength));
  return [
    `Cut by Gatehouse: the whole result is ${Math.ceil(Buffer.byteLength(whole) / 1024)} KB, ${linesIn(whole)} lines; this is its beginning.`,
    ...(id === null
      ? []
      : [
          `It is kept for 15 minutes, in ${pages} pages${whole.length > maxKeptLength ? " (only its first 8 million characters)" : ""}. Read on with execute_capability:`,
          `name "gatehouse:results.read", arguments { "id": "${id}" } and "page" (a number), "pointer" (JSON Pointer) or "lines" ("100-200").`,
          // In a batch there is less room than a page takes: who went on with page 2 would miss the rest of page 1.
          ...(shown.length < pageLength ? [`The rest of page 1 is "offset": ${shown.length}.`] : []),
          ...(endsInJson
            ? ["Its last line is the structured content as JSON, and a pointer selects from that; the lines before it are its content."]
            : []),
        ]),
    "Better still, ask the tool for less: a narrower query, fewer fields, a smaller page.",
  ].join(" ");
}

/** The result as it may go to its agent, within its room. `connectionId` is whose result it is; null: our own. */
export async function fitResult(
  result: CallToolResult,
  { owner, connectionId, room }: { owner: Owner; connectionId: string | null; room: Room },
): Promise<CallToolResult> {
  const { structuredContent } = result;
  const json = structuredContent === undefined ? undefined : JSON.stringify(structuredContent);
  const bytes = bytesOf(result, json);
  const limit = room(bytes);
  if (bytes <= limit) return result;
  const inline = inlineOf(result, limit);
  const pieces = [...piecesOf(result, inline.isInline), ...inline.lines];
  const whole = joinWhole(pieces, json, maxKeptLength);
  // The call was made: that its result cannot be kept must not look as if it had failed.
  const id = await keep(owner, connectionId, whole).catch((error: unknown) => {
    log.warn({ err: error, requestId: owner.requestId }, "a large result was not kept");
    return null;
  });
  const beginning = pageOf(whole, 1);
  // Beside what is told of it, which is longer the more there is to say.
  const shown = cutTo(beginning, Math.max(1_024, limit - 1_024 - inline.bytes));
  const endsInJson = json !== undefined && pieces.length > 0;
  return {
    ...(result.isError ? { isError: true } : {}),
    ...inline.members,
    content: [
      { type: "text", text: statementOf({ id, whole, shown, pageLength: beginning.length, endsInJson }) },
      { type: "text", text: shown },
      ...contentOf(result).filter(inline.isInline),
    ],
  };
}
