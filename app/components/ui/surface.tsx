// The quiet building blocks of pages: heading, card, badge, notice, empty state.
import { clsx } from "clsx";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export type Tone = "neutral" | "good" | "warn" | "bad" | "accent";

const tones: Record<Tone, string> = {
  neutral: "bg-sunken text-soft",
  good: "bg-good-wash text-good",
  warn: "bg-warn-wash text-warn",
  bad: "bg-bad-wash text-bad",
  accent: "bg-accent-wash text-accent",
};

export function PageHeader({ title, about, children }: { title: string; about?: ReactNode; children?: ReactNode }) {
  return (
    <header className="mb-6 flex flex-wrap items-start justify-between gap-4">
      <div className="min-w-0 max-w-2xl">
        <h1 className="text-2xl font-semibold tracking-tight text-balance">{title}</h1>
        {about && <p className="mt-1 text-soft">{about}</p>}
      </div>
      {children && <div className="flex flex-wrap gap-2">{children}</div>}
    </header>
  );
}

export function Card({ title, about, children, className, id }: { title?: string; about?: ReactNode; children: ReactNode; className?: string; id?: string }) {
  return (
    <section id={id} className={clsx("rounded-xl border border-line bg-surface p-5", className)}>
      {title && <h2 className="font-semibold">{title}</h2>}
      {about && <p className="mt-0.5 text-sm text-soft">{about}</p>}
      <div className={title || about ? "mt-4" : undefined}>{children}</div>
    </section>
  );
}

export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={clsx("inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap", tones[tone])}>{children}</span>;
}

export function Notice({ tone, title, children, role }: { tone: Tone; title?: string; children?: ReactNode; role?: "alert" | "status" }) {
  return (
    <div role={role} className={clsx("rounded-lg px-4 py-3 text-sm", tones[tone])}>
      {title && <p className="font-semibold">{title}</p>}
      {children}
    </div>
  );
}

export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children: ReactNode }) {
  return (
    <div className="rounded-xl border border-dashed border-line px-6 py-12 text-center">
      <Icon aria-hidden className="mx-auto size-8 text-faint" strokeWidth={1.5} />
      <h2 className="mt-3 font-semibold">{title}</h2>
      <div className="mx-auto mt-1 max-w-md text-soft">{children}</div>
    </div>
  );
}
