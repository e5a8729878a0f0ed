// What changed in a connection's tools since somebody looked through it: tool by tool, in plain words. Everything a server says is shown as text.
import { Form } from "@remix-run/react";
import { ChevronRight } from "lucide-react";

import type { ToolChanges as Changes, ToolChangeView } from "#server/connections/tool-changes.ts";

import { Badge, type Tone } from "./ui/badge.tsx";
import { Button } from "./ui/button.tsx";
import { ScrollRegion } from "./ui/scroll-region.tsx";
import { Time } from "./ui/time.tsx";

type Diff = NonNullable<ToolChangeView["diff"]>;

const kinds: Record<ToolChangeView["kind"], { tone: Tone; label: string }> = {
  added: { tone: "info", label: "New" },
  changed: { tone: "warn", label: "Changed" },
  removed: { tone: "neutral", label: "Gone" },
};
const parameterKinds = { added: "New parameter", removed: "Gone", changed: "Changed" } as const;
const outputWords = {
  added: "It says now what its results look like.",
  removed: "It no longer says what its results look like.",
  changed: "What its results look like changed.",
} as const;

/** Characters that are shown whole; what is longer scrolls. */
const longText = 400;

function Day({ at }: { at: Date }) {
  const year = at.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return (
    <time dateTime={at.toISOString()} suppressHydrationWarning>
      {at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year })}
    </time>
  );
}

/** "3 new, 1 changed", or that all is as it was. */
function counted({ added, changed, removed }: Changes): string {
  const parts = [added > 0 && `${added} new`, changed > 0 && `${changed} changed`, removed > 0 && `${removed} gone`].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "No changes";
}

function BeforeAfter({ what, before, after }: { what: string; before: string; after: string }) {
  const side = (label: string, text: string) => {
    const shown = <p className="whitespace-pre-wrap wrap-anywhere">{text || "(nothing)"}</p>;
    return (
      <div className="min-w-0 rounded-lg border border-line bg-sunken px-3 py-2">
        <dt className="text-xs font-medium text-muted">{label}</dt>
        <dd>
          {text.length > longText ? (
            <ScrollRegion label={`${what}: ${label}`} className="max-h-48">
              {shown}
            </ScrollRegion>
          ) : (
            shown
          )}
        </dd>
      </div>
    );
  };
  return (
    <div>
      <p className="font-medium">{what}</p>
      <dl className="mt-1 grid gap-2 sm:grid-cols-2">
        {side("Before", before)}
        {side("Now", after)}
      </dl>
    </div>
  );
}

function DiffDetails({ diff }: { diff: Diff }) {
  const { title, description, parameters, moreParameters, outputSchema, annotations, otherInput } = diff;
  return (
    <div className="space-y-3">
      {title && <BeforeAfter what="Title" {...title} />}
      {description && <BeforeAfter what="Description" {...description} />}
      {parameters.length > 0 && (
        <div>
          <p className="font-medium">What it takes</p>
          <ul className="mt-1 space-y-1">
            {parameters.map(({ name, kind, words }) => (
              <li key={`${kind} ${name}`} className="wrap-anywhere">
                <span className="text-muted">{parameterKinds[kind]}: </span>
                <code className="font-mono text-sm">{name}</code>
                {words && <span className="text-muted"> ({words})</span>}
              </li>
            ))}
            {moreParameters > 0 && <li className="text-muted">and {moreParameters} more</li>}
          </ul>
        </div>
      )}
      {otherInput && <p>The rules for what it takes changed, no single parameter did.</p>}
      {outputSchema && <p>{outputWords[outputSchema]}</p>}
      {annotations && <BeforeAfter what="What the server says about its effects" {...annotations} />}
    </div>
  );
}

/** One line of what a change is about, without its details. */
function gist({ title, description, parameters, moreParameters, outputSchema, annotations, otherInput }: Diff): string {
  const count = parameters.length + moreParameters;
  return [
    title && "title",
    description && "description",
    count > 0 && (count === 1 ? "1 parameter" : `${count} parameters`),
    otherInput && "input",
    outputSchema && "output",
    annotations && "effects",
  ]
    .filter(Boolean)
    .join(", ");
}

function ChangeRow({ change: { tool, kind, at, diff } }: { change: ToolChangeView }) {
  const { tone, label } = kinds[kind];
  const about = diff ? gist(diff) : "";
  const line = (
    <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-1">
      <Badge tone={tone}>{label}</Badge>
      <code className="font-mono text-sm font-medium break-all">{tool}</code>
      {about && <span className="text-muted">{about}</span>}
      <span className="ml-auto text-xs text-muted">
        <Time at={at} />
      </span>
    </span>
  );
  if (!diff || about === "") return <li className="flex py-2 pr-2 pl-6">{line}</li>;
  return (
    <li>
      <details className="group">
        <summary className="flex list-none items-start gap-2.5 rounded-lg py-2 pr-2 hover:bg-hover/50">
          <ChevronRight aria-hidden className="mt-1 size-3.5 shrink-0 text-muted transition-transform group-open:rotate-90" />
          {line}
        </summary>
        <div className="mb-3 ml-6">
          <DiffDetails diff={diff} />
        </div>
      </details>
    </li>
  );
}

function ChangeRows({ changes }: { changes: readonly ToolChangeView[] }) {
  return (
    <ul className="divide-y divide-line">
      {changes.map((change) => (
        <ChangeRow key={change.id} change={change} />
      ))}
    </ul>
  );
}

/** Nothing to say while nothing ever changed. */
export function ToolChanges({ changes }: { changes: Changes | null }) {
  if (!changes) return null;
  const { since, reviewedBy, asOf, isOwnAccount, leftOut, recent, earlier } = changes;
  const isEver = recent.length + earlier.length > 0;
  return (
    <div className="rounded-lg border border-line px-4 py-3">
      <div className="flex flex-wrap items-center justify-between gap-3">
        {isEver && (
          <p>
            <span className="font-medium">{counted(changes)}</span> since <Day at={since} />
            {reviewedBy && <span className="text-muted">, when {reviewedBy} reviewed them</span>}
          </p>
        )}
        {(recent.length > 0 || leftOut > 0) && (
          <Form method="post" preventScrollReset>
            <input type="hidden" name="intent" value="review" />
            <input type="hidden" name="asOf" value={asOf.toISOString()} />
            <Button type="submit" size="sm">
              Mark as reviewed
            </Button>
          </Form>
        )}
      </div>
      {isOwnAccount && (
        <p className={isEver ? "mt-1 text-muted" : "text-muted"}>
          Everybody has an account of their own here. Only the tools of your account are compared; what changed in those of others is not
          shown.
        </p>
      )}
      {recent.length > 0 && (
        <div className="mt-2">
          <ChangeRows changes={recent} />
        </div>
      )}
      {leftOut > 0 && (
        <p className="mt-2 text-muted">
          {leftOut === 1 ? "1 more change was" : `${leftOut} more changes were`} too many to be kept. Look through the tools themselves.
        </p>
      )}
      {earlier.length > 0 && (
        <details className="mt-2">
          <summary className="cursor-pointer text-muted">Earlier changes ({earlier.length})</summary>
          <ChangeRows changes={earlier} />
        </details>
      )}
    </div>
  );
}
