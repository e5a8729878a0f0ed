// What changed in a connection's tools, for its admins to review; and that somebody did.
// "Since" is the last review and not the last look: opening a page changes nothing, and what one admin glanced at is still there for the others.
// Before the first review it is as long as the connection exists: what nobody reviewed does not become history by itself.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, transaction } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { toolDiffFrom, type ToolDiff } from "#server/upstream/tool-diff.ts";
import { leftOutOf } from "#server/upstream/tool-changes.ts";

import { findManaged } from "./find-managed.ts";

export interface ToolChangeView {
  id: string;
  at: Date;
  tool: string;
  kind: "added" | "changed" | "removed";
  /** Of a changed tool. */
  diff: ToolDiff | null;
}

export interface ToolChanges {
  since: Date;
  /** Who reviewed what was before; null: nobody did. */
  reviewedBy: string | null;
  /** Of the newest change that is shown: a review speaks of what was shown. */
  asOf: Date;
  /** Members have accounts of their own, each with its own tools: only those of the caller's account are compared here. */
  isOwnAccount: boolean;
  /** Tools, each counted once, by what became of them since. */
  added: number;
  changed: number;
  removed: number;
  /** Changes since then that were too many to be kept. */
  leftOut: number;
  /** Newest first. */
  recent: ToolChangeView[];
  earlier: ToolChangeView[];
}

interface Reviewed {
  id: string;
  reviewedAt: Date | null;
  reviewedBy: string | null;
}

const kinds = ["added", "changed", "removed"] as const;

/** What became of each tool: one that came and went is no news. */
function summary(newestFirst: readonly ToolChangeView[]): Pick<ToolChanges, (typeof kinds)[number]> {
  const counts = { added: 0, changed: 0, removed: 0 };
  const last = new Map([...newestFirst].reverse().map(({ tool, kind }) => [tool, kind]));
  const first = new Map(newestFirst.map(({ tool, kind }) => [tool, kind]));
  for (const [tool, kind] of last) {
    if (first.get(tool) !== "added") counts[kind === "added" ? "changed" : kind] += 1;
    else if (kind !== "removed") counts.added += 1;
  }
  return counts;
}

interface Connection {
  createdAt: Date;
  credentialMode: string;
}

/** The changes of a catalog that the caller may see; null when nothing ever changed and nothing has to be said of whose tools they are. */
export async function toolChangesOf(catalog: Reviewed | null, { createdAt, credentialMode }: Connection): Promise<ToolChanges | null> {
  const isOwnAccount = credentialMode !== "shared";
  const rows = await db.toolChange.findMany({ where: { catalogId: catalog?.id ?? "" }, orderBy: [{ at: "desc" }, { id: "asc" }] });
  if (rows.length === 0 && !isOwnAccount) return null;
  const since = catalog?.reviewedAt ?? createdAt;
  const changes = rows.flatMap(({ id, at, tool, kind, diff }): ToolChangeView[] => {
    const known = kinds.find((name) => name === kind);
    return known ? [{ id, at, tool, kind: known, diff: toolDiffFrom(diff) }] : [];
  });
  const recent = changes.filter(({ at }) => at > since);
  const earlier = changes.filter(({ at }) => at <= since);
  const leftOut = rows.filter(({ at }) => at > since).reduce((sum, row) => sum + leftOutOf(row), 0);
  const asOf = rows[0]?.at ?? new Date();
  return { since, reviewedBy: catalog?.reviewedBy ?? null, asOf, isOwnAccount, ...summary(recent), leftOut, recent, earlier };
}

/**
 * Notes that the caller reviewed what there was up to `asOf`; what came later stays to be reviewed, and what somebody reviewed since stays reviewed.
 * Throws NOT_FOUND, and CONFLICT when the connection has no tools of the caller's credential identity.
 */
export async function reviewTools(actor: Actor, { id, asOf }: { id: string; asOf: Date }): Promise<void> {
  const { name, credentialMode } = await findManaged(actor, id);
  const holder = credentialMode === "shared" ? sharedHolder : actor.membershipId;
  await transaction(async (tx) => {
    const where = { connectionId: id, holder, connection: { orgId: actor.orgId } };
    const catalog = await tx.catalog.findFirst({ where, select: { id: true } });
    if (!catalog) throw new DomainError("CONFLICT", "This connection has no tools to review.");
    // Nothing that is yet to come can be reviewed.
    const newest = await tx.toolChange.findFirst({
      where: { catalogId: catalog.id, at: { lte: asOf } },
      orderBy: { at: "desc" },
      select: { at: true },
    });
    if (!newest) return;
    const { count } = await tx.catalog.updateMany({
      where: { ...where, OR: [{ reviewedAt: null }, { reviewedAt: { lt: newest.at } }] },
      data: { reviewedAt: newest.at, reviewedBy: actor.name },
    });
    if (count > 0) await record(tx, actor, { action: "connection.tools_reviewed", target: { type: "connection", id, name } });
  });
}
