// How often something may happen. On the embedded database counted in memory; on a PostgreSQL server across the processes that share it.
import { LRUCache } from "lru-cache";
import type { Pool } from "pg";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";

import { sharedPool } from "./db.ts";
import { log } from "./log.ts";
import { hashSecret } from "./seal.ts";

interface Limit {
  /** Tells its keys apart from those of other limits. */
  name: string;
  /** What may be spent in `seconds`. */
  points: number;
  seconds: number;
}

const tableName = "RateLimit";

/** Seconds to wait after this refusal of a limit. Throws what is no refusal. */
function waitAfter(refusal: unknown): number {
  if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
  throw refusal;
}

/**
 * A limit that is exact across processes, for what happens seldom (trying a password): one statement each time on PostgreSQL, none once a key is
 * refused. Keys are stored as hashes. While the database is away each process counts for itself.
 */
export function exactLimit({ name, points, seconds }: Limit) {
  const options = { keyPrefix: name, points, duration: seconds };
  const memory = new RateLimiterMemory(options);
  let held: { pool: Pool; limiter: RateLimiterPostgres } | undefined;
  const limiter = (): RateLimiterMemory | RateLimiterPostgres => {
    const pool = sharedPool;
    if (!pool) return memory;
    if (held?.pool !== pool) {
      const store = { storeClient: pool, storeType: "pool", tableName, tableCreated: true, clearExpiredByTimeout: false };
      held = {
        pool,
        limiter: new RateLimiterPostgres({ ...options, ...store, inMemoryBlockOnConsumed: points + 1, insuranceLimiter: memory }),
      };
    }
    return held.limiter;
  };
  return {
    /** Seconds to wait, or null when it may happen. */
    spend: (key: string): Promise<number | null> =>
      limiter()
        .consume(hashSecret(key))
        .then(() => null, waitAfter),
    forget: async (key: string): Promise<void> => void (await limiter().delete(hashSecret(key))),
  };
}

/** Milliseconds between two exchanges of what this process spent for what the others did. */
const exchangeMs = 1_000;
/** What one process spends of a limit before the others hear of it, as a part of the limit: keys far below theirs cost no statement. */
const quietShare = 1 / 50;

interface Spent {
  limiter: RateLimiterMemory;
  key: string;
  points: number;
}

/** What the others were not told yet, by the key that is stored. */
let untold = new Map<string, Spent>();
let exchanging: NodeJS.Timeout | null = null;

// One statement for all keys, in one order in all processes: two that lock the same rows in different orders would wait for each other.
const exchangeRows = {
  name: "rate-limits-exchanged",
  text: `INSERT INTO "${tableName}" AS kept ("key", "points", "expire")
    SELECT "key", "points", (extract(epoch FROM now()) * 1000)::bigint + "ms"
    FROM jsonb_to_recordset($1::jsonb) AS spent("key" text, "points" int, "ms" bigint) ORDER BY "key"
    ON CONFLICT ("key") DO UPDATE SET
      "points" = CASE WHEN kept."expire" <= (extract(epoch FROM now()) * 1000)::bigint THEN EXCLUDED."points" ELSE kept."points" + EXCLUDED."points" END,
      "expire" = CASE WHEN kept."expire" <= (extract(epoch FROM now()) * 1000)::bigint THEN EXCLUDED."expire" ELSE kept."expire" END
    RETURNING "key", "points", "expire" - (extract(epoch FROM now()) * 1000)::bigint AS "ms"`,
};

function tell(id: string, spent: Spent): void {
  const waiting = untold.get(id);
  if (waiting) waiting.points += spent.points;
  else untold.set(id, spent);
  exchanging ??= setTimeout(() => void exchange(), exchangeMs).unref();
}

/** Tells the others what was spent here, and learns what was spent everywhere. Never throws: while the database is away each process counts for itself. */
async function exchange(): Promise<void> {
  const telling = untold;
  untold = new Map();
  try {
    if (!sharedPool) return;
    const rows = await Promise.all(
      [...telling].map(async ([key, { limiter, points, key: own }]) => {
        // The rest of this process' window: what it spent before is over with it.
        const left = (await limiter.get(own))?.msBeforeNext ?? 0;
        return { key, points, ms: Math.round(left > 0 ? left : limiter.duration * 1_000) };
      }),
    );
    const { rows: totals } = await sharedPool.query<{ key: string; points: number; ms: string }>({
      ...exchangeRows,
      values: [JSON.stringify(rows)],
    });
    for (const { key, points, ms } of totals) {
      const spent = telling.get(key);
      // What was let through while the answer was on its way counts as well.
      if (spent && Number(ms) > 0) await spent.limiter.set(spent.key, points + (untold.get(key)?.points ?? 0), Number(ms) / 1_000);
    }
  } catch (error) {
    log.warn({ err: error }, "rate limits are counted by each process alone right now");
    for (const [key, spent] of telling) tell(key, spent);
  } finally {
    exchanging = null;
    if (untold.size > 0) exchanging = setTimeout(() => void exchange(), exchangeMs).unref();
  }
}

/**
 * A limit for what happens at every call: counted in memory, without a statement. On PostgreSQL a process that spent a fiftieth of a key's limit
 * exchanges counts with the others every second, for all keys in one statement. Together N processes let through at most the limit and, for each
 * process but one, the fiftieth that is not told and what it lets through in a second.
 */
export function roughLimit({ name, points, seconds }: Limit) {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
  /** The keys whose window the others know of. */
  const told = new LRUCache<string, true>({ max: 10_000 });
  const noteSpent = (key: string, cost: number, { consumedPoints, isFirstInDuration }: RateLimiterRes) => {
    if (isFirstInDuration) told.delete(key);
    if (consumedPoints < points * quietShare) return;
    tell(`${name}:${key}`, { limiter, key, points: told.has(key) ? cost : consumedPoints });
    told.set(key, true);
  };
  return {
    limiter,
    /** Seconds to wait, or null when it may happen. */
    spend: async (key: string, cost = 1): Promise<number | null> => {
      try {
        const state = await limiter.consume(key, cost);
        if (sharedPool) noteSpent(key, cost, state);
        return null;
      } catch (refusal) {
        return waitAfter(refusal);
      }
    },
  };
}

/** Deletes counts whose window is over. */
export async function sweepRateLimits(): Promise<void> {
  await sharedPool?.query(`DELETE FROM "${tableName}" WHERE "expire" < $1`, [Date.now()]);
}
