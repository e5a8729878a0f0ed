// The load driver: raw keep-alive requests at a fixed concurrency; every response body is checked.
import { Pool } from "undici";

export interface Load {
  /** Where the requests go, in turn. */
  origins: readonly string[];
  path: string;
  /** The headers of one of the workers that call at once: a busy organization's agents have tokens of their own. */
  headers: (worker: number) => Record<string, string>;
  /** The request body of the n-th call, and what its answer has to contain. */
  body: (n: number) => { send: string; expect: string };
}

export interface Measured {
  /** Milliseconds. */
  p50: number;
  p99: number;
  perSecond: number;
}

/** One call by one worker. Returns its milliseconds. Throws at a wrong answer. */
export async function callOnce({ path, headers, body }: Load, pool: Pool, worker: number, n: number): Promise<number> {
  const { send, expect } = body(n);
  const began = performance.now();
  const response = await pool.request({ method: "POST", path, headers: headers(worker), body: send });
  const text = await response.body.text();
  const took = performance.now() - began;
  if (response.statusCode !== 200 || !text.includes(expect))
    throw new Error(`Wrong answer (${response.statusCode}): ${text.slice(0, 300)}`);
  return took;
}

/** Runs `count` calls with `concurrency` at once. Throws at the first wrong answer. */
export async function drive(load: Load, concurrency: number, count: number): Promise<Measured> {
  const pools = load.origins.map((origin) => new Pool(origin, { connections: concurrency, pipelining: 1 }));
  const times: number[] = [];
  let next = 0;
  const began = performance.now();
  const worker = async (_: unknown, number: number) => {
    while (next < count) {
      const n = next;
      next += 1;
      const pool = pools[n % pools.length];
      if (pool) times.push(await callOnce(load, pool, number, n));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(pools.map((pool) => pool.close()));
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99), perSecond: count / seconds };
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);
