// The table of bench/faults.
import { passes, type Row } from "./measure.ts";

export const introduction = `# Faults

\`npm run faults\`: faults provoked in and around the built product while 100 calls a second run on five healthy connections and five changes a second are
written. Each answer is checked by its content. A round is a quarter of a minute without the fault and one with it. "Before" and "during" are the p99 of the
healthy connections' calls, the middle one of the rounds, of two the larger; so is the ratio, which is taken round by round. Within 1.5x passes. "Nothing happens"
is a round without a fault in either half: what it shows is the measure's own. Driver, servers, product and database share the machine, and other work may run beside them: read the ratios.
Crowds and the server that misbehaves run at the lowest priority (nice 19): elsewhere they have processors of their own, and what is judged is the trouble they make
in Gatehouse. How many requests they made of it stands below each table.
"-": every connection is meant to notice. Lost writes: acknowledged changes that are not there afterwards.
`;

const ms = (value: number | null) => (value === null ? "-" : value.toFixed(1));
const seconds = (value: number | null) => (value === null ? "-" : Number.isFinite(value) ? `${(value / 1_000).toFixed(1)} s` : "none");

export function tableOf(title: string, rows: readonly Row[]): string {
  const head =
    "| fault | provoked how | healthy p99 before, ms | during, ms | ratio | wrong answers | lost writes | recovery | verdict |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |";
  const body = rows.map((row) =>
    [
      "",
      row.fault,
      row.how,
      ms(row.before),
      ms(row.during),
      row.ratio === null ? "-" : `${row.ratio.toFixed(2)}x`,
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
