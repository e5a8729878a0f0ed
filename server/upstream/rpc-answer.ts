// What a server answers at the level of JSON-RPC: its messages, and the tool's result in one of them, looked at as far as we rely on it.
import type { CallToolResult } from "@modelcontextprotocol/client";
import { z } from "zod";

import { UpstreamCallError } from "./call-error.ts";
import type { OpenSession } from "./connect.ts";
import { isDeeper, maxDepth } from "./depth.ts";
import { givenUp } from "./redaction.ts";
import { boundedError, ofRpcError, type RpcError } from "./rpc-error.ts";

export interface RpcAnswer {
  id?: unknown;
  method?: unknown;
  params?: unknown;
  result?: unknown;
  error?: unknown;
}

/** What a request may have as its id; nothing else is sent back. */
export const isRequestId = (id: unknown) => typeof id === "string" || typeof id === "number";

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Messages that are read of one event. A list of them is a thing of 2025-03-26, which asked for no long ones. */
const maxMessages = 1_000;

export function messagesIn(parsed: unknown): RpcAnswer[] {
  return (Array.isArray(parsed) ? parsed : [parsed]).filter(isObject);
}

export function messagesInEvent(parsed: unknown): RpcAnswer[] {
  const messages = messagesIn(parsed);
  if (messages.length <= maxMessages) return messages;
  throw new UpstreamCallError("protocol_error", `The server sent more than ${maxMessages} messages in one event.`);
}

const questionsOutline = z.object({
  inputRequests: z.record(z.string(), z.object({ method: z.string(), params: z.record(z.string(), z.unknown()).optional() })).default({}),
  requestState: z.string().optional(),
});

function isResult(value: unknown): value is CallToolResult {
  return isObject(value);
}

/** Whether this is a content block as far as we look into it. Kinds that are not known pass. */
function isBlock(block: unknown): boolean {
  if (!isObject(block)) return false;
  if (block.type === "text") return typeof block.text === "string";
  return block.type !== "resource" || (isObject(block.resource) && ["string", "undefined"].includes(typeof block.resource.text));
}

export function rpcErrorOf({ error }: RpcAnswer): RpcError | null {
  if (!isObject(error)) return null;
  return boundedError({
    code: typeof error.code === "number" ? error.code : 0,
    message: typeof error.message === "string" ? error.message : "The server reported an error.",
    data: error.data,
  });
}

/** Throws UpstreamCallError for what cannot be written as JSON again. */
export function refuseDeep(result: unknown): void {
  if (isDeeper(result, maxDepth))
    throw new UpstreamCallError("protocol_error", `The server's answer is nested more than ${maxDepth} levels deep.`);
}

/** The result in an answer, or the error it carries, thrown. */
export function resultOf(answer: RpcAnswer, { transport }: OpenSession): CallToolResult {
  const error = rpcErrorOf(answer);
  if (error) throw ofRpcError(error);
  const { result } = answer;
  if (!isResult(result)) throw new UpstreamCallError("protocol_error", "The server's answer holds neither a result nor an error.");
  refuseDeep(result);
  if (Array.isArray(result.content) && !result.content.every(isBlock))
    throw new UpstreamCallError("protocol_error", "The server's answer holds a content block that is none.");
  // `resultType` belongs to the envelope of 2026-07-28, not to the tool's result.
  const { resultType = "complete", ...untouched } = result;
  // A server of the generation before cannot ask by it, whatever it says; passed on it would be a question of ours.
  if (resultType === "complete" || transport !== "modern") return untouched;
  const asked = questionsOutline.safeParse(resultType === "input_required" ? untouched : null);
  if (!asked.success)
    throw new UpstreamCallError("protocol_error", "The server's answer is of a kind that is not known, or asks something unreadable.");
  throw new UpstreamCallError("input_required", "The server asks for more input first.", { questions: asked.data });
}

/** What the server said, without the credential it was sent. */
export function readable(session: OpenSession, text: string): string {
  const clean = session.redacted(text);
  if (clean === givenUp && text !== givenUp)
    throw new UpstreamCallError("protocol_error", "It hides the stored credential in its answer, so that was given up. The call was made.");
  return clean;
}
