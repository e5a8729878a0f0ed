// Results too large to hand out at once, kept for the one who asked: packed and sealed, for 15 minutes, within a bound for each organization.
import { db, transaction } from "#server/db.ts";
import { counter } from "#server/metric.ts";
import { randomSecret } from "#server/seal.ts";

import { pack } from "./packed.ts";

/** Milliseconds. */
const keptFor = 15 * 60_000;
/** Characters of one result; what is longer is cut, and says so. */
export const maxKeptLength = 8 * 1024 * 1024;
/** Bytes of all results of an organization, as they are stored; the oldest go first. */
const maxOrganizationBytes = 64 * 1024 * 1024;

const keptResults = counter("gatehouse_results_kept_total", "Large results that were kept for their agents.");
const keptBytes = counter("gatehouse_results_kept_bytes_total", "Their bytes, packed and sealed.");

interface Owner {
  orgId: string;
  membershipId: string;
}

/** Keeps `text` and returns the id to read it by. It has no audit row of its own: the call it answers has one. */
export async function keep({ orgId, membershipId }: Owner, connectionId: string | null, text: string): Promise<string> {
  const id = randomSecret(12);
  const sealed = await pack(text.slice(0, maxKeptLength), id);
  await transaction(async (tx) => {
    const data = { id, orgId, membershipId, connectionId, sealed, bytes: sealed.length, expiresAt: new Date(Date.now() + keptFor) };
    // Without what was stored, which would come back whole.
    await tx.keptResult.create({ data, select: { id: true } });
    const all = await tx.keptResult.findMany({ where: { orgId }, select: { id: true, bytes: true }, orderBy: { createdAt: "desc" } });
    let sum = 0;
    const tooMany = all.filter(({ bytes }) => (sum += bytes) > maxOrganizationBytes).map((row) => row.id);
    if (tooMany.length > 0) await tx.keptResult.deleteMany({ where: { orgId, id: { in: tooMany } } });
  });
  keptResults.add();
  keptBytes.add(sealed.length);
  return id;
}

/** Deletes what is past its time. */
export async function sweepResults(): Promise<void> {
  await db.keptResult.deleteMany({ where: { expiresAt: { lt: new Date() } } });
}
