// Form fields: a label, the control, what to know about it, and what is wrong with it.
import { CircleAlert } from "lucide-react";
import type { InputHTMLAttributes, ReactNode } from "react";

import { cx } from "./cx.ts";

export const controlLook =
  "w-full rounded-lg border border-line-strong bg-surface text-ink shadow-card placeholder:text-muted/80 focus-visible:border-accent focus-visible:outline-offset-0 aria-invalid:border-danger";

/** What is wrong with a field, tied to it by `id`. */
export function FieldError({ id, errors }: { id?: string; errors?: readonly string[] }) {
  if (!errors?.length) return null;
  return (
    <p id={id} className="mt-1.5 flex items-start gap-1.5 text-sm text-danger-ink">
      <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
      <span>{errors.join(" ")}</span>
    </p>
  );
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  id: string;
  label: string;
  hint?: ReactNode;
  errors?: readonly string[];
  optional?: boolean;
}

/** A text field. */
export function Field({ id, label, hint, errors, optional = false, className, ...input }: FieldProps) {
  const shownHint = errors?.length ? undefined : hint;
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = [shownHint ? hintId : null, errors?.length ? errorId : null].filter((part) => part !== null).join(" ");
  return (
    <div className={className}>
      <div className="mb-1.5 flex items-baseline justify-between gap-3">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {optional && (
          <span aria-hidden className="text-xs text-muted">
            Optional
          </span>
        )}
      </div>
      <input
        id={id}
        className={cx(controlLook, "h-9 px-3 text-base sm:text-sm")}
        aria-invalid={errors?.length ? true : undefined}
        aria-describedby={described || undefined}
        {...input}
      />
      <FieldError id={errorId} errors={errors} />
      {shownHint && (
        <p id={hintId} className="mt-1.5 text-xs text-muted">
          {shownHint}
        </p>
      )}
    </div>
  );
}
