// A crowd that comes at once must not hold up those who are here. Whoever was not here lately goes on by turns: one after the event loop has rested
// since the one before, so that what they do afterwards leaves room for the others, few at once, and sites in turn, so that a crowd from one does not
// keep the others out.
import { DomainError } from "./errors.ts";
import { paceOf } from "./pace.ts";

/** Strangers who are looked up at once. */
const mostInside = 4;
/** Strangers of one site who wait; beyond it they are told to come again. */
const mostWaiting = 5_000;

export interface Stranger {
  /** Where they come from. */
  site: string;
  /** Aborts when they went away. */
  signal: AbortSignal;
}

interface Waiting {
  goOn: () => void;
  signal: AbortSignal;
}

/** By site, the one whose turn it is first. */
const waiting = new Map<string, Waiting[]>();
let count = 0;
let inside = 0;
let isDue = false;
const pace = paceOf({ restMs: 1, patienceMs: 20 });

/** How many strangers wait for their turn. */
export const strangersWaiting = (): number => count;

/** The next who is still here. */
function next(): Waiting | undefined {
  for (const [site, queue] of waiting) {
    waiting.delete(site);
    let one = queue.shift();
    // Those who are gone go on as well, into their end: they cost nobody a turn.
    for (; one?.signal.aborted; one = queue.shift()) one.goOn();
    if (queue.length > 0) waiting.set(site, queue);
    if (one) return one;
  }
  return undefined;
}

function letIn(): void {
  isDue = false;
  const one = inside < mostInside && pace.isDue(count) ? next() : undefined;
  if (one) {
    pace.step();
    one.goOn();
  }
  schedule();
}

function schedule(): void {
  if (isDue || waiting.size === 0 || inside >= mostInside) return;
  isDue = true;
  // Not with every turn of the loop, which would never rest then.
  setTimeout(letIn, 1);
}

/**
 * Looks a stranger up when it is their turn. Throws what `lookUp` throws, and UNAVAILABLE when they went away before or too many of their site wait.
 */
export async function inTurn<Value>({ site, signal }: Stranger, lookUp: () => Promise<Value>): Promise<Value> {
  const queue = waiting.get(site) ?? [];
  if (queue.length >= mostWaiting) throw new DomainError("UNAVAILABLE", "Too many agents are connecting right now. Try again in a moment.");
  await new Promise<void>((resolve) => {
    count += 1;
    const goOn = () => {
      count -= 1;
      inside += 1;
      resolve();
    };
    queue.push({ goOn, signal });
    waiting.set(site, queue);
    if (!isDue) letIn();
  });
  try {
    if (signal.aborted) throw new DomainError("UNAVAILABLE", "The client went away.");
    return await lookUp();
  } finally {
    inside -= 1;
    schedule();
  }
}
