// THE outbound fetch: every request that leaves Gatehouse goes through here (discovery, registration, tokens, revocation, MCP alike).
// Only public addresses, the connection pinned to the address that was checked, redirects re-checked, everything bounded in size and time.
import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";

import { Agent, fetch as undiciFetch, type RequestInit as UndiciInit, type Response as UndiciResponse } from "undici";

import { isAllowedAddress } from "./address.ts";
import { OutboundError } from "./error.ts";
import { limitBody } from "./limited-body.ts";

export interface ResolvedAddress {
  address: string;
  family: number;
}

export interface OutboundOptions {
  /** Opens private and loopback addresses and plain http (ALLOW_PRIVATE_UPSTREAMS). Link-local stays closed. */
  allowPrivate: boolean;
  /** Name resolution, replaceable for tests. */
  resolve?: (hostname: string) => Promise<ResolvedAddress[]>;
  /** Certificates to trust, for tests. */
  ca?: string;
}

export interface OutboundLimits {
  /** Milliseconds for the whole exchange, body included; for an event stream for its headers only. Default 30,000. */
  timeoutMs?: number;
  /** Bytes after decompression. Default 4 MiB; an event stream 16 MiB. */
  maxBytes?: number;
  /** Milliseconds an event stream may stay silent. Default 300,000. */
  streamIdleMs?: number;
}

export type OutboundFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface Outbound {
  fetch: OutboundFetch;
  /** The same fetch with other limits. */
  withLimits(limits: OutboundLimits): OutboundFetch;
  /** Ends the connection pool. */
  close(): Promise<void>;
}

const maxRedirects = 5;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/** What may go along to another origin: nothing that could be a credential. */
const plainHeaders = new Set(["accept", "accept-language", "user-agent", "mcp-protocol-version"]);

const systemResolve = (hostname: string) => lookup(hostname, { all: true, verbatim: true });

/** The one guarded fetch over its own connection pool. Throws OutboundError for its refusals and the network's errors otherwise. */
export function createOutbound({ allowPrivate, resolve = systemResolve, ca }: OutboundOptions): Outbound {
  const refuse = () => new OutboundError("address_guard", "The address of this server is private or reserved, and connections to those are switched off.");

  // Runs for each new connection: what it returns is what is dialled, so nothing can change between check and connect.
  const pinnedLookup: LookupFunction = (hostname, _options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        // One bad address spoils the name: a mixed answer is how a rebinding server looks.
        if (addresses.length === 0 || addresses.some(({ address }) => !isAllowedAddress(address, { allowPrivate }))) callback(refuse(), []);
        else callback(null, addresses);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };

  const agent = new Agent({
    // Legacy sessions hold a stream each, so this is well above what calls alone would need.
    connections: 256,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 300_000,
    maxHeaderSize: 32_768,
    // Our own deadlines stand over these two.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { lookup: pinnedLookup, timeout: 10_000, autoSelectFamily: true, ...(ca === undefined ? {} : { ca }) },
  });

  function check(url: URL): void {
    if (url.protocol !== "https:" && !(url.protocol === "http:" && allowPrivate)) {
      throw new OutboundError("scheme", "Only https addresses may be called.");
    }
    // A literal address never goes through the lookup.
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0 && !isAllowedAddress(host, { allowPrivate })) throw refuse();
  }

  async function follow(url: URL, init: UndiciInit): Promise<{ response: UndiciResponse; url: URL }> {
    let current = url;
    let request = init;
    for (let hops = 0; ; hops += 1) {
      check(current);
      const response = await undiciFetch(current, { ...request, redirect: "manual", dispatcher: agent }).catch((error: unknown) => {
        throw unwrapped(error);
      });
      const location = redirectStatuses.has(response.status) ? response.headers.get("location") : null;
      if (location === null) return { response, url: current };
      await response.body?.cancel();
      if (hops === maxRedirects) throw new OutboundError("redirect", `The server redirected more than ${maxRedirects} times.`);
      const next = URL.canParse(location, current) ? new URL(location, current) : null;
      if (!next) throw new OutboundError("redirect", "The server redirected to something that is no URL.");
      request = redirected(request, response.status, current, next);
      current = next;
    }
  }

  const withLimits =
    ({ timeoutMs = 30_000, maxBytes, streamIdleMs = 300_000 }: OutboundLimits): OutboundFetch =>
    async (input, init) => {
      const { url, init: given } = normalized(input, init);
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(new OutboundError("timeout", "The server did not answer in time.")), timeoutMs);
      const signal = given.signal ? AbortSignal.any([given.signal, deadline.signal]) : deadline.signal;
      const done = () => clearTimeout(timer);
      try {
        const { response, url: finalUrl } = await follow(url, { ...given, signal });
        const head = { status: response.status, statusText: response.statusText, headers: [...response.headers] };
        if (!response.body) {
          done();
          return named(new Response(null, head), finalUrl);
        }
        const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
        if (isStream) done();
        const limit = maxBytes ?? (isStream ? 16 * 1_048_576 : 4 * 1_048_576);
        const body = limitBody(response.body, { maxBytes: limit, idleMs: isStream ? streamIdleMs : null, onEnd: done });
        return named(new Response(body, head), finalUrl);
      } catch (error) {
        done();
        // An abort surfaces as undici's own error: say what it really was.
        throw deadline.signal.aborted && !given.signal?.aborted ? deadline.signal.reason : error;
      }
    };

  return { fetch: withLimits({}), withLimits, close: () => agent.close() };
}

