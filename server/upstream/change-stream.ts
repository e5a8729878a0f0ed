// Hears of a server that its tools changed: on the GET stream of a session of the 2025 generation, on a subscription of its own since 2026-07-28.
// A stream that ends is opened again, ever more slowly where it does not hold, and what may have been missed meanwhile is asked for.
import { setTimeout as pause } from "node:timers/promises";

import type { Client, StreamableHTTPClientTransportOptions } from "@modelcontextprotocol/client";

import type { OutboundFetch } from "#server/outbound/fetch.ts";

/** Milliseconds before a stream that ended is opened again: at first, and at most. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** A stream that was open for this long ended for another reason than those that end at once, as on hosts that keep none open. */
const heldMs = 30_000;
/** Subscriptions refused in a row, after which a session asks no more. */
const maxRefusals = 5;
const acknowledgeMs = 10_000;

export interface ChangeListener {
  /** The tools changed, or may have while nobody listened. */
  onToolsChanged?: () => void;
  /** The session ended by itself. */
  onGone?: () => void;
}

/** How long to wait before each next stream. A quarter of jitter: a server that comes back must not meet all of its clients at once. */
function pauses(): () => number {
  let inARow = 0;
  let since = Date.now();
  return () => {
    inARow = Date.now() - since >= heldMs ? 0 : inARow + 1;
    const ms = Math.min(firstPauseMs * 2 ** Math.max(0, inARow - 1), longestPauseMs) * (1 + Math.random() / 4);
    since = Date.now() + ms;
    return ms;
  };
}

/** Whether the server says that it announces changes of its tools. */
export function announcesChanges(client: Client): boolean {
  return client.getServerCapabilities()?.tools?.listChanged === true;
}

/** Calls the listener for each announcement on any stream of this client. What comes again and again is for the listener to slow down. */
export function hearChanges(client: Client, { onToolsChanged }: ChangeListener): void {
  if (onToolsChanged) client.setNotificationHandler("notifications/tools/list_changed", () => onToolsChanged());
}

export interface ChangeStream {
  /** For the transport of a session of the 2025 generation. */
  options: Pick<StreamableHTTPClientTransportOptions, "fetch" | "reconnectionOptions" | "reconnectionScheduler">;
  /** Whether announcements are heard right now, or will be once a dropped stream is open again. */
  isHeard: () => boolean;
}

/**
 * The GET stream that the SDK opens for each session of the 2025 generation. The SDK waits as long as the server tells it to, be that no time at all, and
 * gives up after two tries while the session looks alive; here a stream that cannot be opened again ends its session, so that the next use makes a new one.
 */
export function legacyChangeStream(fetch: OutboundFetch, client: Client, { onToolsChanged, onGone }: ChangeListener): ChangeStream {
  const nextPause = pauses();
  let opened = 0;
  let isRefused = false;
  const watched: OutboundFetch = async (input, init) => {
    // With the id of its last event a server sends what was missed by itself.
    if (init?.method !== "GET" || new Headers(init.headers).has("last-event-id")) return fetch(input, init);
    const response = await fetch(input, init).catch((error: unknown) => {
      isRefused ||= opened === 0;
      throw error;
    });
    isRefused ||= opened === 0 && !response.ok;
    if (response.ok) opened += 1;
    if (response.ok && opened > 1) onToolsChanged?.();
    return response;
  };
  return {
    isHeard: () => !isRefused && announcesChanges(client),
    options: {
      fetch: watched,
      reconnectionOptions: {
        initialReconnectionDelay: firstPauseMs,
        maxReconnectionDelay: longestPauseMs,
        reconnectionDelayGrowFactor: 2,
        maxRetries: 2,
      },
      reconnectionScheduler: (reconnect, _delay, attempt) => {
        if (attempt > 0) {
          onGone?.();
          return undefined;
        }
        const timer = setTimeout(reconnect, nextPause()).unref();
        return () => clearTimeout(timer);
      },
    },
  };
}

/**
 * The subscription of a session since 2026-07-28, opened beside it: a server that announces changes and acknowledges no subscription would hold up
 * the SDK's own handshake until it is too late for it. `signal` ends it.
 */
export function subscribeToChanges(client: Client, { onToolsChanged, onGone }: ChangeListener, signal: AbortSignal): () => boolean {
  let isOpen = announcesChanges(client);
  const run = async () => {
    const nextPause = pauses();
    let opened = 0;
    for (let refusals = 0; refusals < maxRefusals;) {
      try {
        const { closed } = await client.listen({ toolsListChanged: true }, { timeout: acknowledgeMs, signal });
        refusals = 0;
        opened += 1;
        if (opened > 1) onToolsChanged?.();
        await closed;
      } catch {
        refusals += 1;
        // Lost and not to be had again: a listing tells how the server is.
        if (refusals === 1 && opened > 0 && !signal.aborted) onToolsChanged?.();
      }
      if (signal.aborted) return;
      await pause(nextPause(), undefined, { signal, ref: false });
    }
    if (opened > 0) onGone?.();
  };
  if (isOpen)
    run()
      // Only the end of the session gets here.
      .catch(() => undefined)
      .finally(() => (isOpen = false));
  return () => isOpen;
}
