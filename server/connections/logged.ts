// A failed connect leaves a log line with its cause under the reference id that the person is shown.
import type { Actor } from "#server/auth/actor.ts";
import { DomainError } from "#server/errors.ts";
import { log } from "#server/log.ts";
import { loggableCauses } from "#server/outbound/loggable.ts";

/** Runs `task`; an upstream failure is logged with its phase and the names and codes of its causes, and thrown on. */
export async function logged<Value>(actor: Actor, verb: string, task: () => Promise<Value>): Promise<Value> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof DomainError && error.details.failure) {
      log.warn(
        { requestId: actor.requestId, orgId: actor.orgId, verb, phase: error.details.failure.phase, causes: loggableCauses(error) },
        "connecting failed",
      );
    }
    throw error;
  }
}
