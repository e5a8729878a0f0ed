// Opens a session to a third-party server: modern first, then legacy Streamable HTTP, then HTTP+SSE.
import { Client, type PriorDiscovery, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

import { outbound } from "#server/outbound/outbound.ts";

import type { Authorization } from "./authorization.ts";
import { authorizedFetch, type Sighting } from "./authorized-fetch.ts";

export type TransportName = "modern" | "legacy" | "sse";

/** The verdict of an earlier connect: handed back, it saves the negotiation. */
export interface Verdict {
  transport: TransportName;
  prior: PriorDiscovery | null;
}

export interface OpenSession {
  client: Client;
  verdict: Verdict;
  url: URL;
  /** The session's own fetch, for calls that do not need the SDK. */
  fetch: ReturnType<typeof authorizedFetch>;
  sighting: Sighting;
  /** Legacy sessions have an id the server wants to see on each request. */
  sessionId: string | undefined;
  protocolVersion: string;
  close: () => Promise<void>;
}

const clientInfo = { name: "Gatehouse", version: "1.0.0" };
/** One tool call may take this long; the agent endpoint's own budget is the same. */
export const callBudgetMs = 120_000;
const sessionFetch = outbound.withLimits({ timeoutMs: callBudgetMs });

export interface ConnectInput {
  url: string;
  authorization: Authorization;
  known?: Verdict | null;
  signal?: AbortSignal;
  /** Milliseconds for the handshake. */
  timeoutMs?: number;
  onToolsChanged?: () => void;
}

/** 400, 404 and 405 on `initialize` are what a server says that only speaks HTTP+SSE; 401, 403 and 5xx say nothing about that. */
function mayBeSseOnly({ status }: Sighting): boolean {
  return status === 400 || status === 404 || status === 405;
}

/** Connects and returns the session. Throws what the SDK and the network throw; `sighting` (when given) tells what was answered last. */
export async function connect(
  { url, authorization, known, signal, timeoutMs = 30_000, onToolsChanged }: ConnectInput,
  sighting: Sighting = blankSighting(),
): Promise<OpenSession> {
  const target = new URL(url);
  const fetch = authorizedFetch(sessionFetch, authorization, sighting);
  const options = { timeout: timeoutMs, ...(signal ? { signal } : {}) };
  const makeClient = () =>
    new Client(clientInfo, {
      capabilities: {},
      versionNegotiation: { mode: "auto" },
      ...(onToolsChanged ? { listChanged: { tools: { autoRefresh: false, onChanged: onToolsChanged } } } : {}),
    });

  if (known?.transport !== "sse") {
    const client = makeClient();
    const transport = new StreamableHTTPClientTransport(target, { fetch, redirectPolicy: "follow" });
    try {
      await client.connect(transport, { ...options, ...(known?.prior ? { prior: known.prior } : {}) });
      const discover = client.getDiscoverResult();
      const verdict: Verdict = discover
        ? { transport: "modern", prior: { kind: "modern", discover } }
        : { transport: "legacy", prior: { kind: "legacy" } };
      return opened(client, verdict, transport.sessionId);
    } catch (error) {
      await client.close();
      if (!mayBeSseOnly(sighting) || signal?.aborted) throw error;
      return await connectSse().catch(() => {
        // What the first way said is the better diagnosis for a server that speaks neither.
        throw error;
      });
    }
  }
  return connectSse();

  async function connectSse(): Promise<OpenSession> {
    const client = makeClient();
    try {
      await client.connect(new SSEClientTransport(target, { fetch, redirectPolicy: "follow" }), { ...options, prior: { kind: "legacy" } });
    } catch (error) {
      await client.close();
      throw error;
    }
    return opened(client, { transport: "sse", prior: null }, undefined);
  }

  function opened(client: Client, verdict: Verdict, sessionId: string | undefined): OpenSession {
    const protocolVersion = client.getNegotiatedProtocolVersion() ?? "2025-03-26";
    return { client, verdict, url: target, fetch, sighting, sessionId, protocolVersion, close: () => client.close() };
  }
}

export function blankSighting(): Sighting {
  return { status: null, contentType: null, challenge: null, retryAfter: null };
}
