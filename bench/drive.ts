// The load driver: raw keep-alive requests at a fixed concurrency; every response body is checked.
import { Pool } from "undici";

export interface Load {
  origin: string;
  path: string;
  headers: Record<string, string>;
  /** The request body of the n-th call, and what its answer has to contain. */
  body: (n: number) => { send: string; expect: string };
}

export interface Measured {
  p50: number;
  p99: number;
  perSecond: number;
}

/** Runs `count` calls with `concurrency` at once. Throws at the first wrong answer. */
export async function drive({ origin, path, headers, body }: Load, concurrency: number, count: number): Promise<Measured> {
  const pool = new Pool(origin, { connections: concurrency, pipelining: 1 });
  const times: number[] = [];
  let next = 0;
  const began = performance.now();
  const worker = async () => {
    while (next < count) {
      const { send, expect } = body(next);
      next += 1;
      const start = performance.now();
      const response = await pool.request({ method: "POST", path, headers, body: send });
      const text = await response.body.text();
      times.push(performance.now() - start);
      if (response.statusCode !== 200 || !text.includes(expect))
        throw new Error(`Wrong answer (${response.statusCode}): ${text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - began) / 1000;
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), perSecond: count / seconds };
}

/** The middle one of several runs, each figure by itself. */
export function median(runs: Measured[]): Measured {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return {
    p50: middle(runs.map(({ p50 }) => p50)),
    p99: middle(runs.map(({ p99 }) => p99)),
    perSecond: middle(runs.map(({ perSecond }) => perSecond)),
  };
}
