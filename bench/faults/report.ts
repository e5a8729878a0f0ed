// The table of bench/faults.
import { type Latency, passes, type Row } from "./measure.ts";

export const introduction = `# Faults

\`npm run faults\`: faults provoked in and around the built product while 100 calls a second run on five healthy connections and five changes a second are
written. Each answer is checked by its content. A round is a quarter of a minute without the fault and one with it. "Before" and "during" are p50 and p99 of the
healthy connections' calls of all rounds together, the ratio is that of the two p99, with the least and the most of a single round in brackets. Within 1.5x passes.
"Nothing happens" is without a fault in either half: what it shows is the measure's own. Driver, servers, product and database share the machine, and other work may run beside them: read the ratios.
Crowds, the server that misbehaves and those who call it run at the lowest priority (nice 19): elsewhere they have processors of their own, and what is judged is the trouble they make
in Gatehouse. How many requests they made of it stands below each table.
"-": every connection is meant to notice. Lost writes: acknowledged changes that are not there afterwards.
`;

const latency = (found: Latency | null) => (found ? `${found.p50.toFixed(1)} / ${found.p99.toFixed(1)}` : "-");
const times = (found: Row["ratio"]) => (found ? `${found.all.toFixed(2)}x (${found.least.toFixed(2)} to ${found.most.toFixed(2)})` : "-");
const seconds = (value: number | null) => (value === null ? "-" : Number.isFinite(value) ? `${(value / 1_000).toFixed(1)} s` : "none");

export function tableOf(title: string, rows: readonly Row[]): string {
  const head =
    "| fault | provoked how | healthy p50 / p99 before, ms | during, ms | ratio of p99 | wrong answers | lost writes | recovery | verdict |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |";
  const body = rows.map((row) =>
    [
      "",
      row.fault,
      row.how,
      latency(row.before),
      latency(row.during),
      times(row.ratio),
      row.wrong.length,
      row.lost,
      seconds(row.recovery),
      passes(row) ? "pass" : "FAIL",
      "",
    ]
      .join(" | ")
      .trim(),
  );
  const notes = rows.flatMap(({ fault, checks, wrong }) => [
    ...checks.map(({ what, ok }) => `- ${fault}: ${what}${ok ? "" : " (FAIL)"}`),
    ...wrong.slice(0, 3).map((words) => `- ${fault}, a wrong answer: ${words}`),
  ]);
  return `## ${title}\n\n${head}\n${body.join("\n")}\n\n${notes.join("\n")}\n`;
}
