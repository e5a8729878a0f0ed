// `npm run bench -- steady [minutes] [pglite | postgresql]`: twenty calls at once for that long. Counts errors and watches the memory.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

import { Pool } from "undici";

import { callOnce, type Load, median, quantile } from "./drive.ts";
import { connectTo, type Database, gatewayLoad, openDatabase, startOn, tokensFor } from "./gatehouse.ts";
import { cpuSeconds, residentMb, root, startProgram } from "./program.ts";
import { said, say } from "./report.ts";

const atOnce = 20;
const sampleMs = 10_000;
/** Calls of which the time is kept: enough for a p99, and no growing list beside the measurement. */
const maxTimes = 200_000;

interface Sample {
  minutes: number;
  mb: number;
}

interface Tally {
  calls: number;
  errors: string[];
  times: number[];
}

async function callUntil(load: Load, until: number): Promise<Tally> {
  const tally: Tally = { calls: 0, errors: [], times: [] };
  const pool = new Pool(load.origins[0] ?? "", { connections: atOnce, pipelining: 1 });
  const worker = async (_: unknown, number: number) => {
    while (Date.now() < until) {
      tally.calls += 1;
      const n = tally.calls;
      try {
        tally.times[n % maxTimes] = await callOnce(load, pool, number, n);
      } catch (error) {
        tally.errors.push(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  await pool.close();
  return tally;
}

async function watch(pid: number, until: number): Promise<Sample[]> {
  const began = Date.now();
  const samples: Sample[] = [];
  while (Date.now() < until) {
    samples.push({ minutes: (Date.now() - began) / 60_000, mb: residentMb(pid) });
    await setTimeout(Math.min(sampleMs, Math.max(1, until - Date.now())));
  }
  return samples;
}

/** MB per hour, by least squares. */
function slope(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ mb }) => mb)];
  const across = samples.reduce((sum, { minutes, mb }) => sum + (minutes - x) * (mb - y), 0);
  return (across / samples.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0)) * 60;
}

/** Runs it and writes docs/reports/steady-<database>.md, unless it was too short to say anything about memory. Returns whether the aims were reached. */
export async function steady(minutes: number, database: Database): Promise<boolean> {
  const echo = await startProgram("echo-upstream");
  const { url, remove } = await openDatabase(database);
  const product = await startOn(url);
  try {
    const load = gatewayLoad([product.origin], await tokensFor(product, atOnce), await connectTo(product, echo.origin, 1), "echo");
    const until = Date.now() + minutes * 60_000;
    const cpu = cpuSeconds(product.pid);
    const [{ calls, errors, times }, samples] = await Promise.all([callUntil(load, until), watch(product.pid, until)]);
    const cpuPerThousand = ((cpuSeconds(product.pid) - cpu) / calls) * 1_000;
    // A short trial has no five minutes to warm up in.
    const warmUp = Math.min(5, minutes / 3);
    const warm = samples.filter((sample) => sample.minutes >= warmUp);
    const some = Math.max(1, Math.min(12, Math.floor(warm.length / 3)));
    const [first, last] = [median(warm.slice(0, some).map(({ mb }) => mb)), median(warm.slice(-some).map(({ mb }) => mb))];
    const growth = (last / first - 1) * 100;
    const highest = Math.max(...samples.map(({ mb }) => mb));
    say(`# Steady load, ${minutes} minutes on ${database}\n`);
    say(
      `\`npm run bench -- steady ${minutes} ${database.toLowerCase()}\`: ${atOnce} calls at once, all the time, each answer checked. Memory is the resident set every ten seconds.\n`,
    );
    say("| what | seen | aim | reached |\n| --- | --- | --- | --- |");
    say(`| errors | ${errors.length} of ${calls} calls | 0 | ${errors.length === 0 ? "yes" : "**no**"} |`);
    say(
      `| growth of resident memory after the first ${warmUp.toFixed(0)} minutes | ${growth.toFixed(1)} % (${first.toFixed(0)} MB to ${last.toFixed(0)} MB, ${slope(warm).toFixed(0)} MB an hour) | under 3 % | ${growth < 3 ? "yes" : "**no**"} |`,
    );
    say(
      `\n${(calls / minutes / 60).toFixed(0)} calls/s, p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms, ${cpuPerThousand.toFixed(2)} CPU seconds per 1,000 calls; highest memory ${highest.toFixed(0)} MB.`,
    );
    const every = Math.max(1, Math.round(samples.length / 30));
    const shown = samples.filter((_, at) => at % every === 0).map((sample) => `${sample.minutes.toFixed(0)}: ${sample.mb.toFixed(0)}`);
    say(`\nMinute: MB. ${shown.join(", ")}.`);
    for (const words of errors.slice(0, 10)) say(`- ${words}`);
    if (minutes >= 15) await writeFile(path.join(root, `docs/reports/steady-${database.toLowerCase()}.md`), said());
    return errors.length === 0 && growth < 3;
  } finally {
    await product.stop();
    await remove();
    await echo.stop();
  }
}
