// Whose turn it is to be listed: so many at once, so many of one organization, and one at a time of those servers that failed last.
import { upstreamFailed } from "#server/errors.ts";
import { gauges } from "#server/metric.ts";
import { startDeadline } from "#server/outbound/deadline.ts";

/** The agent contract: 8 listings at once. */
const maxAtOnce = 8;
/** Of the 8, so that one organization with many slow servers leaves room for the others. */
const maxForOneOrg = 3;
/** Of the 3: a server that failed last may take its whole time again, and the healthy ones must not wait for it. */
const maxSuspectsForOneOrg = 1;
/** A whole listing, its turn included. */
const listingMs = 60_000;

interface Place {
  orgId: string;
  /** The server failed when it was asked last. */
  isSuspect: boolean;
}

/** In the order of their coming. */
const waiting = new Set<{ place: Place; start: () => void }>();
const taken = new Set<Place>();

gauges("gatehouse_catalog_listings", "Listings of tools now: under way, and waiting.", "state", () => ({
  running: taken.size,
  waiting: waiting.size,
}));

function hasRoom({ orgId, isSuspect }: Place): boolean {
  const own = [...taken].filter((other) => other.orgId === orgId);
  const suspects = own.filter((other) => other.isSuspect).length;
  return taken.size < maxAtOnce && own.length < maxForOneOrg && (!isSuspect || suspects < maxSuspectsForOneOrg);
}

/** Waits for a free place and takes it. Throws UPSTREAM_FAILED when the signal aborts before; that is not the server's failure. */
function takePlace(place: Place, signal: AbortSignal): Promise<void> {
  if (hasRoom(place)) {
    taken.add(place);
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      waiting.delete(turn);
      const seen = "Too many tool lists are being read right now.";
      reject(upstreamFailed({ phase: "list", seen, actor: "operator", advice: "Try again in a moment." }, signal.reason));
    };
    const start = () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    };
    const turn = { place, start };
    waiting.add(turn);
    signal.addEventListener("abort", giveUp, { once: true });
  });
}

function leavePlace(place: Place): void {
  taken.delete(place);
  for (const turn of waiting) {
    if (!hasRoom(turn.place)) continue;
    waiting.delete(turn);
    // Taken for it at once: who comes before it runs must not find the place free.
    taken.add(turn.place);
    turn.start();
    return;
  }
}

/** Runs `task` when it is its turn, with a signal that ends it in time. */
export async function inTurn<Value>({ orgId, isSuspect }: Place, task: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const place = { orgId, isSuspect };
  const deadline = startDeadline(listingMs, null);
  try {
    await takePlace(place, deadline.signal);
    try {
      return await task(deadline.signal);
    } finally {
      leavePlace(place);
    }
  } finally {
    deadline.end();
  }
}
