// `npm run faults [-- word...]`: provokes faults in and around the built product while calls run on healthy connections; with words only those
// whose name has one of them. Judges what the others notice, wrong answers, lost writes, recovery. A whole run writes docs/reports/faults.md.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { startPostgres } from "#tests/setup/postgres.ts";
import { temporaryFolder } from "#tests/setup/product.ts";
import { mountSmallDisk } from "#tests/setup/small-disk.ts";

import { findPostgres } from "../../scripts/programs.mjs";
import { badTokens, manyAgents, prepareCrowd, slowAgents, stalled } from "./agent-faults.ts";
import { type Fault, measure, passes, type Row } from "./measure.ts";
import { otherTools } from "./other-tools.ts";
import { databaseGone, diskFull, killed, provokeUnderLoad, terminated } from "./process-faults.ts";
import { introduction, tableOf } from "./report.ts";
import { upstreamFaults } from "./upstream-faults.ts";
import { startUpstreams, startWorld, type Upstreams } from "./world.ts";

const root = path.resolve(import.meta.dirname, "../..");
const words = process.argv.slice(2);
const isWanted = ({ name }: { name: string }) => words.length === 0 || words.some((word) => name.includes(word));

type Plan = Parameters<typeof provokeUnderLoad>[1];

/** Provokes these in one world: first what others must not notice, then what everybody does. */
async function inWorld(upstreams: Upstreams, url: string, faults: Fault[], plans: Plan[]): Promise<Row[]> {
  const rows: Row[] = [];
  const tell = (row: Row) => {
    rows.push(row);
    process.stdout.write(`${tableOf("", [row]).split("\n").slice(4).join("\n")}\n`);
  };
  const [wanted, plansWanted] = [faults.filter(isWanted), plans.filter(isWanted)];
  if (wanted.length + plansWanted.length === 0) return rows;
  let world = await startWorld(upstreams, { DATABASE_URL: url });
  try {
    for (const fault of wanted) {
      if (fault === manyAgents) await prepareCrowd(world);
      tell(await measure(world, fault));
    }
    for (const plan of plansWanted) {
      const found = await provokeUnderLoad(world, plan);
      world = found.world;
      tell(found.row);
    }
  } finally {
    await world.product.stop();
  }
  return rows;
}

const upstreams = await startUpstreams();
const sections: { title: string; rows: Row[] }[] = [];
try {
  const folder = await temporaryFolder();
  const url = `pglite:${path.join(folder.path, "db")}`;
  const faults = [...upstreamFaults, otherTools, badTokens, manyAgents, slowAgents, stalled];
  sections.push({ title: "On the embedded database (PGlite)", rows: await inWorld(upstreams, url, faults, [terminated, killed]) });
  await folder.remove();

  const disk = isWanted({ name: "the disk is full" }) ? mountSmallDisk(256) : null;
  if (disk) {
    const rows = await inWorld(upstreams, `pglite:${path.join(disk.path, "db")}`, [], [diskFull(disk)]);
    sections.push({ title: "On a disk of 256 MB", rows });
    disk.remove();
  } else process.stdout.write("A full disk was not tried: it takes a mount of a small disk.\n");

  const server = findPostgres() && ["database", "bad tokens", "SIGTERM", "kill"].some((name) => isWanted({ name })) ? await startPostgres() : null;
  if (server) {
    const rows = await inWorld(upstreams, `${server.origin}/postgres`, [badTokens], [databaseGone(server), terminated, killed]);
    sections.push({ title: "On PostgreSQL", rows });
    await server.stop();
  } else process.stdout.write("PostgreSQL was not found or not asked for.\n");
} finally {
  upstreams.stop();
}
const text = `${introduction}\n${sections.map(({ title, rows }) => tableOf(title, rows)).join("\n")}`;
if (words.length === 0) {
  await mkdir(path.join(root, "docs/reports"), { recursive: true });
  await writeFile(path.join(root, "docs/reports/faults.md"), text);
}
process.exitCode = sections.every(({ rows }) => rows.every(passes)) ? 0 : 1;
