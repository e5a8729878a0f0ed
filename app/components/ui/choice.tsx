// Radio buttons and check boxes as cards: the whole card can be pressed.
import type { InputHTMLAttributes, ReactNode } from "react";

import { cx } from "./cx.ts";

interface ChoiceProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type"> {
  type: "radio" | "checkbox";
  label: string;
  hint?: ReactNode;
}

/** One option with its explanation. */
export function Choice({ label, hint, className, ...input }: ChoiceProps) {
  return (
    <label
      className={cx(
        "flex min-w-0 cursor-pointer items-start gap-3 rounded-lg border border-line bg-surface p-3 transition-colors hover:border-line-strong",
        "has-checked:border-accent has-checked:bg-accent-soft/50 has-focus-visible:outline-2 has-focus-visible:outline-accent has-disabled:cursor-not-allowed has-disabled:opacity-60",
        className,
      )}
    >
      <input className="mt-0.5 size-4 shrink-0 accent-accent" {...input} />
      <span className="min-w-0 wrap-anywhere">
        <span className="block font-medium">{label}</span>
        {hint && <span className="mt-0.5 block text-xs text-muted">{hint}</span>}
      </span>
    </label>
  );
}
