// The database: PGlite in a thread of this process or a PostgreSQL server, behind one driver and one Prisma client. The only file that opens it, with server/embedded.ts.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { PrismaPg } from "@prisma/adapter-pg";
import { Client, DatabaseError, Pool } from "pg";

import { type Prisma, PrismaClient } from "../generated/prisma/client.ts";
import { openChangeChannel } from "./change-channel.ts";
import { lockDataFolder } from "./data-lock.ts";
import { watchDiskSpace } from "./disk-space.ts";
import { type Embedded, openThread } from "./embedded.ts";
import { DomainError } from "./errors.ts";
import { log } from "./log.ts";
import { gauges } from "./metric.ts";
import { migrate } from "./migrate.ts";
import { projectRoot } from "./root.ts";

export * from "../generated/prisma/enums.ts";
export { Prisma } from "../generated/prisma/client.ts";

/** The client inside `transaction`. */
export type Tx = Prisma.TransactionClient;

/** How long to wait for a connection to a PostgreSQL server. */
const connectTimeoutMs = 5_000;
/** How long a PostgreSQL server may take for one statement outside a transaction, or for a whole transaction. */
const answerMs = 10_000;
/** How long a connection may rest before it is asked for a sign of life. By default that is two hours, in which one that only listens would hear nothing. */
const restMs = 10_000;
/** How long a database that is ready may take to say so. */
const readyMs = 5_000;

/** The open database; set by `openDatabase`. */
export let db: PrismaClient;

/** A statement that stays prepared; `name` tells it apart. */
export interface Statement {
  name: string;
  text: string;
}

/**
 * Runs one writing statement outside any transaction, past the ORM: half the cost, for the statements on the path of every call alone.
 * Throws UNAVAILABLE when the database cannot be reached.
 */
export let write: (statement: Statement, values: readonly unknown[]) => Promise<void>;
/** Whether the database runs in this process. */
export let isEmbedded = false;
/** The connections to a PostgreSQL server, which other processes may use as well; null on the embedded database, which is this process' own. */
export let sharedPool: Pool | null = null;
let connections: Pool | undefined;
/** Throws UNAVAILABLE while there is no room for a change; `transaction` and `write` ask themselves. */
export let demandRoom: () => void = () => undefined;
let close: (() => Promise<void>) | undefined;

/**
 * Opens the database that `url` names ("pglite:<folder>", "pglite:memory", "postgresql://...") and applies missing migrations.
 * `dump` is a dumped PGlite data directory to begin with, for "pglite:memory".
 * Throws UNAVAILABLE when it cannot be reached, is in use by another process, or a migration fails.
 */
export async function openDatabase(url: string, dump?: Blob): Promise<void> {
  if (close) throw new Error("The database is open already.");
  isEmbedded = url.startsWith("pglite:");
  const opened = isEmbedded ? await openEmbedded(url.slice("pglite:".length), dump) : await openServer(url);
  db = opened.client;
  write = opened.write;
  connections = opened.pool;
  sharedPool = isEmbedded ? null : opened.pool;
  demandRoom = opened.demandRoom;
  close = opened.close;
  for (const name of opened.applied) log.info({ migration: name }, "migration applied");
}

gauges(
  "gatehouse_database_connections",
  "Connections to the database: open, and idle among them; waiting are queries that find none free.",
  "state",
  () => ({ open: connections?.totalCount ?? 0, idle: connections?.idleCount ?? 0, waiting: connections?.waitingCount ?? 0 }),
);

/** Closes the database; waits for the queries that run, not for those that wait for a connection. Does nothing when it is not open. */
export async function closeDatabase(): Promise<void> {
  const closing = close;
  close = undefined;
  sharedPool = null;
  connections = undefined;
  await closing?.();
}

/** Whether the database answers. Migrations are always applied once it is open. */
export async function databaseReady(): Promise<boolean> {
  if (!close) return false;
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, readyMs, false);
  });
  const answered = db.$queryRaw`SELECT 1 FROM "_prisma_migrations" LIMIT 1`.then(
    () => true,
    () => false,
  );
  return Promise.race([answered, silent]).finally(() => clearTimeout(timer));
}

/**
 * Runs `fn` in one transaction; everything it writes is kept or nothing. Inside use `tx` alone, never `db`:
 * PGlite is one connection, so `db` would wait for this transaction to end. No network calls inside either.
 * Throws UNAVAILABLE, before anything is written, when the disk of the embedded database is full.
 */
export async function transaction<Result>(fn: (tx: Tx) => Promise<Result>): Promise<Result> {
  demandRoom();
  return db.$transaction(fn, { maxWait: 10_000, timeout: 10_000 });
}

/** The folder of an embedded database; null for one in memory and for a server's. */
export function folderOf(url: string): string | null {
  return url.startsWith("pglite:") && url !== "pglite:memory" ? url.slice("pglite:".length) : null;
}

/** Statements that stay prepared on each connection: as good as all that the product has, and a bound for those whose text varies with their values. */
const maxPrepared = 500;
/** Characters of a statement beyond which it does not: an insert of two thousand rows holds megabytes, and the next one has other rows. */
const maxPreparedLength = 4_096;

