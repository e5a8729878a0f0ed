// Form fields: a label, the control, what to know about it, and what is wrong with it.
import { CircleAlert } from "lucide-react";
import type { InputHTMLAttributes, ReactNode, TextareaHTMLAttributes } from "react";

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

interface Labelled {
  id: string;
  label: string;
  hint?: ReactNode;
  errors?: readonly string[];
  optional?: boolean;
  className?: string;
}

/** A control with its label above it and what there is to know of it below; `control` gets what ties them together. */
function Row({
  id,
  label,
  hint,
  errors,
  optional = false,
  className,
  control,
}: Labelled & { control: (tied: { id: string; "aria-invalid"?: true; "aria-describedby"?: string }) => ReactNode }) {
  const wrong = (errors?.length ?? 0) > 0;
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const described = wrong ? errorId : hint ? hintId : undefined;
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
      {control({ id, ...(wrong ? { "aria-invalid": true } : {}), ...(described ? { "aria-describedby": described } : {}) })}
      <FieldError id={errorId} errors={errors} />
      {hint && !wrong && (
        <p id={hintId} className="mt-1.5 text-xs text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}

/** A text field. */
export function Field({ id, label, hint, errors, optional, className, ...input }: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  const control = (tied: object) => <input className={cx(controlLook, "h-9 px-3 text-base sm:text-sm")} {...tied} {...input} />;
  return <Row {...{ id, label, hint, errors, optional, className, control }} />;
}

/** A text field of several lines. */
export function TextArea({
  id,
  label,
  hint,
  errors,
  optional,
  className,
  ...area
}: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const control = (tied: object) => (
    <textarea className={cx(controlLook, "px-3 py-2 font-mono text-base sm:text-xs")} {...tied} {...area} />
  );
  return <Row {...{ id, label, hint, errors, optional, className, control }} />;
}
