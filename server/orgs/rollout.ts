// The staged rollout: what an organization's members see while CONNECTIONS_GATING is on. The rule itself is in grants/access.ts.
import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, type Rollout, transaction } from "#server/db.ts";
import { changed } from "#server/freshness.ts";

/** The switch of one organization (by slug) or of all. Throws nothing for a slug that is none: the list is empty then. */
export async function readRollout(slug?: string): Promise<{ slug: string; name: string; rollout: Rollout }[]> {
  return db.organization.findMany({
    where: slug === undefined ? {} : { slug },
    select: { slug: true, name: true, rollout: true },
    orderBy: { slug: "asc" },
  });
}

/** Sets the switch of the actor's organization. */
export async function setRollout(actor: Actor, { rollout }: { rollout: Rollout }): Promise<void> {
  await transaction(async (tx) => {
    const before = await tx.organization.findUniqueOrThrow({ where: { id: actor.orgId }, select: { rollout: true } });
    await tx.organization.update({ where: { id: actor.orgId }, data: { rollout } });
    const target = { type: "organization", id: actor.orgId, name: actor.orgName } as const;
    await record(tx, actor, { action: "organization.rollout_changed", target, details: { before: before.rollout, rollout } });
  });
  changed(actor.orgId);
}
