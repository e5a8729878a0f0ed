// Something to unfold, in the browser's own way: it works by keyboard and before any script arrives.
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

import { cx } from "./ui/cx.ts";

interface DisclosureProps {
  label: ReactNode;
  open?: boolean;
  className?: string;
  children: ReactNode;
}

export function Disclosure({ label, open, className, children }: DisclosureProps) {
  return (
    <details open={open} className={cx("group/disclosure", className)}>
      <summary className="flex w-fit list-none items-center gap-1.5 rounded-md py-1 pr-2 font-medium text-muted hover:text-ink">
        <ChevronRight aria-hidden className="size-3.5 shrink-0 transition-transform group-open/disclosure:rotate-90" />
        {label}
      </summary>
      <div className="mt-2">{children}</div>
    </details>
  );
}
