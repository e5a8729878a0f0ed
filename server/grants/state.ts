// What state a connection is in for one credential identity: made from what actually happened, never from what was hoped.
import type { CredentialMode, CredentialStatus } from "#server/db.ts";

/** The holder of a shared credential; a per-member one is held by the membership's id. */
export const sharedHolder = "shared";

/**
 * `ready`: usable. `disabled`: an admin switched it off. `needs_connection`: nobody signed in or entered a key yet. `reconnect_required`: the provider refused the credential.
 * `unreachable`: the newest contact failed and nothing is stored. `stale`: it failed, but the last tool list is still there to search and try.
 */
export type ConnectionStateName = "ready" | "disabled" | "needs_connection" | "reconnect_required" | "unreachable" | "stale";

export interface StateOfConnection {
  name: ConnectionStateName;
  /** One sentence for a person or an agent. */
  message: string;
  /** Who can mend it; null when there is nothing to mend. */
  actor: "member" | "organization_admin" | "provider" | null;
}

interface Facts {
  disabledAt: Date | null;
  disabledBy: string | null;
  credentialMode: CredentialMode;
  credential: { status: CredentialStatus } | null;
  catalog: { listedAt: Date | null; lastSuccessAt: Date | null; lastFailureAt: Date | null } | null;
}

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** How long ago that was, in the largest unit that fits: "3 hours". */
function ageInWords(at: Date): string {
  const age = Date.now() - at.getTime();
  const [unit, ms] = units.find(([, ms]) => age >= ms) ?? ["moment", 0];
  const count = Math.floor(age / ms);
  if (unit === "moment") return "a moment";
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** The state that follows from the stored facts. */
export function connectionState({ disabledAt, disabledBy, credentialMode, credential, catalog }: Facts): StateOfConnection {
  if (disabledAt) {
    const message = `${disabledBy ?? "An admin"} switched it off on ${disabledAt.toISOString().slice(0, 10)}.`;
    return { name: "disabled", message, actor: "organization_admin" };
  }
  const owner = credentialMode === "shared" ? "organization_admin" : "member";
  if (!credential) {
    const message = owner === "member" ? "Connect your own account to use it." : "An admin has to connect the shared account first.";
    return { name: "needs_connection", message, actor: owner };
  }
  if (credential.status === "rejected") {
    const who = owner === "member" ? "Connect your account again." : "An admin has to connect the shared account again.";
    return { name: "reconnect_required", message: `The provider no longer accepts the stored credential. ${who}`, actor: owner };
  }
  const failing = catalog?.lastFailureAt && (!catalog.lastSuccessAt || catalog.lastFailureAt > catalog.lastSuccessAt);
  if (failing && catalog.listedAt) {
    const message = `The server did not answer last time; these are its tools as of ${ageInWords(catalog.listedAt)} ago.`;
    return { name: "stale", message, actor: "provider" };
  }
  if (failing) return { name: "unreachable", message: "The server did not answer last time it was asked.", actor: "provider" };
  return { name: "ready", message: "Ready to use.", actor: null };
}
