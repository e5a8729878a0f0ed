// One of a list, in the browser's own control.
import type { SelectHTMLAttributes } from "react";

import { cx } from "./cx.ts";
import { controlLook, FieldError } from "./field.tsx";

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  id: string;
  label: string;
  options: readonly { value: string; label: string }[];
  errors?: readonly string[];
  /** For a control beside others that say what it is about. */
  hideLabel?: boolean;
}

export function Select({ id, label, options, errors, hideLabel = false, className, ...select }: SelectProps) {
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? "sr-only" : "mb-1.5 block font-medium"}>
        {label}
      </label>
      <select id={id} className={cx(controlLook, "h-9 px-2.5 text-base sm:text-sm")} {...select}>
        {options.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <FieldError errors={errors} />
    </div>
  );
}
