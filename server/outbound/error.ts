// Why the guard ended a request. A closed list, so that a person can be told in words.

export type OutboundReason = "scheme" | "address_guard" | "redirect" | "too_large" | "timeout";

/** The guard's own refusal; everything else that goes wrong keeps the network's error. */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
  readonly reason: OutboundReason;

  constructor(reason: OutboundReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
