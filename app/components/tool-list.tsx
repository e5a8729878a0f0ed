// The stored tools of a connection. Names and descriptions are a stranger's text: shown as text, cut where they are long.
import { useState } from "react";

import type { ToolView } from "#server/connections/view.ts";
import type { StateOfConnection } from "#server/grants/state.ts";

import { Badge } from "./ui/surface.tsx";

/** Tools that came with the first list are not news. */
const firstListMs = 60_000;
const recentMs = 14 * 86_400_000;

function newsOf({ firstSeenAt, changedAt }: ToolView, since: Date): "New" | "Changed" | null {
  const recent = (at: Date) => Date.now() - at.getTime() < recentMs;
  if (changedAt && recent(changedAt)) return "Changed";
  return firstSeenAt.getTime() - since.getTime() > firstListMs && recent(firstSeenAt) ? "New" : null;
}

export function ToolList({ tools, state, since }: { tools: ToolView[]; state: StateOfConnection; since: Date }) {
  const [query, setQuery] = useState("");
  if (tools.length === 0) {
    return <p className="text-soft">{state.name === "ready" ? "The server offers no tools." : "The tools appear here once it is connected."}</p>;
  }
  const found = tools.filter(({ name, title, description }) => `${name} ${title ?? ""} ${description}`.toLowerCase().includes(query.trim().toLowerCase()));
  return (
    <div className="grid gap-3">
      {tools.length > 8 && (
        <input
          type="search"
          aria-label="Filter tools"
          placeholder={`Filter ${tools.length} tools`}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          className="w-full max-w-sm rounded-lg border border-line bg-surface px-3 py-2 placeholder:text-faint"
        />
      )}
      <ul className="max-h-[28rem] divide-y divide-line overflow-y-auto rounded-lg border border-line" tabIndex={0} aria-label="Tools">
        {found.map((tool) => {
          const news = newsOf(tool, since);
          return (
            <li key={tool.name} className="px-4 py-2.5">
              <p className="flex flex-wrap items-center gap-2">
                <code className="font-mono text-[13px] font-semibold break-all">{tool.name}</code>
                {tool.title && tool.title !== tool.name && <span className="text-sm text-soft">{tool.title}</span>}
                {news && <Badge tone="accent">{news}</Badge>}
              </p>
              {tool.description && <p className="mt-0.5 line-clamp-2 text-sm break-words text-soft">{tool.description}</p>}
            </li>
          );
        })}
        {found.length === 0 && <li className="px-4 py-3 text-soft">No tool matches.</li>}
      </ul>
    </div>
  );
}
