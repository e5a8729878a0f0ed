// Audit rows of executed capabilities: the intent is durable before the call leaves (docs/audit.md). On a database server concurrent intents share
// one insert (group commit). Beside an embedded database, whose one connection every call would wait for, they go into a journal in its folder, and
// from there into the database several times a second. Outcomes are always written in batches off the request path.
import path from "node:path";

import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { orUnavailable } from "#server/database-error.ts";
import { demandRoom } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { log } from "#server/log.ts";
import { gauges, histogram } from "#server/metric.ts";

import {
  type CallIntent,
  type CallOutcome,
  type CallRow,
  type EndedCall,
  insertCalls,
  loseOutcomes,
  rowOf,
  storeCalls,
  storeOutcomes,
} from "./call-rows.ts";
import { type Journal, openJournal } from "./journal.ts";

export type { CallIntent, CallOutcome };

interface Waiting {
  row: CallRow;
  done: () => void;
  failed: (error: unknown) => void;
}

/** A call whose row is durable. */
export interface RecordedCall {
  row: CallRow;
  /** Whether the row waits in the journal, so that how the call ends belongs into it. */
  isKept: boolean;
}

interface Kept extends RecordedCall {
  /** When it was written down, on the clock of performance.now(). */
  since: number;
  settled: () => void;
}

/** Milliseconds that outcomes, and rows in the journal, wait for company. On a database server each statement beside a call delays it. */
const delayMs = 250;
/** The same after the database was away. */
const awayDelayMs = 1_000;
/** Milliseconds that a row in the journal waits for its outcome: most calls are over by then, and need one statement instead of two. */
const outcomePatienceMs = 500;
/** Rows in one statement of a call's own. */
const maxBatch = 200;
/** Rows that go from the journal into the database at once. Whatever else is asked of PGlite waits: 50 are two milliseconds, and no dearer each. */
const journalBatch = 50;
/** Rows in the journal, beyond which calls are refused, and outcomes, beyond which they are lost: the database does not take them. */
const maxKept = 50_000;

const waiting: Waiting[] = [];
let committing: Promise<void> | null = null;
let journal: Journal | null = null;
// No Map: what comes and goes with each call leaves old tables behind, and each holds on to the next and to what was in it until a full collection.
let kept: Kept[] = [];
/** Rows in the journal: those kept, and those that are being stored. */
let inJournal = 0;
let outcomes: EndedCall[] = [];
let isAway = false;
let timer: NodeJS.Timeout | null = null;
let writing: Promise<void> | null = null;

gauges(
  "gatehouse_audit_waiting",
  "Audit rows of calls that wait to be written: intents (their calls wait, too), those in the journal, and outcomes.",
  "kind",
  () => ({
    intents: waiting.length,
    journal: inJournal,
    outcomes: outcomes.length,
  }),
);
const batchSizes = histogram("gatehouse_audit_batch_rows", "Intents that shared one insert.", [1, 2, 5, 10, 20, 50, 100, 200]);

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What a whole batch was refused for is the fault of one row at the most: the others must not suffer for it. */
async function oneByOne(batch: readonly Waiting[], error: unknown): Promise<void> {
  if (batch.length === 1) for (const one of batch) one.failed(error);
  else for (const one of batch) await insertCalls([one.row]).then(one.done, one.failed);
}

/** Rows of the last insert. */
let lastBatch = 1;

async function commit(): Promise<void> {
  let isSecondFailure = false;
  while (waiting.length > 0) {
    // Under load every request that just arrived is to share the insert. One call after the other does not wait for company.
    if (lastBatch > 1 || waiting.length > 1) await turn();
    const batch = waiting.splice(0, maxBatch);
    lastBatch = batch.length;
    batchSizes.observe(batch.length);
    try {
      await insertCalls(batch.map(({ row }) => row));
      for (const { done } of batch) done();
      isSecondFailure = false;
    } catch (error) {
      if (!(orUnavailable(error) instanceof DomainError)) await oneByOne(batch, error);
      else {
        // One lost connection is the fault of one insert. After the second nobody waits in line for a database that is away, insert after insert.
        for (const one of [...batch, ...(isSecondFailure ? waiting.splice(0) : [])]) one.failed(error);
        isSecondFailure = true;
      }
    }
  }
  committing = null;
}

/** Records that a call is about to leave; resolves once that is durable. Rejects when it could not be written: then nothing may leave. */
export async function recordIntent(actor: Actor, intent: CallIntent): Promise<RecordedCall> {
  const row = rowOf(actor, intent);
  if (journal) {
    // The rows have to find room in the database, and the journal may be on the same disk.
    demandRoom();
    if (inJournal >= maxKept) throw unavailable();
    return keep(row, appended(journal, row));
  }
  await new Promise<void>((done, failed) => {
    waiting.push({ row, done, failed });
    committing ??= commit();
  });
  return { row, isKept: false };
}

