// Traces, where the operator names a collector. Without one nothing of OpenTelemetry is loaded, and `startSpan` is a look at a null.
// Spans are handed on by hand: an AsyncLocalStorage triples the price of each await on Node 20, and a call has a hundred of them.
import type { TraceContext } from "./trace-context.ts";

export type SpanKind = "server" | "client" | "internal";
export type SpanAttributes = Record<string, string | number | boolean | undefined>;

export interface SpanOptions {
  kind?: SpanKind;
  parent?: TraceContext | undefined;
  /** Never a secret, never an argument of a call. */
  attributes?: SpanAttributes;
  /** When it began, in milliseconds of `performance.now()`; now, if left out. */
  began?: number;
}

export interface Span {
  /** What its children and the next server are told. */
  context: TraceContext;
  /** `error` is a short name from a closed list; null when all went well. `ended` like `began`. */
  end(error: string | null, more?: { attributes?: SpanAttributes; ended?: number }): void;
}

export interface Tracer {
  start(name: string, options: SpanOptions): Span;
  /** Sends what is left, for two seconds at most. */
  stop(): Promise<void>;
}

/** Where traces go, as the OTEL_* variables of the OpenTelemetry specification say it. */
export interface TraceSettings {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS: Record<string, string>;
  OTEL_SERVICE_NAME: string;
  OTEL_TRACES_SAMPLER_ARG: number;
}

let tracer: Tracer | null = null;

/** Starts tracing where an endpoint is set. */
export async function startTracing(settings: TraceSettings): Promise<void> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = settings;
  if (endpoint === undefined) return;
  const { openTelemetryTracer } = await import("./opentelemetry.ts");
  tracer = await openTelemetryTracer({ ...settings, endpoint });
}

export async function stopTracing(): Promise<void> {
  const last = tracer;
  tracer = null;
  await last?.stop();
}

/** A span; null while nobody collects them. */
export function startSpan(name: string, options: SpanOptions): Span | null {
  return tracer === null ? null : tracer.start(name, options);
}
