// A moment as people say it, with the exact one on hover.

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function words(seconds: number): string {
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? (["second", 1] as const);
  return unit === "second" ? "just now" : relative.format(Math.round(seconds / size), unit);
}

export function Ago({ at }: { at: Date | string }) {
  const moment = new Date(at);
  // Server and browser render a moment apart: the words may differ by one, which is no mistake.
  return (
    <time dateTime={moment.toISOString()} title={moment.toUTCString()} suppressHydrationWarning>
      {words((moment.getTime() - Date.now()) / 1000)}
    </time>
  );
}
