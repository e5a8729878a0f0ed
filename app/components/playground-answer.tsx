// What an agent gets for a search, beside the matches: what it cost, hints, connections that cannot be used, and the object itself.
import { Link } from "@remix-run/react";
import { PlugZap, SearchX, Sparkles } from "lucide-react";

import { paths } from "#app/paths.ts";
import type { ConnectionRow } from "#server/search/search.ts";

import { ConnectionGlyph } from "./connection-glyph.tsx";
import { Disclosure } from "./disclosure.tsx";
import { Badge, type Tone } from "./ui/badge.tsx";
import { ButtonLink } from "./ui/button.tsx";
import { Card, Empty } from "./ui/card.tsx";
import { CodeBlock } from "./ui/copy.tsx";
import { Notice } from "./ui/notice.tsx";

export interface ShownAnswer {
  matches: readonly unknown[];
  unmatchedTerms: readonly string[];
  hint: string | null;
  complete: boolean;
  tokens: number;
  ms: number;
  /** The whole answer as an agent gets it. */
  json: string;
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div className="px-4 py-3 sm:px-5">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="mt-0.5 text-base font-semibold tabular-nums">{value}</dd>
    </div>
  );
}

export function AgentAnswer({ answer: { matches, unmatchedTerms, hint, complete, tokens, ms, json } }: { answer: ShownAnswer }) {
  return (
    <Card className="overflow-hidden">
      <h2 className="sr-only">What the agent gets</h2>
      <dl className="grid grid-cols-3 divide-x divide-line">
        <Fact label="Matches" value={String(matches.length)} />
        <Fact label="Tokens, about" value={tokens.toLocaleString("en")} />
        <Fact label="Time" value={`${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en")} ms`} />
      </dl>
      <div className="space-y-3 border-t border-line px-4 py-3 sm:px-5">
        {hint && <Notice tone="info">{hint}</Notice>}
        {!complete && (
          <Notice tone="warn">A server that was never asked for its tools is still being asked: search again in a moment.</Notice>
        )}
        {unmatchedTerms.length > 0 && (
          <p className="wrap-anywhere text-muted">No tool knows {unmatchedTerms.map((word) => `"${word}"`).join(", ")}.</p>
        )}
        <Disclosure label="The JSON an agent gets">
          <p className="mb-2 text-muted">Agents get this object on one line, as text and as structured content.</p>
          <CodeBlock code={json} what="search_capabilities result" />
        </Disclosure>
      </div>
    </Card>
  );
}

const states: Record<ConnectionRow["state"], { label: string; tone: Tone }> = {
  needs_connection: { label: "Not connected", tone: "warn" },
  reconnect_required: { label: "Connect again", tone: "bad" },
  unreachable: { label: "Unreachable", tone: "bad" },
  disabled: { label: "Switched off", tone: "neutral" },
  stale: { label: "Not answering", tone: "warn" },
};

/** Connections that an agent is told about because they cannot be used, or not fully. */
export function Unusable({ rows }: { rows: readonly ConnectionRow[] }) {
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby="unusable">
      <h2 id="unusable" className="text-base font-semibold tracking-tight">
        Not usable right now
      </h2>
      <p className="mb-3 text-muted">Agents are told this beside the matches, with the link to give to their person.</p>
      <Card>
        <ul className="divide-y divide-line">
          {rows.map(({ id, name, state, message, action }) => (
            <li key={id} className="flex flex-wrap items-center gap-3 px-4 py-3.5 sm:px-5">
              <ConnectionGlyph name={name} />
              <div className="min-w-0 flex-1 basis-52">
                <h3 className="flex flex-wrap items-center gap-2 font-semibold wrap-anywhere">
                  {name}
                  <Badge tone={states[state].tone} dot>
                    {states[state].label}
                  </Badge>
                </h3>
                <p className="wrap-anywhere text-muted">{message}</p>
              </div>
              <a
                href={action.url}
                className="inline-flex min-h-8 items-center rounded-lg border border-line-strong px-2.5 py-1 font-medium hover:bg-hover"
              >
                {action.label}
              </a>
            </li>
          ))}
        </ul>
      </Card>
    </section>
  );
}

export function NothingFound({ answer: { unmatchedTerms } }: { answer: ShownAnswer }) {
  return (
    <Empty icon={<SearchX />} title="Nothing found">
      {unmatchedTerms.length > 0
        ? "None of the tools you may use knows these words. Try a verb, the object and the service, or other words for the same."
        : "None of the tools you may use matches. Try a verb, the object and the service, or look everywhere."}
    </Empty>
  );
}

interface NothingSearchedProps {
  connections: readonly { id: string; name: string }[];
  admin: boolean;
}

const tries = ["list files", "create issue", "send message", "who am I"];

export function NothingSearched({ connections, admin }: NothingSearchedProps) {
  if (connections.length === 0)
    return (
      <Empty
        icon={<PlugZap />}
        title="Nothing is connected for you yet"
        action={
          <ButtonLink to={admin ? paths.admin.connections : paths.connections} kind="primary">
            {admin ? "Manage connections" : "Your connections"}
          </ButtonLink>
        }
      >
        Your agents find what you were given access to. Until then, only Gatehouse's own few operations are there to be found.
      </Empty>
    );
  return (
    <Empty
      icon={<Sparkles />}
      title="Ask for something"
      action={
        <ul className="flex flex-wrap justify-center gap-2">
          {tries.map((words) => (
            <li key={words}>
              <Link
                to={`${paths.playground}?${new URLSearchParams({ q: words }).toString()}`}
                className="inline-flex h-8 items-center rounded-full border border-line-strong bg-surface px-3 hover:bg-hover"
              >
                {words}
              </Link>
            </li>
          ))}
        </ul>
      }
    >
      You see what an agent of yours would see: the same tools, the same order, the same words. Try one of these.
    </Empty>
  );
}
