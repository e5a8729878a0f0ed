// A message on the page about what just happened.
import { CircleAlert, CircleCheck, Info } from "lucide-react";
import type { ReactNode } from "react";

import { cx } from "./cx.ts";

const looks = {
  good: { tone: "bg-accent-soft text-accent-ink", Icon: CircleCheck, role: "status" },
  info: { tone: "bg-info-soft text-info-ink", Icon: Info, role: "status" },
  warn: { tone: "bg-warn-soft text-warn-ink", Icon: CircleAlert, role: "status" },
  bad: { tone: "bg-danger-soft text-danger-ink", Icon: CircleAlert, role: "alert" },
} as const;

interface NoticeProps {
  tone: keyof typeof looks;
  title?: string;
  /** It answers what the person just did (see reveal.ts). */
  answer?: boolean;
  className?: string;
  children?: ReactNode;
}

export function Notice({ tone, title, answer = false, className, children }: NoticeProps) {
  const { tone: colours, Icon, role } = looks[tone];
  return (
    <div
      role={role}
      data-answer={answer || undefined}
      className={cx("flex scroll-m-20 gap-2.5 rounded-lg px-3.5 py-3", colours, className)}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1 break-words">
        {title && <p className="font-semibold">{title}</p>}
        {children}
      </div>
    </div>
  );
}
