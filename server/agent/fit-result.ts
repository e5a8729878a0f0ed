// Keeps a result within what an agent can take. Up to 256 KB of text it stays as it is; beyond that the whole is kept aside for 15 minutes, and the
// agent gets its beginning and the way to the rest. Images, audio and other binaries are never touched: a part of one is worth nothing.
import { isDeepStrictEqual } from "node:util";

import type { CallToolResult } from "@modelcontextprotocol/server";

import { log } from "#server/log.ts";
import { keep, maxKeptLength } from "#server/results/keep.ts";
import { pageOf, pagesOf } from "#server/results/read.ts";
import { joinWhole } from "#server/results/whole.ts";

/** What an agent gets inline, in bytes of text. */
export const maxInlineBytes = 256 * 1024;

interface Owner {
  orgId: string;
  membershipId: string;
  requestId: string;
}

/** The content blocks; a server may have left them out, whatever the protocol says. */
export function contentOf({ content }: CallToolResult): CallToolResult["content"] {
  return Array.isArray(content) ? content : [];
}

/** The text of a block that is nothing but text; null for everything else. */
function textOf(block: CallToolResult["content"][number]): string | null {
  if (block.type === "text") return block.text;
  return block.type === "resource" && "text" in block.resource ? block.resource.text : null;
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

/** The texts that say more than the structured content does. */
function ownTexts(result: CallToolResult): string[] {
  const texts = textsOf(result);
  const { structuredContent } = result;
  if (structuredContent === undefined) return texts;
  // What is no object by itself is wrapped by the SDK for Python: { "result": ... }, a list with a text for each of its items.
  const isObject = typeof structuredContent === "object" && structuredContent !== null;
  const wrapped = isObject && "result" in structuredContent ? structuredContent.result : undefined;
  const items = Array.isArray(wrapped) && wrapped.length === texts.length ? wrapped : [];
  const isSaid = (text: string, index: number) =>
    [structuredContent, wrapped, items[index]].some((value) => value !== undefined && (text === value || repeats(text, value)));
  return texts.filter((text, index) => text !== "" && !isSaid(text, index));
}

const cutTo = (text: string, bytes: number) =>
  Buffer.from(text)
    .subarray(0, bytes)
    .toString("utf8")
    .replace(/\uFFFD+$/u, "");

/** The result as it may go to its agent: at most `limit` bytes of text. `connectionId` is whose result it is; null: our own. */
export async function fitResult(
  result: CallToolResult,
  { owner, connectionId, limit }: { owner: Owner; connectionId: string | null; limit: number },
): Promise<CallToolResult> {
  const texts = contentOf(result).reduce((sum, block) => sum + Buffer.byteLength(textOf(block) ?? ""), 0);
  const { structuredContent } = result;
  const json = structuredContent === undefined ? undefined : JSON.stringify(structuredContent);
  if (texts + Buffer.byteLength(json ?? "") <= limit) return result;
  const own = ownTexts(result);
  const whole = joinWhole(own, json, maxKeptLength);
  // The call was made: that its result cannot be kept must not look as if it had failed.
  const id = await keep(owner, connectionId, whole).catch((error: unknown) => {
    log.warn({ err: error, requestId: owner.requestId }, "a large result was not kept");
    return null;
  });
  const pages = pagesOf(whole.slice(0, maxKeptLength));
  const beginning = pageOf(whole, 1);
  // Beside what is told of it, which is longer the more there is to say.
  const shown = cutTo(beginning, Math.max(1_024, limit - 1_024));
  const statement = [
    `Cut by Gatehouse: the whole result is ${Math.ceil(Buffer.byteLength(whole) / 1024)} KB, ${whole.split("\n").length} lines; this is its beginning.`,
    ...(id === null
      ? []
      : [
          `It is kept for 15 minutes, in ${pages} pages${whole.length > maxKeptLength ? " (only its first 8 million characters)" : ""}. Read on with execute_capability:`,
          `name "gatehouse:results.read", arguments { "id": "${id}" } and "page" (a number), "pointer" (JSON Pointer) or "lines" ("100-200").`,
          // In a batch there is less room than a page takes: who went on with page 2 would miss the rest of page 1.
          ...(shown.length < beginning.length ? [`The rest of page 1 is "offset": ${shown.length}.`] : []),
          ...(json === undefined || own.length === 0
            ? []
            : ["Its last line is the structured content as JSON, and a pointer selects from that; the lines before it are the texts."]),
        ]),
    "Better still, ask the tool for less: a narrower query, fewer fields, a smaller page.",
  ].join(" ");
  return {
    ...(result.isError ? { isError: true } : {}),
    ...(result._meta ? { _meta: result._meta } : {}),
    content: [
      { type: "text", text: statement },
      { type: "text", text: shown },
      ...contentOf(result).filter((block) => textOf(block) === null),
    ],
  };
}
