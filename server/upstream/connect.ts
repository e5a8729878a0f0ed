// Opens a session to a third-party server: modern first, then legacy Streamable HTTP, then HTTP+SSE.
import {
  Client,
  type PriorDiscovery,
  SSEClientTransport,
  SseError,
  StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";

import { untilAborted } from "#server/outbound/deadline.ts";
import { outbound } from "#server/outbound/outbound.ts";

import type { Authorization } from "./authorization.ts";
import { authorizedFetch, type AuthorizedFetch, type Sighting } from "./authorized-fetch.ts";
import { announcesChanges, type ChangeListener, hearChanges, legacyChangeStream, subscribeToChanges } from "./change-stream.ts";
import { wasReset } from "./faults.ts";
import type { MirroredParameter } from "./mirrored-parameters.ts";

export const transportNames = ["modern", "legacy", "sse"] as const;
export type TransportName = (typeof transportNames)[number];

/** Which transport a server speaks, and when it was last asked. */
export interface TransportVerdict {
  transport: TransportName;
  at: Date;
}

export interface OpenSession {
  client: Client;
  transport: TransportName;
  /** When the transport was negotiated: now, or when an earlier connect did. */
  transportAt: Date;
  url: URL;
  /** The session's own fetch and post, for calls that do not need the SDK. */
  fetch: AuthorizedFetch["fetch"];
  post: AuthorizedFetch["post"];
  redacted: AuthorizedFetch["redacted"];
  sighting: Sighting;
  /** Legacy sessions have an id the server wants to see on each request. */
  sessionId: string | undefined;
  protocolVersion: string;
  /** Tools whose arguments have to be mirrored in headers, learned when a server asks for it. */
  mirrored: Map<string, MirroredParameter[]>;
  /** Whether the server tells this session when its tools change. */
  isListening: () => boolean;
  /** Says goodbye and closes; never throws. */
  close: () => Promise<void>;
}

const clientInfo = { name: "Gatehouse", version: "1.0.0" };
/** One tool call may take this long; the agent endpoint's own budget is the same. */
export const callBudgetMs = 120_000;
const wireLimits = { timeoutMs: callBudgetMs };
const sessionWire = { fetch: outbound.withLimits(wireLimits), post: outbound.postWithLimits(wireLimits) };
const goodbyeMs = 1_000;

export interface ConnectInput extends ChangeListener {
  url: string;
  authorization: Authorization;
  /** What an earlier connect found: it saves the negotiation. */
  known?: TransportVerdict | null;
  signal?: AbortSignal;
  /** Milliseconds for the whole handshake. */
  timeoutMs: number;
}

const otherTransport = [400, 404, 405];

/** 400, 404 and 405 are what a server says that does not speak this transport; 401, 403 and 5xx say nothing about that. */
function speaksAnother({ status }: Sighting, error: unknown): boolean {
  return otherTransport.includes(error instanceof SseError ? (error.code ?? 0) : (status ?? 0));
}

/**
 * Connects and returns the session: with the transport that is known, and by negotiation when none is or the server no longer speaks it.
 * Throws what the SDK and the network throw; `sighting` tells what was answered last.
 */
export async function connect({ signal, timeoutMs, ...input }: ConnectInput, sighting: Sighting): Promise<OpenSession> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const until = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const way = { ...input, sighting, until, timeoutMs };
  try {
    return await connectOnce(way);
  } catch (error) {
    // A handshake runs nothing, so that a second one does no harm.
    if (!wasReset(error) || until.aborted) throw error;
    return connectOnce(way);
  }
}

async function connectOnce(way: Way): Promise<OpenSession> {
  const { sighting, until, known } = way;
  // Modern servers are asked anyway: the negotiation is their handshake.
  if (known && known.transport !== "modern") {
    try {
      const session = await (known.transport === "sse" ? connectSse(way) : connectStreamable(way, { kind: "legacy" }));
      return { ...session, transportAt: known.at };
    } catch (error) {
      if (!speaksAnother(sighting, error) || until.aborted) throw error;
    }
  }
  try {
    return await connectStreamable(way, null);
  } catch (error) {
    if (!speaksAnother(sighting, error) || until.aborted) throw error;
    return await connectSse(way).catch(() => {
      // What the first way said is the better diagnosis for a server that speaks neither.
      throw error;
    });
  }
}

interface Way extends Omit<ConnectInput, "signal"> {
  sighting: Sighting;
  until: AbortSignal;
}

function clientFor(way: Way): Client {
  const client = new Client(clientInfo, { capabilities: {}, versionNegotiation: { mode: "auto" } });
  hearChanges(client, way);
  return client;
}

async function handshake(client: Client, transport: Transport, { until, timeoutMs }: Way, prior: PriorDiscovery | null): Promise<void> {
  try {
    // The SDK's own limits are for each of its requests, and none for an event stream that opens and then says nothing.
    await untilAborted(client.connect(transport, { timeout: timeoutMs, signal: until, ...(prior ? { prior } : {}) }), until);
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function connectStreamable(way: Way, prior: PriorDiscovery | null): Promise<OpenSession> {
  const wire = authorizedFetch(sessionWire, way.authorization, way.sighting);
  const client = clientFor(way);
  const changes = legacyChangeStream(wire.fetch, client, way);
  const http = new StreamableHTTPClientTransport(new URL(way.url), { ...changes.options, redirectPolicy: "follow" });
  await handshake(client, http, way, prior);
  const ended = new AbortController();
  const close = async () => {
    ended.abort();
    // 2025-11-25, session management: who no longer needs a session says so. Best effort, and not for long.
    await untilAborted(http.terminateSession(), AbortSignal.timeout(goodbyeMs)).catch(() => undefined);
    await client.close();
  };
  const transport = client.getProtocolEra() === "modern" ? "modern" : "legacy";
  const isSubscribed = transport === "modern" && way.onToolsChanged ? subscribeToChanges(client, way, ended.signal) : null;
  return opened(way, wire, { client, transport, sessionId: http.sessionId, isListening: isSubscribed ?? changes.isHeard, close });
}

async function connectSse(way: Way): Promise<OpenSession> {
  const wire = authorizedFetch(sessionWire, way.authorization, way.sighting);
  const client = clientFor(way);
  await handshake(client, new SSEClientTransport(new URL(way.url), { fetch: wire.fetch, redirectPolicy: "follow" }), way, {
    kind: "legacy",
  });
  // The stream is the session: the SDK would open another one, which the server has not been introduced to.
  client.onclose = () => way.onGone?.();
  client.onerror = (error) => {
    if (error instanceof SseError) void client.close();
  };
  // Announcements come on the one stream there is.
  const isListening = () => announcesChanges(client);
  return opened(way, wire, { client, transport: "sse", sessionId: undefined, isListening, close: () => client.close() });
}

function opened(
  { url, sighting }: Way,
  wire: AuthorizedFetch,
  session: Pick<OpenSession, "client" | "transport" | "sessionId" | "isListening" | "close">,
): OpenSession {
  const protocolVersion = session.client.getNegotiatedProtocolVersion() ?? "2025-03-26";
  return { ...session, ...wire, sighting, url: new URL(url), protocolVersion, transportAt: new Date(), mirrored: new Map() };
}

export function blankSighting(): Sighting {
  return { status: null, contentType: null, challenge: null, retryAfter: null, redacted: (text) => text };
}
