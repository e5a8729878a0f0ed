// The tables of the conformance reports.
import { writeFileSync } from "node:fs";
import path from "node:path";

import { root } from "../scripts/run.mjs";
import { type Judgement, reasonsIn } from "./suite.ts";

/** One table; every failure has the reason its baseline gives, or says that it has none. */
export function tableOf(title: string, { verdicts, unscored, ok }: Judgement, baseline?: string): string {
  const reasons = baseline === undefined ? new Map<string, string[]>() : reasonsIn(baseline);
  const rows = verdicts.map(({ scenario, passed, failed }) => {
    const why = [...new Set(reasons.get(scenario) ?? [])].join("; ");
    const outside = unscored.get(scenario);
    const known = outside === undefined ? why : `not scored: ${outside}`;
    const outcome = failed === 0 && known === "" ? "passed" : known || "**unexplained**";
    return `| ${scenario} | ${passed} | ${failed} | ${failed === 0 && outside !== undefined ? `passed (${known})` : outcome} |`;
  });
  const scored = verdicts.filter(({ scenario }) => !unscored.has(scenario));
  const met = scored.filter(({ scenario, failed }) => failed === 0 && !reasons.has(scenario)).length;
  const verdict = ok ? "Nothing failed that is not explained." : "**Something failed that is not explained, or an explanation is stale.**";
  return [
    `## ${title}`,
    "",
    `${met} of ${scored.length} scored scenarios pass. ${verdict}`,
    "",
    "| scenario | passed | failed | outcome |",
    "| --- | ---: | ---: | --- |",
    ...rows,
    "",
  ].join("\n");
}

/** Prints a report and keeps it under docs/reports/. */
export function publish(file: string, about: string, tables: readonly string[]): void {
  const text = `${about}\n\n${tables.join("\n")}`;
  process.stdout.write(`\n${text}`);
  writeFileSync(path.join(root, "docs/reports", file), text);
}
