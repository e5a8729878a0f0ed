// A crowd that comes at once must not hold up those who are here. Whoever was not here lately goes on by turns: one after the event loop has rested
// since the one before, so that what they do afterwards leaves room for the others, and sites in turn, so that a crowd from one does not keep the
// others out.
import type { Cancellation } from "./cancellation.ts";
import { DomainError } from "./errors.ts";
import { paceOf } from "./pace.ts";

/** Of one site who wait; beyond it they are told to come again. */
const mostWaiting = 5_000;

export interface Stranger {
  /** Where they come from. */
  site: string;
  /** Aborts when they went away. */
  signal: Cancellation;
}

interface Waiting {
  goOn: () => void;
  signal: Cancellation;
}

export interface Turns {
  /** Runs `task` when it is their turn. Throws what `task` throws, and UNAVAILABLE when they went away before or too many of their site wait. */
  inTurn: <Value>(stranger: Stranger, task: () => Promise<Value>) => Promise<Value>;
  /** How many of a site wait. */
  waiting: (site: string) => number;
}

/** A row of those who wait, let in one by one. */
interface Row {
  size: number;
  hasRoom: () => boolean;
  /** Lets the next in who is still here; false when nobody is. */
  letIn: () => boolean;
}

/** One pace for all rows, which take turns: what is done in a turn of either takes room from the same others. */
const pace = paceOf({ restMs: 1, patienceMs: 20 });
/** The one whose turn it is first; one that has several turns is there as often. */
const rows: Row[] = [];
/** In all rows. */
let held = 0;
let isDue = false;

const canGo = (row: Row) => row.size > 0 && row.hasRoom();

function goOn(): void {
  isDue = false;
  if (pace.isDue(held)) {
    const row = rows.find(canGo);
    if (row?.letIn()) {
      pace.step();
      rows.push(...rows.splice(rows.indexOf(row), 1));
    }
  }
  schedule();
}

function schedule(): void {
  if (isDue || !rows.some(canGo)) return;
  isDue = true;
  // Not with every turn of the loop, which would never rest then.
  setTimeout(goOn, 1);
}

/** A row of its own. `turns`: those it has in a round of all rows; `mostInside`: tasks that run at once. */
function turnsOf({ turns, mostInside }: { turns: number; mostInside: number }): Turns {
  /** By site, the one whose turn it is first. */
  const waiting = new Map<string, Waiting[]>();
  let inside = 0;

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

  const row: Row = {
    size: 0,
    hasRoom: () => inside < mostInside,
    letIn: () => {
      const one = next();
      one?.goOn();
      return one !== undefined;
    },
  };
  for (let n = 0; n < turns; n += 1) rows.push(row);

  return {
    waiting: (site) => waiting.get(site)?.length ?? 0,
    inTurn: async ({ site, signal }, task) => {
      const queue = waiting.get(site) ?? [];
      if (queue.length >= mostWaiting)
        throw new DomainError("UNAVAILABLE", "Too many agents are connecting right now. Try again in a moment.");
      await new Promise<void>((resolve) => {
        const goOnInside = () => {
          row.size -= 1;
          held -= 1;
          inside += 1;
          resolve();
        };
        queue.push({ goOn: goOnInside, signal });
        waiting.set(site, queue);
        row.size += 1;
        held += 1;
        if (!isDue) goOn();
      });
      try {
        if (signal.aborted) throw new DomainError("UNAVAILABLE", "The client went away.");
        return await task();
      } finally {
        inside -= 1;
        schedule();
      }
    },
  };
}

/** Those with a token that was not here lately, while it is looked up: few at once. */
export const strangers = turnsOf({ turns: 1, mostInside: 4 });
/** Turns that a token has to wait for once it was looked up. */
export const newcomersTurns = 2;
/** Those who have such turns. They wait for nobody's look-up, and have as many turns as each stranger makes: a crowd that is let in goes through. */
export const newcomers = turnsOf({ turns: newcomersTurns, mostInside: Infinity });
