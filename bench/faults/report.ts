// The table of bench/faults.
import { passes, type Row } from "./measure.ts";

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
