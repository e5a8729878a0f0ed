// Badges of a connection: its state and whose account it uses.
import type { StateOfConnection } from "#server/grants/state.ts";

import { Badge, type Tone } from "./ui/surface.tsx";

const states: Record<StateOfConnection["name"], { tone: Tone; label: string }> = {
  ready: { tone: "good", label: "Ready" },
  needs_connection: { tone: "warn", label: "Not connected" },
  reconnect_required: { tone: "bad", label: "Connect again" },
  unreachable: { tone: "bad", label: "Unreachable" },
  stale: { tone: "warn", label: "Not answering" },
};

export function StateBadge({ state }: { state: StateOfConnection }) {
  const { tone, label } = states[state.name];
  return (
    <Badge tone={tone}>
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {label}
    </Badge>
  );
}

export function ModeBadge({ mode }: { mode: "shared" | "per_member" }) {
  return <Badge>{mode === "shared" ? "One shared account" : "Each person connects their own"}</Badge>;
}

const auth = { oauth: "OAuth", api_key: "API key", none: "No sign-in" };

export function AuthBadge({ type }: { type: "oauth" | "api_key" | "none" }) {
  return <Badge>{auth[type]}</Badge>;
}

/** Who may use it, in words. */
export function accessWords(access: { organization: boolean; people: number } | undefined): string {
  if (!access || (!access.organization && access.people === 0)) return "Nobody yet";
  if (access.organization) return "Everyone";
  return access.people === 1 ? "1 person" : `${access.people} people`;
}
