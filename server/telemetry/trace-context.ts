// W3C Trace Context: what an agent says of the trace its request belongs to, read with suspicion, and what a third-party server is told.
// Baggage is neither read nor passed on: it is free text that its writer did not mean for a stranger.
import { TRACEPARENT_META_KEY, TRACESTATE_META_KEY } from "@modelcontextprotocol/server";

export interface TraceContext {
  /** 32 and 16 hex digits. */
  traceId: string;
  spanId: string;
  /** Whether somebody records this trace. */
  isSampled: boolean;
  /** `tracestate` as it came; null for none. */
  state: string | null;
}

/** Version, trace id, parent id and flags (W3C Trace Context, section 3.2); a later version may say more behind them. */
const parentForm = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const maxParentLength = 128;
/** Section 3.3: at most 32 members; 512 characters are what everybody has to carry on. */
const memberForm = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const maxStateLength = 512;
const maxMembers = 32;

function readState(given: unknown): string | null {
  if (typeof given !== "string" || given.length > maxStateLength) return null;
  const members = given
    .split(",")
    .map((member) => member.trim())
    .filter(Boolean);
  return members.length > 0 && members.length <= maxMembers && members.every((member) => memberForm.test(member))
    ? members.join(",")
    : null;
}

/** The context in a `traceparent` and a `tracestate`; undefined for one that is none. A bad state alone is left out. */
export function readTraceContext(parent: unknown, state: unknown): TraceContext | undefined {
  if (typeof parent !== "string" || parent.length > maxParentLength) return undefined;
  const [, version, traceId, spanId, flags, more] = parentForm.exec(parent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined || (version === "00" && more !== undefined)) return undefined;
  return { traceId, spanId, isSampled: (parseInt(flags, 16) & 1) === 1, state: readState(state) };
}

/** The same two fields, for headers and for `_meta` (SEP-414 names them alike). */
export function traceFields({ traceId, spanId, isSampled, state }: TraceContext): Record<string, string> {
  const parent = { [TRACEPARENT_META_KEY]: `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}` };
  return state === null ? parent : { ...parent, [TRACESTATE_META_KEY]: state };
}

function metaOf(body: unknown): object | null {
  if (typeof body !== "object" || body === null || !("params" in body)) return null;
  const { params } = body;
  if (typeof params !== "object" || params === null || !("_meta" in params)) return null;
  const { _meta: meta } = params;
  return typeof meta === "object" ? meta : null;
}

/** What an MCP request says: in its `_meta`, which is about this one message, or else in the headers. */
export function traceContextOf(headers: Pick<Headers, "get">, body: unknown): TraceContext | undefined {
  const meta = metaOf(body);
  if (meta && TRACEPARENT_META_KEY in meta) {
    const told = readTraceContext(meta[TRACEPARENT_META_KEY], TRACESTATE_META_KEY in meta ? meta[TRACESTATE_META_KEY] : null);
    if (told) return told;
  }
  const parent = headers.get("traceparent");
  return parent === null ? undefined : readTraceContext(parent, headers.get("tracestate"));
}