function appended(to: Journal, row: CallRow): () => void {
  try {
    return to.append(row);
  } catch (cause) {
    throw unavailable(cause);
  }
}

function unavailable(cause?: unknown): DomainError {
  return new DomainError("UNAVAILABLE", "This call could not be recorded, so it was not made. Try again in a moment.", { cause });
}

function keep(row: CallRow, settled: () => void): Kept {
  const one = { row, isKept: true, since: performance.now(), settled };
  kept.push(one);
  inJournal += 1;
  schedule();
  return one;
}

/** Records how a call ended. Returns at once; the row says "started" until the batch is written. */
export function recordOutcome({ row, isKept }: RecordedCall, outcome: CallOutcome): void {
  if (isKept) Object.assign(row, outcome);
  else outcomes.push({ id: row.id, ...outcome });
  schedule();
}

function schedule(): void {
  timer ??= setTimeout(() => void (writing ??= writeDown(outcomePatienceMs)), isAway ? awayDelayMs : delayMs).unref();
}

/** Stores what is due and goes on by itself until nothing is left. Never rejects: nobody waits for it. */
async function writeDown(patienceMs: number): Promise<void> {
  try {
    await storeKept(patienceMs);
    isAway = !(await storeEnded());
  } catch (error) {
    log.error({ err: error }, "audit rows of calls could not be written down; they are tried again");
  } finally {
    timer = null;
    writing = null;
    if (kept.length > 0 || outcomes.length > 0) schedule();
  }
}

/** Stores how calls ended; false when the database is away: what is left waits. */
async function storeEnded(): Promise<boolean> {
  const ended = outcomes;
  outcomes = [];
  for (let from = 0; from < ended.length; from += maxBatch) {
    if ((await storeOutcomes(ended.slice(from, from + maxBatch))).length === 0) continue;
    outcomes = [...ended.slice(from), ...outcomes];
    // The oldest: a bound on memory, not on time.
    loseOutcomes(outcomes.splice(0, Math.max(0, outcomes.length - maxKept)));
    return false;
  }
  return true;
}

/** Moves rows from the journal into the database, those without an outcome only after `patienceMs`. */
async function storeKept(patienceMs: number): Promise<void> {
  const now = performance.now();
  const isDue = ({ row, since }: Kept) => row.outcome !== "started" || now - since >= patienceMs;
  let due = kept.filter(isDue);
  kept = kept.filter((one) => !isDue(one));
  try {
    while (due.length > 0) {
      const batch = due.slice(0, journalBatch);
      // From here on an outcome is a change of a row that is stored.
      for (const one of batch) one.isKept = false;
      const left = new Set(await storeCalls(batch.map(({ row }) => row)));
      const stored = batch.filter(({ row }) => !left.has(row));
      inJournal -= stored.length;
      for (const { settled } of stored) settled();
      due = [...batch.filter(({ row }) => left.has(row)), ...due.slice(batch.length)];
      if (left.size > 0) break;
      await turn();
    }
  } finally {
    takeOutcomes(due);
    kept = [...due, ...kept];
  }
}

/** How a call ended while its row was refused belongs into the row: the database has none to change. */
function takeOutcomes(refused: readonly Kept[]): void {
  const rows = new Map(refused.filter(({ isKept }) => !isKept).map((one) => [one.row.id, one.row]));
  if (rows.size > 0)
    outcomes = outcomes.filter((ended) => {
      const row = rows.get(ended.id);
      if (row) Object.assign(row, ended);
      return !row;
    });
  for (const one of refused) one.isKept = true;
}

const leftRow = z.looseObject({ id: z.string(), outcome: z.string() });

/** Opens the journal beside an embedded database in `folder`, and stores what a process that was ended left in it. */
export async function openCallJournal(folder: string): Promise<void> {
  journal = openJournal(path.join(folder, "gatehouse-calls"));
  for (const { record, settled } of journal.left) {
    const row = leftRow.safeParse(record);
    if (row.success) keep(row.data, settled);
    else settled();
  }
  await (writing ??= writeDown(0));
}

/** Writes everything that is still waiting, at the end of the process. */
export async function flushCalls(): Promise<void> {
  await committing;
  await writing;
  await (writing ??= writeDown(0));
  if (timer) clearTimeout(timer);
  timer = null;
  loseOutcomes(outcomes.splice(0));
  journal?.close();
  journal = null;
}
