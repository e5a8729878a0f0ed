// The vectors of queries: remembered, and waited for a moment only.
import { LRUCache } from "lru-cache";

import { embed, isPaused } from "./provider.ts";

/** Milliseconds that a search waits for its query's vector. */
const budgetMs = 150;
/** A late answer is still remembered for the next time, up to this many milliseconds. */
const timeoutMs = 5_000;
/** So many late ones in a row, and nothing is waited for, nor asked, for so many milliseconds. */
const lateInARow = 3;
const restMs = 30_000;
/** Requests under way. */
const maxRunning = 8;
const maxCacheBytes = 8 * 1_048_576;

const cache = new LRUCache<string, Float32Array>({ maxSize: maxCacheBytes, sizeCalculation: ({ byteLength }) => byteLength });
let running = 0;
let late = 0;
let restsUntil = 0;

const keyOf = (orgId: string, query: string) => `${orgId} ${query}`;

async function ask(orgId: string, queries: readonly string[]): Promise<void> {
  running += 1;
  try {
    const vectors = await embed(queries, timeoutMs);
    for (const [index, vector] of vectors.entries()) cache.set(keyOf(orgId, queries[index] ?? ""), vector);
  } catch {
    // The provider's pause has begun, and its log line is written.
  } finally {
    running -= 1;
  }
}

/** Whether `work` ended within the budget. */
async function inTime(work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), budgetMs);
  });
  const isInTime = await Promise.race([work.then(() => true), over]).finally(() => clearTimeout(timer));
  late = isInTime ? 0 : late + 1;
  if (late >= lateInARow) {
    late = 0;
    restsUntil = Date.now() + restMs;
  }
  return isInTime;
}

/** The vector of each query, all of one length; null when they are not there in time. Never throws, and never takes longer than the budget. */
export async function queryVectors(orgId: string, queries: readonly string[]): Promise<Float32Array[] | null> {
  const missing = queries.filter((query) => !cache.has(keyOf(orgId, query)));
  if (missing.length > 0) {
    if (isPaused() || Date.now() < restsUntil || running >= maxRunning) return null;
    if (!(await inTime(ask(orgId, [...new Set(missing)])))) return null;
  }
  const vectors = queries.flatMap((query) => cache.get(keyOf(orgId, query)) ?? []);
  return vectors.length === queries.length && vectors.every(({ length }) => length === vectors[0]?.length) ? vectors : null;
}

/** How many vectors of queries are in memory, and how many bytes they take. */
export function queryVectorMemory(): { queryVectors: number; bytes: number } {
  return { queryVectors: cache.size, bytes: cache.calculatedSize };
}
