// What belongs to one request of an agent: who asks, and until when anybody waits for the answer.
import type { Actor } from "#server/auth/actor.ts";
import type { Cancellation } from "#server/cancellation.ts";
import type { TraceContext } from "#server/telemetry/trace-context.ts";
import type { ProgressUpdate } from "#server/upstream/plain-call.ts";

import type { Room } from "./fit-result.ts";
import type { Relay } from "./relayed-questions.ts";

export interface CallContext {
  actor: Actor;
  /** Aborts when the agent cancelled or went away. */
  signal: Cancellation;
  /** Whether the token this request came with is still good; what runs for long asks again before it begins something new. */
  stillGood?: (() => Promise<boolean>) | undefined;
  /** Whether the agent said that it can send its person to a URL (URL elicitation). */
  canOpenUrl?: boolean;
  /** The room of the answer, where it shares that with others. */
  room?: Room;
  /** There when the agent can sign in again with more scopes. */
  onMissingScope?: ((scope: string) => void) | undefined;
  /** There when the agent can be asked for more input in the middle of a call (2026-07-28). */
  relay?: Relay;
  /** There when the agent asked for progress. */
  onProgress?: (update: ProgressUpdate) => void;
  /** The trace this request belongs to. */
  trace?: TraceContext | undefined;
}
