// Making an organization: the rows that set-up, sign-up and the operator's command write alike.
import { record } from "#server/audit/record.ts";
import type { Tx } from "#server/db.ts";

function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return slug || "organization";
}

/** A slug that no organization has: the name's own, or with a number behind it. */
async function freeSlug(tx: Tx, name: string): Promise<string> {
  const wanted = slugOf(name);
  const taken = await tx.organization.findMany({ where: { slug: { startsWith: wanted } }, select: { slug: true } });
  const slugs = new Set(taken.map(({ slug }) => slug));
  let slug = wanted;
  for (let number = 2; slugs.has(slug); number += 1) slug = `${wanted}-${number}`;
  return slug;
}

/** An organization with this user as its owner, inside `tx`. `by`: who made it for them, when that is somebody else. */
export async function createOrganization(
  tx: Tx,
  { name, user, by = user.name, requestId }: { name: string; user: { id: string; name: string }; by?: string; requestId: string },
) {
  const org = await tx.organization.create({ data: { name, slug: await freeSlug(tx, name) } });
  const membership = await tx.membership.create({ data: { orgId: org.id, userId: user.id, role: "owner" } });
  await record(
    tx,
    { via: "system", orgId: org.id, name: by, requestId },
    { action: "organization.created", target: { type: "organization", id: org.id, name: org.name } },
  );
  return { org, membership };
}
