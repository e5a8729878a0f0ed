// Known servers as tiles, with a search, and the way to any other server.
import { Plus, Search } from "lucide-react";
import { useState } from "react";

import type { Preset } from "#server/connections/presets.ts";

import { ConnectionMark } from "./connection-mark.tsx";
import { AuthBadge } from "./connection-badges.tsx";
import { Badge } from "./ui/surface.tsx";

interface PresetGridProps {
  presets: readonly Preset[];
  onChoose: (preset: Preset) => void;
  onCustom: () => void;
}

const tile = "flex w-full items-start gap-3 rounded-xl border border-line bg-surface p-4 text-left hover:border-accent hover:bg-accent-wash/40";

export function PresetGrid({ presets, onChoose, onCustom }: PresetGridProps) {
  const [query, setQuery] = useState("");
  const wanted = query.trim().toLowerCase();
  const found = presets.filter(({ name, description, url }) => `${name} ${description} ${url}`.toLowerCase().includes(wanted));
  return (
    <div className="grid gap-4">
      <div className="relative max-w-sm">
        <Search aria-hidden className="absolute top-3 left-3 size-4 text-faint" />
        <input
          type="search"
          aria-label="Search servers"
          placeholder="Search servers"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          className="w-full rounded-lg border border-line bg-surface py-2 pr-3 pl-9 placeholder:text-faint"
        />
      </div>
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        <li>
          <button type="button" onClick={onCustom} className={`${tile} h-full border-dashed`}>
            <span aria-hidden className="grid size-9 shrink-0 place-items-center rounded-lg bg-accent-wash text-accent">
              <Plus className="size-5" />
            </span>
            <span>
              <span className="block font-semibold">Custom server</span>
              <span className="block text-sm text-soft">Any MCP server, by its URL</span>
            </span>
          </button>
        </li>
        {found.map((preset) => (
          <li key={preset.id}>
            <button type="button" onClick={() => onChoose(preset)} className={`${tile} h-full`}>
              <ConnectionMark name={preset.name} />
              <span className="min-w-0">
                <span className="block font-semibold">{preset.name}</span>
                <span className="block text-sm text-soft">{preset.description}</span>
                <span className="mt-2 flex flex-wrap gap-1.5">
                  <AuthBadge type={preset.authType} />
                  {preset.needsOwnClient && <Badge tone="warn">Needs your own app</Badge>}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className="text-sm text-soft" role="status">
        {found.length === 0 ? `No known server matches "${query}". Use Custom server with its URL.` : ""}
      </p>
    </div>
  );
}
