// Proves a server: connects, lists its tools, and leaves again. Stores nothing.
import type { Authorization } from "./authorization.ts";
import type { Sighting } from "./authorized-fetch.ts";
import { blankSighting, connect } from "./connect.ts";
import { connectFailure } from "./connect-failure.ts";
import { listTools, type Listing } from "./list-tools.ts";

/** Milliseconds for the handshake, and for each page of the list. */
const handshakeMs = 15_000;
const pageMs = 10_000;

export interface ProbeInput {
  url: string;
  authorization: Authorization;
  signal?: AbortSignal;
  /** Where the caller wants to see what was answered last. */
  sighting?: Sighting;
}

/** What the server says it has. Throws UPSTREAM_FAILED with the phase (URL guard, DNS, TCP, TLS, HTTP, initialize, list). */
export async function probe({ url, authorization, signal, sighting = blankSighting() }: ProbeInput): Promise<Listing> {
  const session = await connect({ url, authorization, signal, timeoutMs: handshakeMs }, sighting).catch((error: unknown) => {
    throw connectFailure(error, sighting, "initialize");
  });
  try {
    return await listTools(session, { signal, pageTimeoutMs: pageMs });
  } catch (error) {
    throw connectFailure(error, sighting, "list");
  } finally {
    // Nobody has to wait for a goodbye.
    void session.close();
  }
}
