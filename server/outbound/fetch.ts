// THE outbound fetch: every request that leaves Gatehouse goes through here (discovery, registration, tokens, revocation, MCP alike).
// Only public addresses, the connection pinned to the address that was checked, redirects re-checked, everything bounded in size and time.
import type { Dispatcher } from "undici";

import type { Cancellation } from "#server/cancellation.ts";

import { startDeadline, untilAborted } from "./deadline.ts";
import { OutboundError } from "./error.ts";
import { createGuard, type GuardOptions } from "./guard.ts";
import { exchange, type ExchangeLimits, type WireAnswer } from "./json-exchange.ts";
import { decoded, limitBody } from "./limited-body.ts";
import { pausableConnector } from "./paused-end.ts";
import { createPool } from "./pool.ts";
import { jsonRequest, type OutboundRequest, outboundRequest, redirectedRequest } from "./request.ts";

export type { ResolvedAddress } from "./guard.ts";

export interface OutboundOptions extends GuardOptions {
  /** Certificates to trust, for tests. */
  ca?: string;
}

export interface OutboundLimits {
  /** Milliseconds for the whole exchange, body included; for an event stream for its headers only. Default 30,000. */
  timeoutMs?: number;
  /** Bytes after decompression. Default 4 MiB; an event stream 16 MiB, which is for each of its events where it answers a GET. */
  maxBytes?: number;
  /** Milliseconds an event stream may stay silent. Default 300,000. */
  streamIdleMs?: number;
}

export type OutboundFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface PostInit {
  headers: Record<string, string>;
  body: string;
  signal: Cancellation;
  /** Asked right before its first byte, when there is a connection. Where it says no the request ends with OutboundError (not_started), unsent. */
  mayStart?: () => boolean;
}

/** One POST of JSON. Answers with the text of a JSON answer, or with the Response that an event stream comes in. */
export type OutboundPost = (url: URL, init: PostInit) => Promise<WireAnswer | Response>;

export interface Outbound {
  fetch: OutboundFetch;
  /** The same fetch with other limits. */
  withLimits(limits: OutboundLimits): OutboundFetch;
  /** Connections to all servers by state, and requests that wait for one. */
  connections(): { open: number; idle: number; waiting: number };
  /** A post that costs a third of a fetch. It follows redirects as that does, but for those that would make a GET of it. */
  postWithLimits(limits: OutboundLimits): OutboundPost;
  /** Ends the connection pool; waits for running exchanges. */
  close(): Promise<void>;
}

type Answer = Dispatcher.ResponseData;

const maxRedirects = 5;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const bodilessStatuses = new Set([204, 205, 304]);
const mebibyte = 1_048_576;
const maxBodyBytes = 4 * mebibyte;
const maxStreamBytes = 16 * mebibyte;
const defaultTimeoutMs = 30_000;
const defaultStreamIdleMs = 300_000;

/**
 * The guarded fetch over a connection pool of its own. It and the bodies it answers with throw OutboundError for the guard's refusals,
 * the caller's own reason after its signal, and the network's errors otherwise.
 */
