// Announced changes, followed at once, and ever more slowly where one follows the other: a server that announces one every second must not keep
// the database busy.

/** Milliseconds between two listings because of announcements: after the first one, and at most. */
const firstPauseMs = 500;
const longestPauseMs = 10_000;
/** Milliseconds without an announcement after which a server starts anew. */
const forgottenMs = 10_000;

interface Following {
  pauseMs: number;
  /** Still in the pause after a listing. */
  isPausing: boolean;
  /** There was another announcement since. */
  again: boolean;
  timer: NodeJS.Timeout;
}

const followed = new Map<string, Following>();

/** Runs `list` for an announcement of the server `id`, now or when its pause is over; several in one pause are one. It says whether the list was read. */
export function follow(id: string, list: () => Promise<boolean>): void {
  const held = followed.get(id);
  if (held?.isPausing) {
    held.again = true;
    return;
  }
  clearTimeout(held?.timer);
  const pauseMs = held ? Math.min(held.pauseMs * 2, longestPauseMs) : firstPauseMs;
  const timer = setTimeout(() => rest(id, list), pauseMs).unref();
  followed.set(id, { pauseMs, isPausing: true, again: false, timer });
  void list().then((isRead) => {
    if (!isRead) follow(id, list);
  });
}

function rest(id: string, list: () => Promise<boolean>): void {
  const held = followed.get(id);
  if (!held) return;
  held.isPausing = false;
  if (held.again) follow(id, list);
  else held.timer = setTimeout(() => followed.delete(id), forgottenMs).unref();
}
