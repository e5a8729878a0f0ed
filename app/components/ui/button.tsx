// Buttons, and links that look like them.
import { Link, type LinkProps } from "@remix-run/react";
import { LoaderCircle } from "lucide-react";
import { type ButtonHTMLAttributes, forwardRef } from "react";

import { cx } from "./cx.ts";

const kinds = {
  primary: "bg-accent text-on-accent hover:bg-accent-hover shadow-card",
  secondary: "border border-line-strong bg-surface text-ink hover:bg-hover shadow-card",
  quiet: "text-muted hover:bg-hover hover:text-ink",
  danger: "bg-danger text-on-danger hover:bg-danger-hover shadow-card",
} as const;
const sizes = { md: "h-9 px-3.5", sm: "h-8 px-2.5", icon: "size-9" } as const;

interface Look {
  kind?: keyof typeof kinds;
  size?: keyof typeof sizes;
}

function look({ kind = "secondary", size = "md" }: Look, className?: string): string {
  return cx(
    "inline-flex shrink-0 items-center justify-center gap-2 rounded-lg text-sm font-medium whitespace-nowrap transition-colors select-none",
    "disabled:pointer-events-none disabled:opacity-55",
    kinds[kind],
    sizes[size],
    className,
  );
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & Look & { busy?: boolean };

/** A button. While `busy` it spins and cannot be pressed again. */
export const Button = forwardRef<HTMLButtonElement, ButtonProps>(function Button(
  { kind, size, busy = false, disabled, className, children, type = "button", ...rest },
  ref,
) {
  return (
    <button
      ref={ref}
      type={type}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      className={look({ kind, size }, className)}
      {...rest}
    >
      {busy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </button>
  );
});

/** A link in the shape of a button. */
export function ButtonLink({ kind, size, className, ...rest }: LinkProps & Look) {
  return <Link className={look({ kind, size }, className)} {...rest} />;
}
