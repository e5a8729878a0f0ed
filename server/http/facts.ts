// What the host learns about a request before anybody answers it. Kept beside the request, not on it.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Actor } from "#server/auth/actor.ts";
import { type Cancellation, Canceller } from "#server/cancellation.ts";
import { env } from "#server/env.ts";
import { clientAddress, originOf } from "#server/origin.ts";
import { randomSecret } from "#server/seal.ts";

// A class, because of its getter: V8 keeps the getter of an object literal in the old generation, where it would hold its request until the next full
// garbage collection.
class HttpFacts {
  readonly requestId: string;
  readonly origin: string;
  /** The client's address: behind a trusted proxy what that proxy saw. */
  readonly address: string;
  /** Aborts when the client went away, cancelled, or the server stops waiting for running requests. */
  readonly signal: Cancellation;
  readonly #gone: Canceller;
  /** Set once the session or the admin token was checked. */
  actor: Actor | null = null;
  #nonce: string | null = null;

  constructor(req: IncomingMessage, gone: Canceller) {
    this.requestId = requestIdOf(req);
    this.origin = originOf(req);
    this.address = clientAddress(req);
    this.signal = gone;
    this.#gone = gone;
  }

  /** Ends what this request began; it is answered all the same. */
  cancel(reason: Error): void {
    this.#gone.abort(reason);
  }

  /** For the Content-Security-Policy of the one page this request may answer. */
  get nonce(): string {
    return (this.#nonce ??= randomSecret(16));
  }
}

const known = new WeakMap<IncomingMessage, HttpFacts>();

// No Set: what comes and goes with each request leaves old tables behind, and each holds on to the next and to what was in it until a full collection.
const running: Canceller[] = [];

/** Aborts every running request, when the server gives up waiting for them. */
export function abandonRequests(reason: unknown): void {
  for (const gone of [...running]) gone.abort(reason);
}

const requestIdForm = /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/;

/** The id that the trusted proxy in front gave this request, so that its log and ours speak of the same; else one of our own. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = env.TRUST_PROXY ? headers["x-request-id"] : undefined;
  return typeof given === "string" && requestIdForm.test(given) ? given : randomUUID();
}

/** Learns the facts of a request, once. */
export function learn(req: IncomingMessage, res: ServerResponse): HttpFacts {
  const gone = new Canceller();
  running.push(gone);
  // Remix's request.signal is not a dependable sign of a gone client, so this comes from the socket.
  res.on("close", () => {
    const at = running.indexOf(gone);
    if (at >= 0) running.splice(at, 1);
    if (!res.writableFinished) gone.abort(new Error("The client went away."));
  });
  const facts = new HttpFacts(req, gone);
  known.set(req, facts);
  return facts;
}

/** The facts that `learn` stored for this request. */
export function factsOf(req: IncomingMessage): HttpFacts {
  const facts = known.get(req);
  if (!facts) throw new Error("The facts of this request were never learned.");
  return facts;
}
