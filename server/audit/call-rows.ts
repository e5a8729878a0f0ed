// The audit rows of executed capabilities as the database takes them: many with one statement, since this is on the path of every call.
import { randomUUID } from "node:crypto";

import type { Actor } from "#server/auth/actor.ts";
import { orUnavailable } from "#server/database-error.ts";
import { type Statement, write } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { log } from "#server/log.ts";
import { counter } from "#server/metric.ts";

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

/** A row before it is stored; its other fields are named like the columns. */
export interface CallRow {
  id: string;
  outcome: string;
  errorCode?: string;
  durationMs?: number;
}

// One statement with one parameter, however many rows: several times cheaper than a generated insert. A row that is there already gets no more than how
// its call ended: it was stored by a statement whose answer was lost.
const columns = `"id","orgId","at","action","via","membershipId","actorName","tokenId","targetType","targetId","targetName","outcome","errorCode","durationMs","requestId","details"`;
const insertRows: Statement = {
  name: "calls-begun",
  text: `INSERT INTO "AuditEvent" (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::"AuditEvent", $1::json) ON CONFLICT ("id") DO UPDATE
    SET "outcome" = EXCLUDED."outcome", "errorCode" = EXCLUDED."errorCode", "durationMs" = EXCLUDED."durationMs"
    WHERE "AuditEvent"."outcome" = 'started' AND EXCLUDED."outcome" <> 'started'`,
};
const endRows: Statement = {
  name: "calls-ended",
  text: `UPDATE "AuditEvent" AS event SET "outcome" = ended."outcome", "errorCode" = ended."errorCode", "durationMs" = ended."durationMs"
    FROM json_to_recordset($1::json) AS ended("id" text, "outcome" text, "errorCode" text, "durationMs" int) WHERE event."id" = ended."id"`,
};

/**
 * A UUID of version 7 (RFC 9562 section 5.7), which the ORM gives to all other rows: what comes together lies together in the index. At random, each
 * row of a large table would be another page.
 */
function rowId(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** The row of a call that is about to leave. */
export function rowOf(actor: Actor, intent: CallIntent): CallRow & Record<string, unknown> {
  return {
    id: rowId(),
    orgId: actor.orgId,
    at: new Date(),
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
  };
}

/** Stores rows in one statement. Throws what the database says; then none of them is stored. */
export function insertCalls(rows: readonly CallRow[]): Promise<void> {
  return write(insertRows, [JSON.stringify(rows)]);
}

/** Whether the database refused a row for what is in it (SQLSTATE classes 22 and 23): it will do so each time. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^2[23]...$/.test(String(error.code));
}

/**
 * Stores rows that were written down elsewhere, and returns those that have to wait. What the database refuses for itself, such as the row of an
 * organization that is gone, is named in the log and counts as stored.
 */
export async function storeCalls(rows: readonly CallRow[]): Promise<CallRow[]> {
  try {
    await insertCalls(rows);
    return [];
  } catch (error) {
    const [only] = rows;
    const away = orUnavailable(error) instanceof DomainError;
    if (!away && rows.length > 1) {
      const left: CallRow[] = [];
      for (const row of rows) left.push(...(await storeCalls([row])));
      return left;
    }
    if (away || !isRefusal(error)) {
      log.error({ err: error, count: rows.length }, "audit rows of calls wait in the journal: the database does not take them");
      return [...rows];
    }
    log.error({ err: error, id: only?.id }, "the audit row of a call was refused");
    return [];
  }
}

const lost = counter("gatehouse_audit_outcomes_lost_total", "Outcomes that could not be written; their rows stay at started.");

export interface EndedCall extends CallOutcome {
  id: string;
}

/** Counts and names in the log how calls ended that nobody will know. */
export function loseOutcomes(outcomes: readonly EndedCall[], error?: unknown): void {
  if (outcomes.length === 0) return;
  lost.add(outcomes.length);
  log.error({ err: error, count: outcomes.length }, "outcomes of calls could not be written; their audit rows stay at started");
}

/** Stores how calls ended, and returns those that have to wait: the database is away or full. Never throws. */
export async function storeOutcomes(outcomes: readonly EndedCall[]): Promise<readonly EndedCall[]> {
  if (outcomes.length === 0) return [];
  try {
    await write(endRows, [JSON.stringify(outcomes)]);
    return [];
  } catch (error) {
    if (orUnavailable(error) instanceof DomainError) {
      log.warn({ err: error, count: outcomes.length }, "outcomes of calls wait: the database is away");
      return outcomes;
    }
    loseOutcomes(outcomes, error);
    return [];
  }
}
