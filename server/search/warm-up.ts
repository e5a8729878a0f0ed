// Builds what searches take before somebody waits for it: after a start for those who searched lately, and whenever a list changed for those who
// search in this process.
import { LRUCache } from "lru-cache";

import { db } from "#server/db.ts";
import { whenChanged } from "#server/freshness.ts";
import { type Caller, usableConnections } from "#server/grants/access.ts";
import { log } from "#server/log.ts";

import { segmentsFilled } from "./kept-segments.ts";
import { searchMemory } from "./memory.ts";
import { isSearchable, prepare } from "./tool-index.ts";
import { listsFilled } from "./tool-lists.ts";

/** Of one organization; most of its members may use the same connections, so that few stand for all. */
const maxCallers = 3;
const maxOrganizations = 50;
/** How much of the room for lists and segments a start fills: what came beyond it would push out what it read first. */
const maxFilled = 0.75;
/** Milliseconds that an agent's last request may be past for its owner's lists to be read at a start. */
const latelyMs = 7 * 86_400_000;
/** Milliseconds between a change and what is built because of it: changes come in groups. */
const settleMs = 50;

/** Who searched last in each organization. */
const callers = new LRUCache<string, LRUCache<string, true>>({ max: maxOrganizations });
const scheduled = new Set<string>();

/** Notes that this caller searches here: what they may use is kept ready from now on. */
export function keepReady({ orgId, membershipId }: Caller): void {
  let own = callers.get(orgId);
  if (!own) callers.set(orgId, (own = new LRUCache({ max: maxCallers })));
  own.set(membershipId, true);
}

async function prepareFor(caller: Caller): Promise<void> {
  await prepare((await usableConnections(caller)).filter(isSearchable), { orgId: caller.orgId, own: true });
}

async function prepareOrganization(orgId: string): Promise<void> {
  for (const membershipId of [...(callers.peek(orgId)?.keys() ?? [])]) await prepareFor({ orgId, membershipId });
}

whenChanged((orgId) => {
  if (!callers.has(orgId) || scheduled.has(orgId)) return;
  scheduled.add(orgId);
  setTimeout(() => {
    scheduled.delete(orgId);
    prepareOrganization(orgId).catch((error: unknown) => log.info({ err: error, orgId }, "search was not prepared"));
  }, settleMs).unref();
});

/** Those whose agents asked lately, newest first. */
async function recentCallers(): Promise<Caller[]> {
  const lately = { lastUsedAt: { gte: new Date(Date.now() - latelyMs) } };
  const newest = {
    orderBy: { lastUsedAt: "desc" },
    take: 500,
    select: { orgId: true, membershipId: true, lastUsedAt: true },
  } as const;
  const used = await Promise.all([
    db.agentToken.findMany({ where: { ...lately, revokedAt: null }, ...newest }),
    db.agentGrant.findMany({ where: lately, ...newest }),
  ]);
  return used.flat().sort((a, b) => Number(b.lastUsedAt) - Number(a.lastUsedAt));
}

/** After a start: reads and indexes the lists of those whose agents asked lately, one after the other, until `isOver`. Never throws. */
export async function warmUp(isOver: () => boolean): Promise<void> {
  try {
    const seen = new Map<string, Set<string>>();
    for (const caller of await recentCallers()) {
      const own = seen.get(caller.orgId) ?? new Set();
      if (own.has(caller.membershipId) || own.size >= maxCallers || (own.size === 0 && seen.size >= maxOrganizations)) continue;
      if (isOver() || Math.max(listsFilled(), segmentsFilled()) >= maxFilled) break;
      seen.set(caller.orgId, own.add(caller.membershipId));
      await prepareFor(caller);
    }
    if (seen.size > 0) log.info({ organizations: seen.size, tools: searchMemory().items.tools }, "search is warm");
  } catch (error) {
    // The first search does it then.
    log.info({ err: error }, "search was not warmed");
  }
}
