// How a fault is judged: the same load on the healthy connections before and during it, in several rounds by turns.
import { pause, quantile, type Sample } from "./load.ts";
import { lostWrites, recovery, startWriter, steady, type World } from "./world.ts";

export interface Latency {
  p50: number;
  p99: number;
}

export interface Row {
  fault: string;
  how: string;
  /** Milliseconds, of the calls of all rounds; null where every connection is meant to notice. */
  before: Latency | null;
  during: Latency | null;
  /** Of the two p99, and the least and the most of a single round. */
  ratio: { all: number; least: number; most: number } | null;
  wrong: string[];
  lost: number;
  /** Milliseconds until the connection in question, or the product, answered right again; the longest of the rounds. */
  recovery: number | null;
  /** What else has to hold, and whether it did. */
  checks: { what: string; ok: boolean }[];
}

export const allowedRatio = 1.5;

export function passes({ ratio, wrong, lost, recovery: back, checks }: Row): boolean {
  return (
    (ratio === null || ratio.all <= allowedRatio) && wrong.length === 0 && lost === 0 && back !== Infinity && checks.every(({ ok }) => ok)
  );
}

export interface Fault {
  name: string;
  how: string;
  /** How often; as often as the run was told by default. */
  rounds?: number;
  /** Makes the fault happen for `ms` milliseconds, and says what else has to hold. */
  provoke: (world: World, ms: number) => Promise<Row["checks"]>;
  /** Milliseconds of each half of a round. */
  ms?: number;
  /** Milliseconds from its beginning in which everybody is meant to notice: what is called then has to end well, and says nothing about latency. */
  noticedMs?: number;
}

export const latencyOf = (samples: readonly Sample[]): Latency => ({ p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) });
export const complaints = (samples: readonly Sample[]) =>
  samples.filter(({ end }) => end !== "right").map(({ end, said }) => `${end}: ${said}`);

async function calm(world: World, ms: number): Promise<Sample[]> {
  const load = steady(world);
  await pause(ms);
  return load.stop();
}

/** What the measure itself moves: no fault is told from it by less. */
export const nothing: Fault = {
  name: "nothing happens",
  how: "no fault at all: how far the measure moves by itself",
  provoke: async (_world, ms) => {
    await pause(ms);
    return [];
  },
};

/** Provokes a fault that other connections must not notice. */
export async function measure(
  world: World,
  { name, how, rounds: own, provoke, ms = 15_000, noticedMs = 0 }: Fault,
  usual: number,
): Promise<Row> {
  const rounds = own ?? usual;
  const found: { before: Sample[]; during: Sample[]; recovery: number }[] = [];
  const wrong: string[] = [];
  const checks: Row["checks"] = [];
  const writer = startWriter(world);
  for (let round = 0; round < rounds; round += 1) {
    const before = await calm(world, ms);
    const load = steady(world);
    const judgedFrom = Date.now() + noticedMs;
    checks.push(...(await provoke(world, ms)));
    const during = await load.stop();
    const judged = during.filter(({ at }) => at >= judgedFrom);
    if (before.length === 0 || judged.length === 0) throw new Error("The load made no calls.");
    wrong.push(...complaints(before), ...complaints(during));
    found.push({ before, during: judged, recovery: await recovery(world, world.unruly) });
  }
  const lost = await lostWrites(world.product, await writer.stop());
  // All calls together: the p99 of one round are its fifteen worst, which are as much the machine's as the fault's.
  const before = latencyOf(found.flatMap((round) => round.before));
  const during = latencyOf(found.flatMap((round) => round.during));
  const single = found.map((round) => latencyOf(round.during).p99 / latencyOf(round.before).p99);
  return {
    fault: name,
    how,
    before,
    during,
    ratio: { all: during.p99 / before.p99, least: Math.min(...single), most: Math.max(...single) },
    wrong,
    lost,
    recovery: Math.max(...found.map((round) => round.recovery)),
    checks,
  };
}
