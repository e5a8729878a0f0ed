// Text to copy: a line with a button, or a block of code with one.
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

import { Button } from "./button.tsx";
import { ScrollRegion } from "./scroll-region.tsx";

/** Copies `text`; says so for two seconds. `what` names it: "Copy token". */
export function CopyButton({
  text,
  what,
  kind = "secondary",
  labelled = false,
}: {
  text: string;
  what: string;
  kind?: "secondary" | "primary" | "quiet";
  /** Shows what is copied on the button itself, where nothing beside it does. */
  labelled?: boolean;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  const Icon = copied ? Check : Copy;
  return (
    <Button kind={kind} size="sm" onClick={copy} aria-label={copied ? "Copied" : `Copy ${what}`}>
      <Icon aria-hidden className="size-3.5" />
      <span aria-live="polite">{copied ? "Copied" : labelled ? `Copy ${what}` : "Copy"}</span>
    </Button>
  );
}

/** One line of text to copy. */
export function CopyLine({ text, what }: { text: string; what: string }) {
  return (
    <div className="flex items-center gap-2 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3">
      <ScrollRegion label={what} className="min-w-0 flex-1 rounded py-1">
        <code className="font-mono text-sm whitespace-nowrap">{text}</code>
      </ScrollRegion>
      <CopyButton text={text} what={what} />
    </div>
  );
}

/** A block of code to copy. */
export function CodeBlock({ code, what }: { code: string; what: string }) {
  return (
    <div className="overflow-hidden rounded-lg border border-line bg-sunken">
      <div className="flex items-center justify-between border-b border-line py-1 pr-1 pl-3">
        <span className="truncate text-xs text-muted">{what}</span>
        <CopyButton text={code} what={what} kind="quiet" />
      </div>
      <ScrollRegion label={what} className="max-h-96">
        <pre className="p-3 font-mono text-xs leading-5">{code}</pre>
      </ScrollRegion>
    </div>
  );
}
