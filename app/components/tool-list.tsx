// The tools of a connection: what each does, what it takes, and whether it is new or changed.
import { ChevronRight } from "lucide-react";

import type { ToolView } from "#server/connections/view.ts";

import { Badge } from "./ui/badge.tsx";
import { ScrollRegion } from "./ui/scroll-region.tsx";
import { Time } from "./ui/time.tsx";

/** Milliseconds a tool counts as new, or as changed. */
const freshMs = 7 * 86_400_000;
const isFresh = (at: Date | null) => at !== null && Date.now() - at.getTime() < freshMs;

interface ToolListProps {
  tools: readonly ToolView[];
  /** When the connection was added: its first tools are not news. Null where news does not matter. */
  since: Date | null;
}

function ToolRow({ tool, since }: { tool: ToolView; since: Date | null }) {
  const added = since !== null && isFresh(tool.firstSeenAt) && tool.firstSeenAt.getTime() - since.getTime() > 3_600_000;
  return (
    <li>
      <details className="group">
        <summary className="flex list-none items-start gap-2.5 rounded-lg py-2.5 pr-2 hover:bg-hover/50">
          <ChevronRight aria-hidden className="mt-1 size-3.5 shrink-0 text-muted transition-transform group-open:rotate-90" />
          <span className="min-w-0 flex-1">
            <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <code className="font-mono text-sm font-medium break-all">{tool.name}</code>
              {added && <Badge tone="info">New</Badge>}
              {isFresh(tool.changedAt) && <Badge tone="warn">Changed</Badge>}
            </span>
            <span className="line-clamp-2 text-muted group-open:line-clamp-none">
              {tool.description || "The server gives no description."}
            </span>
          </span>
        </summary>
        <div className="mb-3 ml-6 space-y-2">
          <p className="text-xs text-muted">
            First seen <Time at={tool.firstSeenAt} />
            {tool.changedAt && (
              <>
                , changed <Time at={tool.changedAt} />
              </>
            )}
          </p>
          <ScrollRegion label={`Input of ${tool.name}`} className="max-h-72 rounded-lg border border-line bg-sunken">
            <pre className="p-3 font-mono text-xs leading-5">{JSON.stringify(tool.inputSchema, null, 2)}</pre>
          </ScrollRegion>
        </div>
      </details>
    </li>
  );
}

export function ToolList({ tools, since }: ToolListProps) {
  return (
    <ul className="-my-2 divide-y divide-line">
      {tools.map((tool) => (
        <ToolRow key={tool.name} tool={tool} since={since} />
      ))}
    </ul>
  );
}
