// The endpoint keeps no sessions, but an agent of 2025-11-25 says what it can do in `initialize` alone, and a request id of its own means something only
// beside it. So the session id carries the one and tells agents apart for the other: nothing is stored, nothing is granted by it, and every replica
// understands it.
import { randomUUID } from "node:crypto";

import { z } from "zod";

const form = /^(url|plain)-[0-9a-f-]{36}$/;
const initialize = z.object({ method: z.literal("initialize"), params: z.object({ capabilities: z.object({}) }) });
const opensUrls = z.object({ params: z.object({ capabilities: z.object({ elicitation: z.object({ url: z.object({}) }) }) }) });

/** The session id for the answer to this message, when it is an `initialize`; else null. */
export function sessionIdFor(body: unknown): string | null {
  if (!initialize.safeParse(body).success) return null;
  return `${opensUrls.safeParse(body).success ? "url" : "plain"}-${randomUUID()}`;
}

/** Whether it is one that this endpoint gave. */
export function isSessionId(sessionId: string | null): sessionId is string {
  return sessionId !== null && form.test(sessionId);
}

/** Whether this session id says that the agent can send its person to a URL. An empty `elicitation` means forms alone. */
export function saysUrlElicitation(sessionId: string | null): boolean {
  return isSessionId(sessionId) && sessionId.startsWith("url-");
}
