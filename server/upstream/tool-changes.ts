// The record of what lists changed in the tools of a catalog, for people to review.
import type { Prisma, Tx } from "#server/db.ts";

/** Of one catalog; older ones are dropped. A server that has other tools at every list fills no more than this. */
export const maxChanges = 200;

export interface ToolChangeEntry {
  tool: string;
  kind: "added" | "changed" | "removed";
  diff?: Prisma.InputJsonObject;
}

/** Keeps the newest of `changes` and of those before them, inside `tx`. */
export async function recordToolChanges(tx: Tx, catalogId: string, at: Date, changes: readonly ToolChangeEntry[]): Promise<void> {
  if (changes.length === 0) return;
  await tx.toolChange.createMany({ data: changes.slice(0, maxChanges).map((change) => ({ ...change, catalogId, at })) });
  const old = await tx.toolChange.findMany({
    where: { catalogId },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    skip: maxChanges,
    select: { id: true },
  });
  if (old.length > 0) await tx.toolChange.deleteMany({ where: { id: { in: old.map(({ id }) => id) } } });
}
