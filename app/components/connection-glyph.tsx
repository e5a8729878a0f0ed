// A connection's glyph: the first letter of its name in a colour of its own, always the same for the same name.
import { cx } from "./ui/cx.ts";

const colours = [
  "bg-emerald-100 text-emerald-900 dark:bg-emerald-950 dark:text-emerald-200",
  "bg-sky-100 text-sky-900 dark:bg-sky-950 dark:text-sky-200",
  "bg-violet-100 text-violet-900 dark:bg-violet-950 dark:text-violet-200",
  "bg-rose-100 text-rose-900 dark:bg-rose-950 dark:text-rose-200",
  "bg-amber-100 text-amber-900 dark:bg-amber-950 dark:text-amber-200",
  "bg-indigo-100 text-indigo-900 dark:bg-indigo-950 dark:text-indigo-200",
  "bg-teal-100 text-teal-900 dark:bg-teal-950 dark:text-teal-200",
  "bg-orange-100 text-orange-900 dark:bg-orange-950 dark:text-orange-200",
] as const;

export function ConnectionGlyph({ name, className }: { name: string; className?: string }) {
  const letters = [...name];
  const sum = letters.reduce((total, letter, place) => total + (letter.codePointAt(0) ?? 0) * (place + 1), 0);
  return (
    <span
      aria-hidden
      className={cx(
        "grid size-9 shrink-0 place-items-center rounded-lg text-base font-semibold ring-1 ring-black/5 ring-inset dark:ring-white/10",
        colours[sum % colours.length],
        className,
      )}
    >
      {letters[0]?.toUpperCase()}
    </span>
  );
}
