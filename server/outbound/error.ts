// Why the guard ended a request. A closed list, so that a person can be told in words.

export type OutboundReason =
  | "scheme" // not https (or http where private networks are open), or user info in the URL
  | "address_guard" // a private address, and those are switched off
  | "reserved_address" // link-local, cloud metadata, multicast: never called
  | "redirect" // too many, to plain http, to nowhere, or with a body to another origin
  | "too_large"
  | "no_room" // of too many large answers at once this one was given up
  | "timeout"
  | "not_started" // whoever sends it wanted to look again before its first byte
  | "protocol"; // an answer that no HTTP client has to take

/** The guard's own refusal; everything else that goes wrong keeps the network's error. */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
  readonly reason: OutboundReason;

  constructor(reason: OutboundReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
