// The associations of an organization in memory: read in the background, so that a search never waits for them.
import { LRUCache } from "lru-cache";

import { db } from "#server/db.ts";
import { log } from "#server/log.ts";

import { Associations } from "./associations.ts";

/** Rows kept of one organization and of one member of it; the newest. */
export const maxRows = 10_000;
export const maxRowsOfMember = 2_000;
/** Rows in memory, of all organizations, and about how many bytes each takes. */
const maxHeld = 100_000;
const bytesOfRow = 500;
/** Milliseconds after which they are read again, for what other processes learned and for what counts less by now. */
const maxAgeMs = 60_000;
/** What nobody did again for so many milliseconds counts half. */
export const halfLifeMs = 30 * 86_400_000;

interface Held {
  associations: Associations;
  readAt: number;
}

const held = new LRUCache<string, Held>({ maxSize: maxHeld, sizeCalculation: ({ associations }) => associations.size + 1 });
const reading = new Set<string>();

async function read(orgId: string): Promise<void> {
  const readAt = Date.now();
  const rows = await db.searchAssociation.findMany({
    where: { orgId },
    select: { connectionId: true, toolName: true, term: true, membershipId: true, weight: true, at: true },
    orderBy: { at: "desc" },
    take: maxRows,
  });
  const faded = rows.map(({ at, weight, ...row }) => ({ ...row, weight: weight * 2 ** ((at.getTime() - readAt) / halfLifeMs) }));
  held.set(orgId, { associations: new Associations(faded), readAt });
}

/** What the organization learned, as far as it is in memory; null when there is nothing to go by. */
export function learnedBy(orgId: string): Associations | null {
  const known = held.get(orgId);
  if ((!known || Date.now() - known.readAt > maxAgeMs) && !reading.has(orgId)) {
    reading.add(orgId);
    read(orgId)
      .catch((error: unknown) => log.warn({ err: error, orgId }, "what was learned from searches could not be read"))
      .finally(() => reading.delete(orgId));
  }
  return known && known.associations.size > 0 ? known.associations : null;
}

/** Says that this process wrote rows of the organization: the next search has them read. */
export function learnedMore(orgId: string): void {
  const known = held.peek(orgId);
  if (known) known.readAt = 0;
}

/** How many rows are in memory, and about how many bytes they take. */
export function learnedMemory(): { associations: number; bytes: number } {
  let rows = 0;
  for (const { associations } of held.values()) rows += associations.size;
  return { associations: rows, bytes: rows * bytesOfRow };
}
