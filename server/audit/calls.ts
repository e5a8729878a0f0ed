// Audit rows of executed capabilities. The intent is durable before the call leaves; concurrent intents share one insert (group commit),
// and outcomes are written in batches off the request path.
import { randomUUID } from "node:crypto";

import type { Actor } from "#server/auth/actor.ts";
import { type Statement, write } from "#server/db.ts";
import { orUnavailable } from "#server/database-error.ts";
import { DomainError } from "#server/errors.ts";
import { log } from "#server/log.ts";
import { counter, gauges, histogram } from "#server/metric.ts";

export interface CallIntent {
  capability: string;
  connectionId: string | null;
  connectionName: string | null;
  /** "sha256:<hex>" and size of the arguments; the arguments themselves are not kept. */
  argumentsDigest: string;
  argumentsBytes: number;
}

export interface CallOutcome {
  outcome: "ok" | "failed" | "denied";
  errorCode?: string;
  durationMs: number;
}

interface Waiting {
  row: { id: string; actor: Actor; intent: CallIntent };
  done: () => void;
  failed: (error: unknown) => void;
}

/** Milliseconds that outcomes wait for company. */
const outcomeDelayMs = 50;
const maxBatch = 200;

// One statement with one parameter, however many rows: several times cheaper than a generated insert, and this is on the path of every call.
const columns = `"id","orgId","at","action","via","membershipId","actorName","tokenId","targetType","targetId","targetName","outcome","requestId","details"`;
const insertRows: Statement = {
  name: "calls-begun",
  text: `INSERT INTO "AuditEvent" (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::"AuditEvent", $1::jsonb)`,
};
const endRows: Statement = {
  name: "calls-ended",
  text: `UPDATE "AuditEvent" AS event SET "outcome" = ended."outcome", "errorCode" = ended."errorCode", "durationMs" = ended."durationMs"
    FROM jsonb_to_recordset($1::jsonb) AS ended("id" text, "outcome" text, "errorCode" text, "durationMs" int) WHERE event."id" = ended."id"`,
};

const waiting: Waiting[] = [];
let writing: Promise<void> | null = null;
let outcomes: (CallOutcome & { id: string })[] = [];
let outcomeTimer: NodeJS.Timeout | null = null;

gauges(
  "gatehouse_audit_waiting",
  "Audit rows of calls that wait to be written: intents (their calls wait, too) and outcomes.",
  "kind",
  () => ({
    intents: waiting.length,
    outcomes: outcomes.length,
  }),
);
const batchSizes = histogram("gatehouse_audit_batch_rows", "Intents that shared one insert.", [1, 2, 5, 10, 20, 50, 100, 200]);
const lost = counter("gatehouse_audit_outcomes_lost_total", "Outcomes that could not be written; their rows stay at started.");

async function insert(batch: Waiting[]): Promise<void> {
  const at = new Date();
  const rows = batch.map(({ row: { id, actor, intent } }) => ({
    id,
    orgId: actor.orgId,
    at,
    action: "capability.executed",
    via: actor.via,
    membershipId: actor.membershipId,
    actorName: actor.name,
    tokenId: actor.tokenId,
    targetType: "capability",
    targetId: intent.connectionId,
    targetName: intent.capability.slice(0, 400),
    outcome: "started",
    requestId: actor.requestId,
    details: { connection: intent.connectionName, argumentsDigest: intent.argumentsDigest, argumentsBytes: intent.argumentsBytes },
  }));
  await write(insertRows, [JSON.stringify(rows)]);
}

/** What a whole batch was refused for is the fault of one row at the most: the others must not suffer for it. */
async function oneByOne(batch: readonly Waiting[], error: unknown): Promise<void> {
  const away = orUnavailable(error) instanceof DomainError;
  for (const one of batch) {
    if (away || batch.length === 1) one.failed(error);
    else await insert([one]).then(one.done, one.failed);
  }
}

async function drain(): Promise<void> {
  while (waiting.length > 0) {
    // PGlite answers without ever letting the event loop turn: without this pause every request that just arrived would be written alone.
    await new Promise((resolve) => setImmediate(resolve));
    const batch = waiting.splice(0, maxBatch);
    batchSizes.observe(batch.length);
    try {
      await insert(batch);
      for (const { done } of batch) done();
    } catch (error) {
      await oneByOne(batch, error);
    }
  }
  writing = null;
}

/** Records that a call is about to leave; resolves with the row's id once it is durable. Rejects when it could not be written: then nothing may leave. */
export async function recordIntent(actor: Actor, intent: CallIntent): Promise<string> {
  const id = randomUUID();
  await new Promise<void>((done, failed) => {
    waiting.push({ row: { id, actor, intent }, done, failed });
    writing ??= drain();
  });
  return id;
}

/** Records how a call ended. Returns at once; the row says "started" until the batch is written. */
export function recordOutcome(id: string, outcome: CallOutcome): void {
  outcomes.push({ id, ...outcome });
  outcomeTimer ??= setTimeout(() => void writeOutcomes(), outcomeDelayMs).unref();
}

async function writeOutcomes(): Promise<void> {
  outcomeTimer = null;
  const batch = outcomes;
  outcomes = [];
  if (batch.length === 0) return;
  try {
    await write(endRows, [JSON.stringify(batch)]);
  } catch (error) {
    lost.add(batch.length);
    log.error({ err: error, count: batch.length }, "outcomes of calls could not be written; their audit rows stay at started");
  }
}

/** Writes everything that is still waiting, at the end of the process. */
export async function flushCalls(): Promise<void> {
  if (outcomeTimer) clearTimeout(outcomeTimer);
  await writing;
  await writeOutcomes();
}
