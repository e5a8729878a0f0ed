// "Refresh now" on the Agents page: the tools of everything the caller may use are listed again, and each connection says how that went.
import type { Actor } from "#server/auth/actor.ts";
import { countRefresh } from "#server/auth/limits.ts";
import { DomainError } from "#server/errors.ts";
import { usableConnections } from "#server/grants/access.ts";

import { refresh } from "./refresh.ts";

/** Milliseconds that a person waits; what is not done by then goes on behind their back. */
const waitMs = 20_000;

export interface Refreshed {
  id: string;
  name: string;
  /** What changed in its tools; null when they could not be read, or not in time. */
  change: { added: number; changed: number; removed: number } | null;
  /** Why there is no change to tell. */
  message: string | null;
}

/** Lists the tools of every connection the caller may use, bounded as all listings are. Throws RATE_LIMITED: six times in ten minutes are enough. */
export async function refreshUsable(actor: Actor): Promise<Refreshed[]> {
  await countRefresh(actor);
  const usable = await usableConnections(actor);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, waitMs, null);
  });
  const one = async (id: string): Promise<Pick<Refreshed, "change" | "message">> => {
    try {
      const change = await Promise.race([refresh(actor, { id }), late]);
      return { change, message: change ? null : "It is still being read. Look again in a minute." };
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === "INTERNAL") throw error;
      return { change: null, message: error.message };
    }
  };
  try {
    return await Promise.all(usable.map(async ({ id, name }) => ({ id, name, ...(await one(id)) })));
  } finally {
    clearTimeout(timer);
  }
}
