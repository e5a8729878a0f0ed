// Known servers as tiles, with a search field; the last tile is for any other server.
import { Link } from "@remix-run/react";
import { Plus, Search } from "lucide-react";
import { useState } from "react";

import { paths } from "#app/paths.ts";
import type { Preset } from "#server/connections/presets.ts";

import { ConnectionGlyph } from "./connection-glyph.tsx";
import { Badge } from "./ui/badge.tsx";
import { controlLook } from "./ui/field.tsx";
import { cx } from "./ui/cx.ts";

const tile =
  "flex h-full items-start gap-3 rounded-xl border bg-surface p-3.5 transition-colors hover:border-accent hover:bg-accent-soft/40";

/** Each tile is a link, so that the grid works before JavaScript arrives. */
export function PresetGrid({ presets, added }: { presets: readonly Preset[]; added: readonly string[] }) {
  const [query, setQuery] = useState("");
  const wanted = query.trim().toLowerCase();
  const found = presets.filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(wanted));
  return (
    <div>
      <div className="relative max-w-sm">
        <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-muted" />
        <input
          type="search"
          aria-label="Search servers"
          placeholder="Search servers"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          className={cx(controlLook, "h-9 pr-3 pl-9 text-base sm:text-sm")}
        />
      </div>
      <p className="sr-only" role="status">
        {wanted && `${found.length} found`}
      </p>
      <ul className="mt-4 grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
        {found.map((preset) => (
          <li key={preset.id}>
            <Link to={`${paths.admin.newConnection}?preset=${preset.id}`} className={cx(tile, "border-line shadow-card")}>
              <ConnectionGlyph name={preset.name} />
              <span className="min-w-0 flex-1">
                <span className="flex items-center justify-between gap-2">
                  <span className="font-semibold">{preset.name}</span>
                  {added.includes(preset.id) && <Badge tone="good">Added</Badge>}
                  {!added.includes(preset.id) && preset.ownApp && <Badge>Own app</Badge>}
                </span>
                <span className="mt-0.5 block text-muted">{preset.description}</span>
              </span>
            </Link>
          </li>
        ))}
        <li>
          <Link to={`${paths.admin.newConnection}?preset=custom`} className={cx(tile, "border-dashed border-line-strong")}>
            <span aria-hidden className="grid size-9 shrink-0 place-items-center rounded-lg bg-sunken text-muted">
              <Plus className="size-4" />
            </span>
            <span>
              <span className="block font-semibold">Custom server</span>
              <span className="mt-0.5 block text-muted">
                {found.length === 0 ? "Not in the list? Any MCP server works by its URL." : "Any MCP server by its URL"}
              </span>
            </span>
          </Link>
        </li>
      </ul>
    </div>
  );
}
