// Short memory for what is asked on every request (rights, tokens, connection states): at most one second old,
// and dropped at once by any change to the organization that this process makes or hears of (server/change-channel.ts).
import { LRUCache } from "lru-cache";

import { counters } from "./metric.ts";

/** Milliseconds for which another process' change may go unseen. */
export const maxAgeMs = 1_000;
/** What is this old, in milliseconds, is read anew beside whoever asks for it: under steady load nobody waits for the database. */
export const renewalAgeMs = 800;
const versions = new Map<string, number>();
let total = 0;

/** Grows with every change to the organization that this process made or heard of; what was read under an older number is out of date. */
export function versionOf(orgId: string): number {
  return versions.get(orgId) ?? 0;
}

let tellOthers: (orgId: string) => void = () => undefined;

/** Sets how other processes on the same database are told of a change of ours; nobody is told before. */
export function tellOthersBy(tell: (orgId: string) => void): void {
  tellOthers = tell;
}

/** Says that something about this organization's rights, credentials, tokens or catalogs was changed. Call it after the commit. */
export function changed(orgId: string): void {
  heardOfChange(orgId);
  tellOthers(orgId);
}

const listeners: ((orgId: string) => void)[] = [];

/** Adds who in this process is told of each change, whoever made it. It is told at once and must be quick. */
export function whenChanged(tell: (orgId: string) => void): void {
  listeners.push(tell);
}

/** The same for a change that another process made. */
export function heardOfChange(orgId: string): void {
  total += 1;
  versions.set(orgId, versionOf(orgId) + 1);
  for (const tell of listeners) tell(orgId);
}

/** Grows with every change to any organization: for a read that learns its organization only from the row. */
export function totalChanges(): number {
  return total;
}

const asked = counters("gatehouse_rights_memory_total", "Reads of rights, tokens and states that memory answered, or did not.", "result", [
  "hit",
  "miss",
]);

interface Held<Value> {
  version: number;
  value: Promise<Value>;
  /** Whether it is being read anew. */
  isRenewed: boolean;
}

/**
 * Memoizes a read inside one organization; `key` tells its arguments apart. Concurrent callers share one load; a failed load is forgotten. What is
 * asked for again and again is renewed before it is too old.
 */
export function remembered<Args extends { orgId: string }, Value>(
  key: (args: Args) => string,
  load: (args: Args) => Promise<Value>,
): (args: Args) => Promise<Value> {
  const own = new LRUCache<string, Held<Value>>({ max: 10_000, ttl: maxAgeMs });

  async function renew(id: string, held: Held<Value>, args: Args): Promise<void> {
    held.isRenewed = true;
    // Its age counts from here: what changes while it is read may not be in it.
    const start = performance.now();
    const value = await load(args);
    const isCurrent = own.peek(id) === held && held.version === versionOf(args.orgId);
    if (isCurrent) own.set(id, { version: held.version, value: Promise.resolve(value), isRenewed: false }, { start });
  }

  return (args) => {
    const id = `${args.orgId}\0${key(args)}`;
    const version = versionOf(args.orgId);
    const held = own.get(id);
    const isHit = held?.version === version;
    asked[isHit ? "hit" : "miss"].add();
    if (isHit) {
      // One that cannot be renewed is over soon, and whoever asks then is told why.
      if (!held.isRenewed && own.getRemainingTTL(id) < maxAgeMs - renewalAgeMs) renew(id, held, args).catch(() => undefined);
      return held.value;
    }
    const value = load(args);
    own.set(id, { version, value, isRenewed: false });
    value.catch(() => {
      if (own.peek(id)?.value === value) own.delete(id);
    });
    return value;
  };
}