/** A Response made by hand has no URL; callers look at it for the origin that answered. */
function named(response: Response, url: URL): Response {
  return Object.defineProperty(response, "url", { value: url.href });
}

/** undici's fetch packs every network failure into a TypeError "fetch failed"; our own refusal is its cause. */
function unwrapped(error: unknown): unknown {
  return error instanceof TypeError && error.cause instanceof OutboundError ? error.cause : error;
}

/** One URL and one init out of the three forms fetch takes. */
function normalized(input: string | URL | Request, init: RequestInit = {}): { url: URL; init: UndiciInit & { signal?: AbortSignal } } {
  const from = input instanceof Request ? input : null;
  const url = new URL(input instanceof Request ? input.url : input);
  const signal = init.signal ?? from?.signal;
  const body = init.body ?? from?.body;
  if (body !== null && body !== undefined && typeof body !== "string" && !(body instanceof URLSearchParams) && !(body instanceof Uint8Array)) {
    // A stream could not be sent again after a redirect, and nobody here sends one.
    throw new TypeError("The outbound fetch takes a text, form or byte body.");
  }
  return {
    url,
    init: {
      method: init.method ?? from?.method ?? "GET",
      headers: [...new Headers(init.headers ?? from?.headers)],
      ...(body === null || body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    },
  };
}

/** The request for the next hop (RFC 9110 section 15.4), with nothing that another origin or plain http must not see. */
function redirected(request: UndiciInit, status: number, from: URL, to: URL): UndiciInit {
  if (from.protocol === "https:" && to.protocol !== "https:") throw new OutboundError("redirect", "The server redirected from https to plain http.");
  const { body, ...rest } = request;
  const method = request.method ?? "GET";
  const becomesGet = (status === 303 && method !== "HEAD") || ((status === 301 || status === 302) && method === "POST");
  const carried = new Headers(Array.isArray(request.headers) ? request.headers.map(([name = "", value = ""]): [string, string] => [name, String(value)]) : []);
  if (becomesGet || to.origin !== from.origin) {
    for (const name of [...carried.keys()]) if (name.startsWith("content-")) carried.delete(name);
  }
  if (to.origin !== from.origin) {
    if (!becomesGet && body !== undefined && body !== null) {
      throw new OutboundError("redirect", "The server redirected a request with a body to another origin.");
    }
    for (const name of [...carried.keys()]) if (!plainHeaders.has(name)) carried.delete(name);
  }
  return { ...rest, method: becomesGet ? "GET" : method, headers: [...carried], ...(becomesGet ? {} : { body }) };
}
