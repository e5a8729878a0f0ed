// A failed connect leaves a log line with its cause under the reference id that the person is shown.
import type { Actor } from "#server/auth/actor.ts";
import { DomainError } from "#server/errors.ts";
import { log } from "#server/log.ts";

function causes(error: unknown): string[] {
  const words: string[] = [];
  for (let current = error; current instanceof Error && words.length < 5; current = current.cause)
    words.push(`${current.name}: ${current.message.slice(0, 300)}`);
  return words;
}

/** Runs `task`; an upstream failure is logged with its phase and causes, and thrown on. */
export async function logged<Value>(actor: Actor, verb: string, task: () => Promise<Value>): Promise<Value> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof DomainError && error.details.failure) {
      log.warn(
        { requestId: actor.requestId, orgId: actor.orgId, verb, phase: error.details.failure.phase, causes: causes(error) },
        "connecting failed",
      );
    }
    throw error;
  }
}
