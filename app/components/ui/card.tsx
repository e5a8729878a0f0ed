// Surfaces: a card, a card with a heading, and the card that says that there is nothing yet.
import type { ReactNode } from "react";

import { cx } from "./cx.ts";

export function Card({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={cx("rounded-xl border border-line bg-surface shadow-card", className)}>{children}</div>;
}

interface SectionProps {
  id: string;
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A part of a page with its own heading. */
export function Section({ id, title, about, actions, className, children }: SectionProps) {
  return (
    <section aria-labelledby={id} className={cx("rounded-xl border border-line bg-surface shadow-card", className)}>
      <header className="flex flex-wrap items-start justify-between gap-3 border-b border-line px-4 py-3.5 sm:px-5">
        <div className="min-w-0 wrap-anywhere">
          <h2 id={id} className="text-base font-semibold tracking-tight">
            {title}
          </h2>
          {about && <p className="mt-0.5 text-muted">{about}</p>}
        </div>
        {actions}
      </header>
      <div className="p-4 sm:p-5">{children}</div>
    </section>
  );
}

interface EmptyProps {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}

/** Nothing here yet, and what to do about it. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="flex flex-col items-center rounded-xl border border-dashed border-line-strong bg-surface/60 px-6 py-14 text-center">
      <span aria-hidden className="grid size-11 place-items-center rounded-xl bg-accent-soft text-accent-ink [&>svg]:size-5">
        {icon}
      </span>
      <h2 className="mt-4 text-base font-semibold tracking-tight">{title}</h2>
      <p className="mt-1 max-w-sm text-pretty text-muted">{children}</p>
      {action && <div className="mt-5">{action}</div>}
    </div>
  );
}
