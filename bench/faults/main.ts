// `npm run faults [-- <rounds>] [word...]`: provokes faults in and around the built product while calls run on healthy connections, five times each
// unless told otherwise; with words only those whose name has one of them. Judges what the others notice, wrong answers, lost writes, recovery. A whole run writes docs/reports/faults.md.
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";

import { startPostgres } from "#tests/setup/postgres.ts";
import { temporaryFolder } from "#tests/setup/product.ts";
import { mountSmallDisk } from "#tests/setup/small-disk.ts";

import { findPostgres } from "../../scripts/programs.mjs";
import { badTokens, hastyTokens, manyAgents, prepareCrowds, slowAgents, stalled } from "./agent-faults.ts";
import { type Fault, measure, nothing, passes, type Row } from "./measure.ts";
import { otherTools } from "./other-tools.ts";
import { databaseGone, diskFull, killed, provokeUnderLoad, terminated } from "./process-faults.ts";
import { introduction, tableOf } from "./report.ts";
import { upstreamFaults } from "./upstream-faults.ts";
import { startUpstreams, startWorld, type Upstreams } from "./world.ts";

const root = path.resolve(import.meta.dirname, "../..");
const given = process.argv.slice(2);
const words = given.filter((word) => !/^\d+$/.test(word));
const rounds = Number(given.find((word) => /^\d+$/.test(word)) ?? 5);
const busyBefore = loadavg()[0] ?? 0;
const isWanted = ({ name }: { name: string }) => words.length === 0 || words.some((word) => name.includes(word));

type Plan = Parameters<typeof provokeUnderLoad>[1];

const sections: { title: string; rows: Row[] }[] = [];

const missing: string[] = [];

/** Keeps the report of a whole run up to date: a run that is interrupted leaves what it found. */
async function writeReport(): Promise<void> {
  if (words.length > 0) return;
  const machine = `${rounds} rounds, three of the crowd, one of the slow agents and of what everybody notices. ${availableParallelism()} processors; load average ${busyBefore.toFixed(1)} when it began, ${(loadavg()[0] ?? 0).toFixed(1)} at the end (alone this run makes 2 to 3).`;
  const tables = sections.map((one) => tableOf(one.title, one.rows));
  await mkdir(path.join(root, "docs/reports"), { recursive: true });
  await writeFile(path.join(root, "docs/reports/faults.md"), `${[introduction, `${machine}\n`, ...missing, ...tables].join("\n")}`);
}

async function tell(title: string, row: Row): Promise<void> {
  const section = sections.find((known) => known.title === title);
  if (section) section.rows.push(row);
  else sections.push({ title, rows: [row] });
  process.stdout.write(`${tableOf(title, [row])}\n`);
  await writeReport();
}

/** Tells that a part of a run could not be made on this machine. */
async function tellMissing(what: string): Promise<void> {
  missing.push(`**${what}**\n`);
  process.stdout.write(`${what}\n`);
  await writeReport();
}

interface Place {
  title: string;
  url: string;
  /** What others must not notice, and then what everybody does. */
  faults?: Fault[];
  plans?: Plan[];
}

/** Provokes the wanted ones in one world. */
async function inWorld(upstreams: Upstreams, { title, url, faults = [], plans = [] }: Place): Promise<void> {
  const [wanted, plansWanted] = [faults.filter(isWanted), plans.filter(isWanted)];
  if (wanted.length + plansWanted.length === 0) return;
  let world = await startWorld(upstreams, { DATABASE_URL: url });
  try {
    if (wanted.includes(manyAgents) || wanted.includes(slowAgents)) await prepareCrowds(world);
    for (const fault of wanted) await tell(title, await measure(world, fault, rounds));
    for (const plan of plansWanted) {
      const found = await provokeUnderLoad(world, plan);
      world = found.world;
      await tell(title, found.row);
    }
  } finally {
    await world.product.stop();
  }
}

const upstreams = await startUpstreams();
try {
  const folder = await temporaryFolder();
  const url = `pglite:${path.join(folder.path, "db")}`;
  const faults = [nothing, stalled, badTokens, hastyTokens, ...upstreamFaults, otherTools];
  const plans = [terminated, killed];
  await inWorld(upstreams, { title: "On the embedded database (PGlite)", url, faults, plans });

  const disk = isWanted({ name: "the disk is full" }) ? mountSmallDisk(256) : null;
  const small = disk && `pglite:${path.join(disk.path, "db")}`;
  if (small) await inWorld(upstreams, { title: "On a disk of 256 MB", url: small, plans: [diskFull(disk)] });
  else if (isWanted({ name: "the disk is full" })) await tellMissing("The disk is full: not provoked, no small disk can be mounted here.");
  disk?.remove();

  const onServer = { title: "On PostgreSQL", faults: [nothing, badTokens, hastyTokens], plans: [terminated, killed] };
  const isAsked = isWanted({ name: "the database is gone" }) || [...onServer.faults, ...onServer.plans].some(isWanted);
  const server = findPostgres() && isAsked ? await startPostgres() : null;
  if (server) {
    await inWorld(upstreams, { ...onServer, url: `${server.origin}/postgres`, plans: [databaseGone(server), ...onServer.plans] });
    await server.stop();
  } else if (isAsked) await tellMissing("On PostgreSQL: nothing was provoked, it was not found here.");

  const crowded = `pglite:${path.join(folder.path, "crowd")}`;
  await inWorld(upstreams, { title: "Crowds of agents (PGlite)", url: crowded, faults: [manyAgents, slowAgents] });
  await folder.remove();
} finally {
  upstreams.stop();
}
process.exitCode = sections.every(({ rows }) => rows.every(passes)) ? 0 : 1;
