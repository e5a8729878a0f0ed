// Badges of a connection: its state and whose account it uses.
import { User, Users } from "lucide-react";

import type { AccessSummary, ConnectionSummary } from "#server/connections/view.ts";
import type { StateOfConnection } from "#server/grants/state.ts";

import { Badge, type Tone } from "./ui/badge.tsx";

const states: Record<StateOfConnection["name"], { tone: Tone; label: string }> = {
  ready: { tone: "good", label: "Ready" },
  disabled: { tone: "neutral", label: "Switched off" },
  needs_connection: { tone: "warn", label: "Not connected" },
  reconnect_required: { tone: "bad", label: "Connect again" },
  unreachable: { tone: "bad", label: "Unreachable" },
  stale: { tone: "warn", label: "Not answering" },
};

interface StateBadgeProps extends Pick<ConnectionSummary, "state" | "pause"> {
  /** The pause may be that of one account among several. */
  ofSome?: boolean;
}

/** A connection whose calls do not go out is not ready, whatever its tool list says. */
export function StateBadge({ state, pause, ofSome = false }: StateBadgeProps) {
  const pausing = pause !== null && (state.name === "ready" || state.name === "stale");
  const { tone, label } = pausing ? ({ tone: "warn", label: ofSome ? "Some calls pause" : "Calls pause" } as const) : states[state.name];
  return (
    <Badge tone={tone} dot>
      {label}
    </Badge>
  );
}

const modes = {
  shared: { label: "One shared account", Icon: Users },
  per_member: { label: "Each person connects their own", Icon: User },
} as const;

export function ModeBadge({ mode }: { mode: "shared" | "per_member" }) {
  const { label, Icon } = modes[mode];
  return (
    <Badge>
      <Icon aria-hidden className="size-3" />
      {label}
    </Badge>
  );
}

export const authWords = { oauth: "Sign-in (OAuth)", api_key: "API key", none: "No sign-in" } as const;

/** Who may use it, in words. */
export function accessWords(access: AccessSummary | undefined): string {
  if (access === undefined || (access.people === 0 && !access.organization)) return "Nobody can use it yet";
  const people = access.people === 1 ? "1 person" : `${access.people} people`;
  return access.organization ? `Everyone can use it (${people})` : `${people} can use it`;
}

export const countTools = (count: number) => (count === 1 ? "1 tool" : `${count} tools`);