export function createOutbound({ ca, ...guardOptions }: OutboundOptions): Outbound {
  const guard = createGuard(guardOptions);
  const pool = createPool({
    // For each origin. Legacy sessions hold a stream each for as long as they live: all 500 of the pool (server/upstream/sessions.ts) may be at one
    // popular server, and their calls still have to find a connection of their own.
    connections: 1_024,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 300_000,
    maxHeaderSize: 32_768,
    // Our own deadline stands over these two.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: pausableConnector({
      lookup: guard.pinnedLookup,
      timeout: 10_000,
      autoSelectFamily: true,
      // One connector for all servers: undici's hundred are meant for each.
      maxCachedSessions: 1_000,
      ...(ca === undefined ? {} : { ca }),
    }),
  });

  // undici's request and not its fetch: the latter costs three times as much per call, and redirects and limits are ours anyway.
  async function send({ url, method, headers, body }: OutboundRequest, signal: AbortSignal): Promise<Answer> {
    guard.check(url);
    const options = { origin: url.origin, path: url.pathname + url.search, method, headers: Object.fromEntries(headers), body, signal };
    const answer = await untilAborted(pool.dispatcher().request(options), signal);
    // An abort between two reads must not end the process as an unheard "error" event; the reader gets it all the same.
    answer.body.on("error", () => undefined);
    return answer;
  }

  async function follow(
    first: OutboundRequest,
    redirect: RequestInit["redirect"],
    signal: AbortSignal,
  ): Promise<{ answer: Answer; url: URL }> {
    let request = first;
    for (let hops = 0; ; hops += 1) {
      const answer = await send(request, signal);
      const { location } = answer.headers;
      if (!redirectStatuses.has(answer.statusCode) || typeof location !== "string" || redirect === "manual")
        return { answer, url: request.url };
      answer.body.destroy();
      if (redirect === "error") throw new OutboundError("redirect", "The server redirected where no redirect is followed.");
      if (hops === maxRedirects) throw new OutboundError("redirect", `The server redirected more than ${maxRedirects} times.`);
      request = redirectedRequest(request, answer.statusCode, location);
    }
  }

  const withLimits =
    ({ timeoutMs = defaultTimeoutMs, maxBytes, streamIdleMs = defaultStreamIdleMs }: OutboundLimits): OutboundFetch =>
    async (input, init) => {
      const request = outboundRequest(input, init);
      const deadline = startDeadline(timeoutMs, init?.signal ?? (input instanceof Request ? input.signal : null));
      try {
        const { answer, url } = await follow(request, init?.redirect, deadline.signal);
        const status = answer.statusCode;
        // What a Response cannot hold.
        if (status < 200 || status > 599) throw new OutboundError("protocol", "The server answered with a number that is no HTTP status.");
        const headers = responseHeaders(answer);
        if (request.method === "HEAD" || bodilessStatuses.has(status)) {
          answer.body.resume();
          deadline.end();
          return named(new Response(null, { status, headers }), url);
        }
        const isStream = headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") ?? false;
        if (isStream) deadline.countSilence(streamIdleMs);
        const body = limitBody(
          decoded(answer.body, headers.get("content-encoding") ?? ""),
          // What a server sends on a GET are answers and announcements of a whole session.
          {
            maxBytes: maxBytes ?? (isStream ? maxStreamBytes : maxBodyBytes),
            isEndless: isStream && maxBytes === undefined && request.method === "GET",
          },
          deadline,
        );
        return named(new Response(body, { status, headers }), url);
      } catch (error) {
        deadline.abandon(error);
        throw error;
      }
    };

  const postWithLimits = ({ timeoutMs = defaultTimeoutMs, maxBytes, streamIdleMs = defaultStreamIdleMs }: OutboundLimits): OutboundPost => {
    const limits: ExchangeLimits = { timeoutMs, maxBytes: maxBytes ?? maxBodyBytes, streamIdleMs };
    return async (to, init) => {
      let url = to;
      let asked = jsonRequest(init);
      const until = performance.now() + timeoutMs;
      for (let hops = 0; ; hops += 1) {
        guard.check(url);
        const left = hops === 0 ? limits : { ...limits, timeoutMs: Math.max(1, until - performance.now()) };
        const answer = await exchange(
          pool.dispatcher(),
          { origin: url.origin, path: url.pathname + url.search, ...asked },
          left,
          // It left with the first hop.
          hops === 0 ? init : { signal: init.signal },
        );
        const { location } = answer.headers;
        if (redirectStatuses.has(answer.status) && typeof location === "string") {
          if ("stream" in answer) answer.deadline.abandon(new OutboundError("redirect", "The server redirected."));
          if (hops === maxRedirects) throw new OutboundError("redirect", `The server redirected more than ${maxRedirects} times.`);
          const {
            url: next,
            method,
            headers,
            body,
          } = redirectedRequest(
            { url, method: asked.method, headers: new Headers(asked.headers), body: asked.body },
            answer.status,
            location,
          );
          // It was taken, and what became of it stands elsewhere: no answer to a call, and no reason to make the call again.
          if (method !== asked.method) throw new OutboundError("redirect", "The server took the request and redirected to its result.");
          url = next;
          asked = { method, headers: Object.fromEntries(headers), body };
          continue;
        }
        if (!("stream" in answer)) return answer;
        const { status, stream, deadline } = answer;
        try {
          const headers = responseHeaders(answer);
          if (bodilessStatuses.has(status)) {
            deadline.end();
            stream.destroy();
            return named(new Response(null, { status, headers }), url);
          }
          const body = limitBody(
            decoded(stream, headers.get("content-encoding") ?? ""),
            { maxBytes: maxBytes ?? maxStreamBytes },
            deadline,
          );
          return named(new Response(body, { status, headers }), url);
        } catch (error) {
          deadline.abandon(error);
          throw error;
        }
      }
    };
  };

  return { fetch: withLimits({}), withLimits, postWithLimits, connections: pool.connections, close: pool.close };
}

function responseHeaders({ headers }: Pick<WireAnswer, "headers">): Headers {
  const result = new Headers();
  for (const [name, value = ""] of Object.entries(headers)) {
    for (const line of Array.isArray(value) ? value : [value]) result.append(name, line);
  }
  return result;
}

/** A Response made by hand has no URL; callers look at it for the origin that answered. */
function named(response: Response, url: URL): Response {
  return Object.defineProperty(response, "url", { value: url.href });
}
