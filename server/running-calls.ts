// Cancelling by message. An agent of 2025-11-25 that gives up says so in a request of its own (Utilities, "Cancellation"), which any process may get,
// and leaves the request of the call open. Its session id, which nobody else knows, tells whose call is meant: request ids count from 0 in each agent.
// 2026-07-28 closes the request instead, and so is heard without this.

/** How to end a request that runs, and how to hear that it is over. */
export interface Running {
  cancel: (reason: Error) => void;
  whenOver: (then: () => void) => void;
}

type CallId = string | number;

/** Characters of a call's key beyond which it cannot be cancelled by message: the others are told in a notification, which is bounded. */
const maxKey = 500;

/** No Map: it would leave old tables behind with each call (server/http/facts.ts), and who cancels is seldom. The latest last. */
const running: { key: string; request: Running }[] = [];

const latest = (key: string) => running.findLast((call) => call.key === key)?.request;

let tellOthers: (key: string) => void = () => undefined;

/** Sets how other processes on the same database are told of a cancelled call; nobody is told before. */
export function tellCancelledBy(tell: (key: string) => void): void {
  tellOthers = tell;
}

// A member's own: whoever learned a session id could do nothing with it.
const keyOf = (membershipId: string, sessionId: string, id: CallId) => `${membershipId} ${sessionId} ${JSON.stringify(id)}`;

/** Remembers a call for as long as its request runs. An id that is used twice at once means the later call that still runs. */
export function noteRunning(call: { membershipId: string; sessionId: string; id: CallId }, request: Running): void {
  const key = keyOf(call.membershipId, call.sessionId, call.id);
  if (key.length > maxKey) return;
  const noted = { key, request };
  running.push(noted);
  request.whenOver(() => {
    const at = running.indexOf(noted);
    if (at >= 0) running.splice(at, 1);
  });
}

/** The same for a call that another process was told to cancel. */
export function heardCancelled(key: string): void {
  latest(key)?.cancel(new Error("The agent cancelled this request."));
}

/** Cancels a call, wherever it runs. One that is not known is over, or never was: then nothing happens, as the protocol wants it. */
export function cancelCall(membershipId: string, sessionId: string, id: CallId): void {
  const key = keyOf(membershipId, sessionId, id);
  if (latest(key)) heardCancelled(key);
  else if (key.length <= maxKey) tellOthers(key);
}
