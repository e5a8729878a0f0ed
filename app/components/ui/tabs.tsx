// Tabs after the WAI-ARIA pattern. Radix renders style attributes into its tabs on the server, which our content security policy refuses.
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";

import { cx } from "./cx.ts";

export interface Tab {
  id: string;
  name: string;
  content: ReactNode;
}

const steps: Partial<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

export function Tabs({ label, tabs }: { label: string; tabs: readonly [Tab, ...Tab[]] }) {
  const [active, setActive] = useState(tabs[0].id);
  const base = useId();
  const move = (event: KeyboardEvent<HTMLButtonElement>, place: number) => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const last = tabs.length - 1;
    const wanted = Number.isFinite(step) ? (place + step + tabs.length) % tabs.length : step < 0 ? 0 : last;
    const next = tabs[wanted];
    if (!next) return;
    setActive(next.id);
    document.getElementById(`${base}-tab-${next.id}`)?.focus();
  };
  return (
    <div>
      <div role="tablist" aria-label={label} className="-mx-1 mb-4 flex gap-1 overflow-x-auto p-1 sm:flex-wrap">
        {tabs.map(({ id, name }, place) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${base}-tab-${id}`}
            aria-selected={id === active}
            aria-controls={`${base}-panel-${id}`}
            tabIndex={id === active ? 0 : -1}
            onClick={() => setActive(id)}
            onKeyDown={(event) => move(event, place)}
            className={cx(
              "h-8 shrink-0 rounded-lg px-3 font-medium transition-colors",
              id === active ? "bg-accent-soft text-accent-ink" : "text-muted hover:bg-hover hover:text-ink",
            )}
          >
            {name}
          </button>
        ))}
      </div>
      {tabs.map(({ id, content }) => (
        <div key={id} role="tabpanel" id={`${base}-panel-${id}`} aria-labelledby={`${base}-tab-${id}`} hidden={id !== active}>
          {content}
        </div>
      ))}
    </div>
  );
}
