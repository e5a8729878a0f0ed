// The mark of Gatehouse: a gate between two towers.
import { cx } from "./ui/cx.ts";

export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={cx("size-7", className)}>
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <path d="M7 25V9.5h2.2V7.5h2v2h2v-2H15v4.2h2V7.5h1.8v2h2v-2h2v2H25V25h-5.2v-5.2a3.8 3.8 0 0 0-7.6 0V25z" className="fill-on-accent" />
    </svg>
  );
}

/** Mark and name. */
export function Logo({ className }: { className?: string }) {
  return (
    <span className={cx("inline-flex items-center gap-2.5", className)}>
      <Mark />
      <span className="text-[0.975rem] font-semibold tracking-tight">Gatehouse</span>
    </span>
  );
}
