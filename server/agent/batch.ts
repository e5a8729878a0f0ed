// execute_capability with `calls`: several capabilities in one request, each checked, recorded and answered as if it had come alone.
import type { CallToolResult } from "@modelcontextprotocol/server";

import { log } from "#server/log.ts";

import type { CallContext } from "./call-context.ts";
import { isEmpty, parseBatch } from "./execute-input.ts";
import { contentOf, maxInlineBytes, type Room, textsOf } from "./fit-result.ts";
import { errorResult, tokenOver } from "./tool-error.ts";

const atOnce = 8;
/** Bytes that the results of one batch may have together, images and other binaries included. */
const maxBatchBytes = 16_777_216;

/** Bytes that are left for each answer that is still to come, however long those before it are. */
const leastBytes = 4_096;

/**
 * The room that the answers of `count` calls share, as they come: one that leaves enough for those still to come has all that it wants, another an
 * equal part of what is left. Errors are short and ask for none.
 */
function sharedRoom(count: number): Room {
  let left = maxInlineBytes;
  let open = count;
  return (wanted) => {
    const part = Math.floor(left / open);
    open -= 1;
    const granted = wanted <= left - open * leastBytes ? wanted : part;
    left -= granted;
    return granted;
  };
}

type RunOne = (given: unknown, context: CallContext) => Promise<CallToolResult>;

/** One line of JSON that says whose the following content blocks are; the answers of two calls can look alike. */
function headed(index: number, given: unknown, result: CallToolResult) {
  const { structuredContent, isError, _meta } = result;
  const name = typeof given === "object" && given !== null && "name" in given ? given.name : null;
  // Most tools repeat their object as text, as the protocol asks: here the head has it already.
  const repeated = structuredContent === undefined ? undefined : JSON.stringify(structuredContent);
  const blocks = contentOf(result).filter((block) => block.type !== "text" || block.text !== repeated);
  const head = {
    call: index,
    name,
    isError: isError ?? false,
    blocks: blocks.length,
    ...(structuredContent === undefined ? {} : { structuredContent }),
    ...(_meta ? { _meta } : {}),
  };
  return [{ type: "text" as const, text: JSON.stringify(head) }, ...blocks];
}

/** Why the next call may not begin; null when it may. A batch can run for minutes, and its token may be revoked or end meanwhile. */
async function refusal({ stillGood, actor: { requestId } }: CallContext): Promise<CallToolResult | null> {
  try {
    if (!stillGood || (await stillGood())) return null;
    return errorResult(tokenOver().body, requestId);
  } catch (error) {
    log.warn({ err: error, requestId }, "a token was not checked again in the middle of a batch");
    const message = "Gatehouse could not check the token again. Nothing was sent for this call; try again in a moment.";
    return errorResult({ error: "provider_error", message, retryable: true }, requestId);
  }
}

/** A result without room: its texts, which are bounded by themselves, and an error in place of the rest. */
function withoutBinaries(result: CallToolResult, requestId: string): CallToolResult {
  const message =
    "The call was made, but with its images or other binaries the answer of this batch would be larger than 16 MiB. Its texts follow. If it only reads, make it again alone.";
  const { structuredContent } = errorResult({ error: "result_too_large", message, retryable: false }, requestId);
  return { isError: true, structuredContent, content: textsOf(result).map((text) => ({ type: "text", text })) };
}

/**
 * Runs `calls` (up to 20, at most 8 at a time) with `runOne`, which answers an error as a result. The answers come in the order asked for, whatever
 * order the calls ended in. Throws invalid_capability_arguments for a batch that is none.
 */
export async function executeBatch(given: object, context: CallContext, runOne: RunOne): Promise<CallToolResult> {
  const calls = parseBatch(given);
  const results: CallToolResult[] = [];
  // One iterator for all lanes: whichever is free takes the next call.
  const queue = calls.entries();
  // Progress of one call among several cannot be told apart by the agent, so none is reported; nor can questions.
  const { onProgress, relay, onMissingScope, ...shared } = context;
  const missing: string[] = [];
  const { requestId } = context.actor;
  let bytes = 0;
  const alone = {
    ...shared,
    room: sharedRoom(calls.length),
    onMissingScope: (scope: string) => void missing.push(scope),
  };
  const lane = async () => {
    for (const [index, call] of queue) {
      // Nobody waits for the rest any more.
      if (context.signal.aborted) return;
      const result = (await refusal(context)) ?? (await runOne(call, alone));
      const size = Buffer.byteLength(JSON.stringify(result));
      const fits = bytes + size <= maxBatchBytes;
      if (fits) bytes += size;
      results[index] = fits ? result : withoutBinaries(result, requestId);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, calls.length) }, lane));
  // The challenge has the whole repeated: only where no call of it ran.
  if (missing.length === calls.length) for (const scope of missing) onMissingScope?.(scope);
  return {
    content: results.flatMap((result, index) => headed(index, calls[index], result)),
    ...(results.every(({ isError }) => isError) ? { isError: true } : {}),
  };
}

/** Whether these are several calls. `calls` that are left empty beside a name are none: some agents fill in every field there is. */
export function isBatch(given: unknown): given is object {
  if (typeof given !== "object" || given === null || !("calls" in given)) return false;
  return !isEmpty(given.calls) || !("name" in given) || isEmpty(given.name);
}