/** Prisma on these connections. Its statements stay prepared: reading and planning one costs more than running it. */
function prismaOn(pool: Pool): PrismaClient {
  const names = new Map<string, string>();
  const statementNameGenerator = ({ sql }: { sql: string }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= maxPrepared || sql.length > maxPreparedLength) return "";
    // By its text, so that it means the same wherever it turns up.
    const name = `p_${createHash("sha256").update(sql).digest("hex").slice(0, 24)}`;
    names.set(sql, name);
    return name;
  };
  return new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator }) });
}

function writeOn(pool: Pool, demandRoom: () => void): typeof write {
  return async (statement, values) => {
    demandRoom();
    try {
      await pool.query({ ...statement, values: [...values] });
    } catch (cause) {
      if (cause instanceof DatabaseError) throw cause;
      // Everything that PostgreSQL did not say itself was said on the way to it.
      throw new DomainError("UNAVAILABLE", "The database cannot be reached right now. Try again in a moment.", { cause });
    }
  };
}

interface Opened {
  client: PrismaClient;
  write: typeof write;
  pool: Pool;
  demandRoom: () => void;
  close: () => Promise<void>;
  applied: string[];
}

/** The empty database that the build made, to begin with; without a build PGlite makes its own, which takes longer and more memory. */
function emptyDatabase(): Blob | undefined {
  const file = path.join(projectRoot, "build/empty-database.tar.gz");
  return existsSync(file) ? new Blob([readFileSync(file)], { type: "application/x-gzip" }) : undefined;
}

async function openEmbedded(folder: string, dump: Blob | undefined): Promise<Opened> {
  const inMemory = folder === "memory";
  let unlock: (() => void) | undefined;
  let embedded: Embedded | undefined;
  try {
    if (!inMemory) unlock = lockDataFolder(folder);
    const isNew = inMemory || !existsSync(path.join(folder, "PG_VERSION"));
    embedded = await openThread(inMemory ? undefined : folder, isNew ? (dump ?? emptyDatabase()) : undefined);
    const { pool, close: closeThread } = embedded;
    const applied = await migrate({ query: (sql, parameters) => pool.query(sql, parameters), run: (sql) => pool.query(sql) });
    const space = inMemory ? null : watchDiskSpace(folder);
    const demandRoom = () => space?.demand();
    const client = prismaOn(pool);
    const close = async () => {
      space?.stop();
      await client.$disconnect();
      await closeThread();
      unlock?.();
    };
    return { client, write: writeOn(pool, demandRoom), pool, demandRoom, close, applied };
  } catch (cause) {
    await embedded?.close();
    unlock?.();
    if (cause instanceof DomainError) throw cause;
    throw new DomainError("UNAVAILABLE", `The database in ${folder} cannot be opened: ${reason(cause)}`, { cause });
  }
}

async function openServer(url: string): Promise<Opened> {
  const applied = await migrateServer(url);
  const server = {
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: restMs,
  };
  const pool = new Pool({ ...server, max: 10 });
  endSilentConnections(pool);
  // Without a listener an idle connection that the server drops would end the process; the next query opens a new one.
  pool.on("error", (error) => log.warn({ err: error }, "database connection lost"));
  const client = prismaOn(pool);
  const closeChannel = openChangeChannel(pool, () => new Client(server));
  const close = async () => {
    await closeChannel();
    await client.$disconnect();
    await pool.end();
  };
  const demandRoom = () => undefined;
  return { client, write: writeOn(pool, demandRoom), pool, demandRoom, close, applied };
}

/**
 * Ends a connection that is in use for too long: a server that is cut off by a network says nothing, for ever. Everything that waits on it fails at
 * once, and it does not go back to the pool, where a transaction that is still open on it would take in what others write. The driver's own
 * `query_timeout` leaves the connection as it is, and would wait once more for the ROLLBACK.
 */
function endSilentConnections(pool: Pool): void {
  const inUse = new Map<unknown, NodeJS.Timeout>();
  pool.on("acquire", (client) => {
    const end = () => {
      log.warn("the database did not answer in time: the connection is ended");
      if (client instanceof Client) client.end().catch(() => undefined);
    };
    inUse.set(client, setTimeout(end, answerMs).unref());
  });
  pool.on("release", (_error, client) => {
    clearTimeout(inUse.get(client));
    inUse.delete(client);
  });
}

/** Migrates over a connection of its own, which may take its time: an advisory lock belongs to one. */
async function migrateServer(url: string): Promise<string[]> {
  const connection = new Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  try {
    await connection.connect();
    return await migrate({ query: (sql, parameters) => connection.query(sql, parameters), run: (sql) => connection.query(sql) });
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    const { host } = new URL(url);
    throw new DomainError("UNAVAILABLE", `The database at ${host} cannot be reached: ${reason(cause)}. Check DATABASE_URL.`, { cause });
  } finally {
    // Also after a connection that never came up: a second failure would only hide the first.
    await connection.end().catch(() => undefined);
  }
}

function reason(cause: unknown): string {
  // Node tries every address of a name and packs the failures into one error without a message.
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : String(cause);
}
