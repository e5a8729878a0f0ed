// The record of what lists changed in the tools of a catalog, for people to review.
import { z } from "zod";

import type { Prisma, Tx } from "#server/db.ts";

/** Of one catalog. A server that has other tools at every list fills no more than this. */
export const maxChanges = 200;

export interface ToolChangeEntry {
  tool: string;
  kind: "added" | "changed" | "removed";
  diff?: Prisma.InputJsonObject;
}

/** The row that says how many changes were left out; there is one of a catalog at the most that nobody reviewed. */
const leftOutKind = "left out";
const leftOutOutline = z.object({ count: z.number() });

interface Row {
  kind: string;
  diff: unknown;
}

/** How many changes a row says were left out; 0 for a change. */
export function leftOutOf({ kind, diff }: Row): number {
  return kind === leftOutKind ? (leftOutOutline.safeParse(diff).data?.count ?? 0) : 0;
}

/** What may not be hidden behind what: a changed tool is one that people trust already. */
const order = ["changed", "removed", "added"];

/**
 * Records `changes`, inside `tx` that holds the catalog's lock. Where there are too many, those that were reviewed go first, then new tools; how many
 * went that nobody reviewed is recorded with them. Each listing's changes are later than all before them, whatever the clock says: a review is up to a time.
 */
export async function recordToolChanges(
  tx: Tx,
  { id: catalogId, reviewedAt }: { id: string; reviewedAt: Date | null },
  now: Date,
  changes: readonly ToolChangeEntry[],
): Promise<void> {
  if (changes.length === 0) return;
  const rows = await tx.toolChange.findMany({
    where: { catalogId },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    select: { id: true, at: true, kind: true, diff: true },
  });
  const at = new Date(Math.max(now.getTime(), (rows[0]?.at.getTime() ?? 0) + 1, (reviewedAt?.getTime() ?? 0) + 1));
  const isReviewed = (row: { at: Date }) => reviewedAt !== null && row.at <= reviewedAt;
  const place = ({ kind, isOver }: { kind: string; isOver: boolean }) => (isOver ? order.length : order.indexOf(kind));
  const ranked = [
    ...changes.map((change) => ({ change, row: null, kind: change.kind, isOver: false })),
    ...rows.filter(({ kind }) => kind !== leftOutKind).map((row) => ({ change: null, row, kind: row.kind, isOver: isReviewed(row) })),
  ].sort((a, b) => place(a) - place(b));
  const [kept, dropped] = [ranked.slice(0, maxChanges), ranked.slice(maxChanges)];
  const before = rows.filter(({ kind }) => kind === leftOutKind);
  const count =
    dropped.filter(({ isOver }) => !isOver).length + before.filter((row) => !isReviewed(row)).reduce((sum, row) => sum + leftOutOf(row), 0);
  const gone = [...before, ...dropped.flatMap(({ row }) => row ?? [])];
  if (gone.length > 0) await tx.toolChange.deleteMany({ where: { id: { in: gone.map(({ id }) => id) } } });
  const written = kept.flatMap(({ change }) => change ?? []);
  await tx.toolChange.createMany({
    data: [...written, ...(count > 0 ? [{ tool: "", kind: leftOutKind, diff: { count } }] : [])].map((row) => ({ ...row, catalogId, at })),
  });
}
