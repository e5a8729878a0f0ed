// One of a list, in the browser's own control.
import type { SelectHTMLAttributes } from "react";

import { cx } from "./cx.ts";
import { controlLook, FieldError } from "./field.tsx";

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  id: string;
  label: string;
  options: readonly { value: string; label: string }[];
  hint?: string;
  errors?: readonly string[];
  /** For a control beside others that say what it is about. */
  hideLabel?: boolean;
}

export function Select({ id, label, options, hint, errors, hideLabel = false, className, ...select }: SelectProps) {
  const described = errors?.length ? `${id}-error` : hint && `${id}-hint`;
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? "sr-only" : "mb-1.5 block font-medium"}>
        {label}
      </label>
      <select id={id} className={cx(controlLook, "h-9 px-2.5 text-base sm:text-sm")} aria-describedby={described} {...select}>
        {options.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <FieldError id={`${id}-error`} errors={errors} />
      {hint && (
        <p id={`${id}-hint`} className="mt-1.5 text-xs text-muted">
          {hint}
        </p>
      )}
    </div>
  );
}
