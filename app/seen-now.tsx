// "Seen just now": while the page is open it asks again every few seconds, and says which agent came through the door since.
import { useNavigation, useRevalidator } from "@remix-run/react";
import { CircleCheck } from "lucide-react";
import { useEffect, useState } from "react";

import type { Seen } from "#app/components/last-seen.tsx";

const pollMs = 3_000;

interface Door {
  agents: readonly (Seen & { id: string; clientName: string })[];
  tokens: readonly (Seen & { id: string; name: string })[];
}

function sightings({ agents, tokens }: Door) {
  return [...agents.map((agent) => ({ ...agent, name: agent.clientName })), ...tokens].map(({ id, name, lastUsedAt, lastClient }) => ({
    id,
    name,
    lastClient,
    at: lastUsedAt?.getTime() ?? 0,
  }));
}

export function SeenNow(door: Door) {
  const all = sightings(door);
  const [before] = useState(() => new Map(all.map(({ id, at }) => [id, at])));
  const { state, revalidate } = useRevalidator();
  const navigation = useNavigation();
  useEffect(() => {
    // One question at a time, and none while nobody looks. Asked while a form is being answered, the page would lose what the form said.
    if (state !== "idle" || navigation.state !== "idle") return;
    const timer = setInterval(() => {
      if (!document.hidden) revalidate();
    }, pollMs);
    return () => clearInterval(timer);
  }, [state, navigation.state, revalidate]);
  const seen = all.filter(({ id, at }) => at > (before.get(id) ?? 0)).sort((a, b) => b.at - a.at);
  return (
    <div role="status" className="rounded-lg border border-line px-3.5 py-2.5">
      {seen.length === 0 && (
        <p className="flex items-center gap-2.5 text-muted">
          <span aria-hidden className="size-2 shrink-0 animate-pulse rounded-full bg-accent motion-reduce:animate-none" />
          Waiting for your agent. It shows up here with its first request.
        </p>
      )}
      {seen.map(({ id, name, lastClient }) => (
        <p key={id} className="flex items-start gap-2.5">
          <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />
          <span className="min-w-0 wrap-anywhere">
            <span className="font-medium">{name}</span> was seen just now{lastClient && <span className="text-muted"> ({lastClient})</span>}
            .
          </span>
        </p>
      ))}
    </div>
  );
}
