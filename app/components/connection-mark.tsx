// A connection's mark: the first letter of its name in a colour of its own, always the same for the same name.
import { clsx } from "clsx";

const colours = [
  "bg-emerald-700/12 text-emerald-800 dark:text-emerald-300",
  "bg-sky-700/12 text-sky-800 dark:text-sky-300",
  "bg-violet-700/12 text-violet-800 dark:text-violet-300",
  "bg-rose-700/12 text-rose-800 dark:text-rose-300",
  "bg-amber-700/12 text-amber-900 dark:text-amber-300",
  "bg-slate-600/12 text-slate-700 dark:text-slate-300",
];

export function ConnectionMark({ name, large = false }: { name: string; large?: boolean }) {
  const sum = [...name].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  return (
    <span aria-hidden className={clsx("grid shrink-0 place-items-center rounded-lg font-semibold", large ? "size-12 text-xl" : "size-9", colours[sum % colours.length])}>
      {[...name][0]?.toUpperCase()}
    </span>
  );
}
