// A word about a thing, small and coloured by what it means.
import type { ReactNode } from "react";

import { cx } from "./cx.ts";

const tones = {
  neutral: "bg-sunken text-muted ring-line",
  good: "bg-accent-soft text-accent-ink ring-accent/20",
  warn: "bg-warn-soft text-warn-ink ring-warn-ink/20",
  bad: "bg-danger-soft text-danger-ink ring-danger/20",
  info: "bg-info-soft text-info-ink ring-info-ink/20",
} as const;
export type Tone = keyof typeof tones;

export function Badge({
  tone = "neutral",
  dot = false,
  className,
  children,
}: {
  tone?: Tone;
  dot?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <span
      className={cx(
        "inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ring-1 ring-inset",
        tones[tone],
        className,
      )}
    >
      {dot && <span aria-hidden className="size-1.5 rounded-full bg-current" />}
      {children}
    </span>
  );
}
