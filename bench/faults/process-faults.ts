// The faults of the product's own ground, which every call notices: the database away, the disk full, SIGTERM, kill -9. Judged by what is said
// meanwhile, by what was executed, by what is still there afterwards, and by how long it takes to be as before.
import { type Product, startProduct } from "#tests/setup/product.ts";

import { pause, quantile, type Sample } from "./load.ts";
import { complaints, latencyOf, type Row } from "./measure.ts";
import { lostWrites, recovery, startWriter, steady, type Upstreams, type World } from "./world.ts";

interface Plan {
  name: string;
  how: string;
  /** Provokes the fault under load, and ends it; `ended` is when (performance.now). The product may be another one afterwards. */
  provoke: (world: World) => Promise<{ product: Product; ended: number; checks: Row["checks"] }>;
  /** Which calls may stay without an answer; none by default. */
  mayLose?: (sample: Sample) => boolean;
}

/** What the ledger says: nothing arrived twice, and all that was answered right had arrived. */
async function ledgerChecks(upstreams: Upstreams, samples: readonly Sample[]): Promise<Row["checks"]> {
  const { executed } = await upstreams.ledger();
  const arrived = new Set(executed);
  const right = samples.filter(({ end }) => end === "right");
  const refused = samples.filter(({ end }) => end === "refused");
  const missing = right.filter(({ text }) => !arrived.has(text)).length;
  // Who is told to try again does so.
  const refusedAndRun = refused.filter(({ text }) => arrived.has(text)).length;
  return [
    { what: `executed twice: ${executed.length - arrived.size} of ${executed.length}`, ok: executed.length === arrived.size },
    { what: `answered right without having been executed: ${missing} of ${right.length}`, ok: missing === 0 },
    {
      what: `refused with words to try again: ${refused.length}, p99 ${quantile(refused, 0.99).toFixed(0)} ms, of which had been executed: ${refusedAndRun}`,
      ok: refusedAndRun === 0,
    },
  ];
}

export async function provokeUnderLoad(
  world: World,
  { name, how, provoke, mayLose = () => false }: Plan,
): Promise<{ row: Row; world: World }> {
  await world.upstreams.ledger();
  const calm = steady(world);
  await pause(4_000);
  const before = await calm.stop();
  const writer = startWriter(world);
  const load = steady(world);
  await pause(1_000);
  const { product, ended, checks } = await provoke(world);
  const next = { ...world, product };
  const [target] = world.healthy;
  const found = target ? await recovery(next, target) : Number.POSITIVE_INFINITY;
  const back = Number.isFinite(found) ? performance.now() - ended : found;
  const during = await load.stop();
  const judged = await ledgerChecks(world.upstreams, [...before, ...during]);
  const again = steady(next);
  await pause(4_000);
  const after = await again.stop();
  const [first, last] = [latencyOf(before), latencyOf(after)];
  const isAllowed = (sample: Sample) => sample.end === "refused" || (sample.end === "lost" && mayLose(sample));
  const row: Row = {
    fault: name,
    how,
    before: first,
    during: null,
    ratio: null,
    wrong: [...complaints(before), ...complaints(during.filter((sample) => !isAllowed(sample))), ...complaints(after)],
    lost: await lostWrites(product, await writer.stop()),
    recovery: back,
    checks: [
      ...checks,
      ...judged,
      // Where it is a new process its code is not compiled yet: told, and not judged.
      {
        what: `p99 in the first seconds afterwards ${last.p99.toFixed(1)} ms (${(last.p99 / first.p99).toFixed(2)}x, not judged)`,
        ok: true,
      },
      { what: `without an answer, while nobody listened: ${during.filter(({ end }) => end === "lost").length}`, ok: true },
    ],
  };
  return { row, world: next };
}

export function databaseGone({ crash, restart }: { crash: () => Promise<void>; restart: () => Promise<void> }): Plan {
  return {
    name: "the database is gone for 10 s",
    how: "PostgreSQL ends at once (immediate) under load, and starts again",
    provoke: async ({ product }) => {
      await crash();
      await pause(10_000);
      const ready = await fetch(`${product.origin}/readyz`);
      const ended = performance.now();
      await restart();
      return { product, ended, checks: [{ what: `/readyz meanwhile: ${ready.status}`, ok: ready.status === 503 }] };
    },
  };
}

export function diskFull({ fill, free }: { fill: () => void; free: () => void }): Plan {
  return {
    name: "the disk is full",
    how: "the data folder on a small tmpfs that is filled for 8 s under load",
    provoke: async ({ product }) => {
      fill();
      await pause(8_000);
      const written = await product.api("agentToken.create", { name: "full", scopes: ["mcp:read"], expiresInDays: 1 }).then(
        () => "it was written",
        (error: unknown) => String(error),
      );
      free();
      return {
        product,
        ended: performance.now(),
        checks: [{ what: "a change is refused: the disk is full", ok: /disk .* is full/.test(written) }],
      };
    },
  };
}

/** SIGTERM and a start again, as a supervisor does it. */
export const terminated: Plan = {
  name: "SIGTERM under load",
  how: "then started again on the same data",
  // Between the end of one process and the start of the next nobody listens, and who is in the kernel's queue as the port closes is turned away by the
  // kernel; who had been heard gets an answer.
  mayLose: ({ said }) => /connect (ECONNREFUSED|ECONNRESET)/.test(said),
  provoke: async ({ product, settings }) => {
    const began = performance.now();
    const code = await product.stop();
    const ms = performance.now() - began;
    const port = new URL(product.origin).port;
    const next = await startProduct({ ...settings, PORT: port });
    return {
      product: next,
      ended: began,
      checks: [{ what: `exit code ${code} after ${(ms / 1_000).toFixed(1)} s`, ok: code === 0 && ms < 10_500 }],
    };
  },
};

export const killed: Plan = {
  name: "kill -9 under load",
  how: "then started again on the same data",
  mayLose: () => true,
  provoke: async ({ product, settings }) => {
    const ended = performance.now();
    await product.kill();
    const port = new URL(product.origin).port;
    return { product: await startProduct({ ...settings, PORT: port }), ended, checks: [] };
  },
};
