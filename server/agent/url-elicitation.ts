// "Connect" inside the client: where an agent can send its person to a URL, needs_connection asks it to, and the same call goes on afterwards.
// 2026-07-28 asks with an `input_required` result; 2025-11-25 with the error -32042. Agents that can do neither are told in words.
import { randomUUID } from "node:crypto";

import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  UrlElicitationRequiredError,
} from "@modelcontextprotocol/server";
import { z } from "zod";

import { isOurs } from "./tool-error.ts";

const waiting = z.object({
  error: z.literal("needs_connection"),
  message: z.string(),
  connection: z.object({ name: z.string(), action: z.object({ url: z.string() }) }),
});

const capable = z.object({ elicitation: z.object({ url: z.object({}) }) });
const capableEnvelope = z.object({ [CLIENT_CAPABILITIES_META_KEY]: capable });

/** Whether the envelope of a 2026-07-28 request declares URL elicitation. An empty `elicitation` means forms alone. */
export function declaresUrlElicitation(envelope: unknown): boolean {
  return capableEnvelope.safeParse(envelope).success;
}

/** What to ask the person, when this result says that their own account is missing. */
function question(result: CallToolResult): { url: string; message: string } | null {
  const parsed = isOurs(result) ? waiting.safeParse(result.structuredContent) : null;
  if (!parsed?.success) return null;
  const { name, action } = parsed.data.connection;
  return { url: action.url, message: `Connect your account at ${name}, then the call goes on.` };
}

/** The result as 2026-07-28 asks for input, or the result as it was. */
export function asInputRequired(result: CallToolResult) {
  const asked = question(result);
  return asked ? inputRequired({ inputRequests: { connect: inputRequired.elicitUrl(asked) } }) : result;
}

/** Throws UrlElicitationRequiredError (2025-11-25, elicitation, section "URL Elicitation Required Error") when this result waits for an account. */
export function demandUrlElicitation(result: CallToolResult): CallToolResult {
  const asked = question(result);
  if (asked) throw new UrlElicitationRequiredError([{ mode: "url", elicitationId: randomUUID(), ...asked }]);
  return result;
}
