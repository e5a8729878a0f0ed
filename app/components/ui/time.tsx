// A moment in words ("3 minutes ago"), with the exact time on hover.
const units = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

function inWords(date: Date): string {
  const seconds = Math.round((date.getTime() - Date.now()) / 1_000);
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

/** `at` relative to now. Server and browser may be a moment and a time zone apart: React keeps the server's words then. */
export function Time({ at }: { at: Date }) {
  return (
    <time dateTime={at.toISOString()} title={at.toLocaleString("en-GB", { dateStyle: "full", timeStyle: "long" })} suppressHydrationWarning>
      {inWords(at)}
    </time>
  );
}
