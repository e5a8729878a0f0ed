// `npm run faults [-- word...]`: provokes faults in and around the built product while calls run on healthy connections; with words only those
// whose name has one of them. Judges what the others notice, wrong answers, lost writes, recovery. A whole run writes docs/reports/faults.md.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { temporaryFolder } from "#tests/setup/product.ts";

import { badTokens, manyAgents, prepareCrowd, slowAgents, stalled } from "./agent-faults.ts";
import { type Fault, measure, passes, type Row } from "./measure.ts";
import { otherTools } from "./other-tools.ts";
import { tableOf } from "./report.ts";
import { upstreamFaults } from "./upstream-faults.ts";
import { startUpstreams, startWorld } from "./world.ts";

const root = path.resolve(import.meta.dirname, "../..");
const words = process.argv.slice(2);
const isWanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word));

const upstreams = await startUpstreams();
const rows: Row[] = [];
const sections: string[] = [];

async function onEmbedded(): Promise<Row[]> {
  const faults: Fault[] = [...upstreamFaults, otherTools, badTokens, manyAgents, slowAgents, stalled].filter(({ name }) => isWanted(name));
  if (faults.length === 0) return [];
  const folder = await temporaryFolder();
  const world = await startWorld(upstreams, { DATABASE_URL: `pglite:${path.join(folder.path, "db")}` });
  const found: Row[] = [];
  try {
    for (const fault of faults) {
      if (fault === manyAgents) await prepareCrowd(world);
      const row = await measure(world, fault);
      process.stdout.write(`${tableOf(fault.name, [row]).split("\n").slice(4).join("\n")}\n`);
      found.push(row);
    }
  } finally {
    await world.product.stop();
    await folder.remove();
  }
  return found;
}

try {
  const found = await onEmbedded();
  rows.push(...found);
  sections.push(tableOf("On the embedded database (PGlite)", found));
} finally {
  upstreams.stop();
}
const text = `# Faults\n\n${sections.join("\n")}`;
if (words.length === 0) {
  await mkdir(path.join(root, "docs/reports"), { recursive: true });
  await writeFile(path.join(root, "docs/reports/faults.md"), text);
}
process.exitCode = rows.every(passes) ? 0 : 1;
