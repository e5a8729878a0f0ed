// The tables of the benchmark: figures by way, each beside its aim.

/** How much is measured: a brief run shows that everything works, and nothing else. */
export interface Amount {
  rounds: number;
  /** The part of the usual number of calls. */
  share: number;
}

export interface Row {
  what: string;
  /** One for each column. */
  values: number[];
  digits: number;
  aim?: { atMost: number } | { atLeast: number };
}

const lines: string[] = [];

/** Prints a line, and keeps it for the report. */
export function say(line = ""): void {
  lines.push(line);
  process.stdout.write(`${line}\n`);
}

export const said = () => `${lines.join("\n")}\n`;

/** Whether a figure is as good as it has to be; rounded as it is shown. */
function reached(value: number, { aim, digits }: Row): boolean {
  const shown = Number(value.toFixed(digits));
  return !aim || ("atMost" in aim ? shown <= aim.atMost : shown >= aim.atLeast);
}

function verdict(row: Row, columns: readonly string[]): string {
  const judged = columns.flatMap((name, at) => (name.startsWith("Gatehouse") ? [{ name, ok: reached(row.values[at] ?? NaN, row) }] : []));
  if (!row.aim) return "";
  if (judged.every(({ ok }) => ok)) return "yes";
  if (judged.every(({ ok }) => !ok)) return "**no**";
  return `**not on ${judged.flatMap(({ name, ok }) => (ok ? [] : [name.replace("Gatehouse, ", "")])).join(", ")}**`;
}

/** A table; only the columns that are Gatehouse's are held to the aims. */
export function table(columns: readonly string[], rows: readonly Row[]): void {
  say(`| | ${columns.join(" | ")} | aim | reached |`);
  say(`|${" --- |".repeat(columns.length + 3)}`);
  for (const row of rows) {
    const aim = row.aim ? ("atMost" in row.aim ? `at most ${row.aim.atMost}` : `at least ${row.aim.atLeast}`) : "";
    say(`| ${row.what} | ${row.values.map((value) => value.toFixed(row.digits)).join(" | ")} | ${aim} | ${verdict(row, columns)} |`);
  }
}
