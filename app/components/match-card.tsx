// One match of a search: what it is, why it is here, and the way to run it.
import { Play } from "lucide-react";
import type { ReactNode } from "react";

import type { Explanation } from "#server/search/explain.ts";
import type { Match } from "#server/search/search.ts";

import { Disclosure } from "./disclosure.tsx";
import { MatchWhy } from "./match-why.tsx";
import { Badge } from "./ui/badge.tsx";
import { Button, ButtonLink } from "./ui/button.tsx";
import { Card } from "./ui/card.tsx";
import { ScrollRegion } from "./ui/scroll-region.tsx";

export type ShownMatch = Pick<Match, "name" | "connection" | "title" | "description" | "score" | "access" | "signature">;

interface MatchCardProps {
  match: ShownMatch;
  place: number;
  why: Explanation | null;
  /** Where it is run, and where it is closed again. */
  runTo: string;
  closeTo: string;
  /** The form and the result, while it is open. */
  children: ReactNode;
}

export function MatchCard({ match, place, why, runTo, closeTo, children }: MatchCardProps) {
  const id = `match-${place}`;
  return (
    <li>
      <Card>
        <article aria-labelledby={id} className="p-4 sm:p-5">
          <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
            <div className="min-w-0 flex-1 basis-60">
              <h3 id={id} className="flex flex-wrap items-baseline gap-x-2 gap-y-1 text-base font-semibold wrap-anywhere">
                <span className="text-sm font-normal text-muted tabular-nums">{place}.</span>
                {match.title}
                <Badge className="self-center">{match.connection}</Badge>
              </h3>
              <p className="mt-1 line-clamp-3 text-pretty wrap-anywhere text-muted">
                {match.description || "The server gives no description."}
              </p>
            </div>
            {children ? (
              <ButtonLink to={closeTo} size="sm" preventScrollReset>
                Close
              </ButtonLink>
            ) : (
              <ButtonLink to={runTo} size="sm" preventScrollReset>
                <Play aria-hidden className="size-3.5" />
                Run<span className="sr-only"> {match.title}</span>
              </ButtonLink>
            )}
          </div>
          <ScrollRegion label={`Signature of ${match.title}`} className="mt-3 rounded-lg border border-line bg-sunken px-3 py-2">
            <code className="font-mono text-xs whitespace-nowrap">{match.signature}</code>
          </ScrollRegion>
          <div className="mt-2 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-2">
            {why ? (
              <Disclosure label="Why this one" className="min-w-0 grow open:basis-full">
                <div className="rounded-lg border border-line px-3 py-1 pb-3 sm:px-4">
                  <MatchWhy explanation={why} />
                  {/* The score of a match has two decimals. */}
                  {Math.abs(why.score - match.score) > 0.01 && (
                    <p className="border-t border-line pt-2 text-muted">
                      By its words it has {why.score.toFixed(2)}. What was run after such searches, or its meaning, made it{" "}
                      {match.score.toFixed(2)}.
                    </p>
                  )}
                </div>
              </Disclosure>
            ) : (
              <p className="text-xs text-muted">Found by what was run after such searches, or by its meaning.</p>
            )}
            <p className="text-xs text-muted">
              Score <span className="tabular-nums">{match.score}</span>, needs <code className="font-mono">mcp:{match.access}</code>
            </p>
          </div>
          {children && <div className="mt-4 border-t border-line pt-4">{children}</div>}
        </article>
      </Card>
    </li>
  );
}

/** The button under a form that runs something. */
export function RunButton({ busy }: { busy: boolean }) {
  return (
    <Button type="submit" kind="primary" busy={busy}>
      {!busy && <Play aria-hidden className="size-4" />}
      {busy ? "Running" : "Run it"}
    </Button>
  );
}
