// The OpenTelemetry SDK behind tracing.ts, and how its spans leave: OTLP as JSON, by the guarded fetch like everything else. All of it is
// imported inside the function: a static import of a package would be loaded with the bundle, collector or not.
import type { Context, Span as SdkSpan } from "@opentelemetry/api";
import type { SpanExporter } from "@opentelemetry/sdk-trace";

import { log } from "#server/log.ts";
import { untilAborted } from "#server/outbound/deadline.ts";
import { createOutbound } from "#server/outbound/fetch.ts";
import { loggable } from "#server/outbound/loggable.ts";

import type { TraceContext } from "./trace-context.ts";
import type { SpanAttributes, SpanOptions, Tracer, TraceSettings } from "./tracing.ts";

/** Milliseconds: spans wait that long for company, one delivery may take that long, and the last one at the end of the process. */
const gatherMs = 2_000;
const deliveryMs = 10_000;
const goodbyeMs = 2_000;
/** Spans that wait for a collector that is slow or away; what comes beyond is dropped. */
const maxWaiting = 4_096;

/**
 * Deliveries to the operator's own collector. It may be at a private address, so it has an outbound fetch of its own that goes to this one URL,
 * follows no redirect and is known to nobody else; what connections may reach is not touched by it.
 */
function delivery({ endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers }: TraceSettings & { endpoint: string }) {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/traces`;
  const collector = createOutbound({ allowPrivate: true });
  const post = collector.withLimits({ timeoutMs: deliveryMs, maxBytes: 65_536 });
  let isAway = false;
  return {
    send: async (body: string) => {
      try {
        const response = await post(url, {
          method: "POST",
          redirect: "error",
          headers: { ...headers, "content-type": "application/json" },
          body,
        });
        await response.body?.cancel();
        if (!response.ok) throw new Error(`The collector answered ${response.status}.`);
        if (isAway) log.info("traces are delivered again");
        isAway = false;
      } catch (error) {
        // Once, not for each delivery: traces are not worth a full log.
        if (!isAway)
          log.warn(
            { cause: loggable(error) },
            "traces cannot be delivered to OTEL_EXPORTER_OTLP_ENDPOINT; they are dropped until they can",
          );
        isAway = true;
        throw error;
      }
    },
    close: () => collector.close(),
  };
}

/** Starts the SDK; nothing global is registered. */
export async function openTelemetryTracer(settings: TraceSettings & { endpoint: string }): Promise<Tracer> {
  const [api, sdk, { resourceFromAttributes }, { JsonTraceSerializer }] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/otlp-transformer"),
  ]);
  const { send, close } = delivery(settings);
  const exporter: SpanExporter = {
    export(spans, done) {
      const body = JsonTraceSerializer.serializeRequest(spans);
      send(Buffer.from(body ?? []).toString("utf8")).then(
        () => done({ code: 0 }),
        (error: unknown) => done({ code: 1, error: error instanceof Error ? error : new Error(String(error)) }),
      );
    },
    shutdown: () => Promise.resolve(),
  };
  const ratio = new sdk.TraceIdRatioBasedSampler(settings.OTEL_TRACES_SAMPLER_ARG);
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ "service.name": settings.OTEL_SERVICE_NAME }),
    // An agent may say that its trace is not recorded, but not that more of them are than the operator wants.
    sampler: new sdk.ParentBasedSampler({ root: ratio, remoteParentSampled: ratio }),
    spanLimits: { attributeValueLengthLimit: 256, attributeCountLimit: 32 },
    spanProcessors: [
      new sdk.BatchSpanProcessor({ exporter, maxQueueSize: maxWaiting, scheduledDelayMillis: gatherMs, exportTimeoutMillis: deliveryMs }),
    ],
  });
  const tracer = provider.getTracer("gatehouse");
  const kinds = { server: api.SpanKind.SERVER, client: api.SpanKind.CLIENT, internal: api.SpanKind.INTERNAL };

  // Our own spans find themselves again by their context, so that a child is one of a local parent.
  const contexts = new WeakMap<TraceContext, Context>();
  const contextOf = (parent: TraceContext | undefined): Context => {
    if (!parent) return api.ROOT_CONTEXT;
    const own = contexts.get(parent);
    if (own) return own;
    const { traceId, spanId, isSampled, state } = parent;
    const traceFlags = isSampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE;
    const more = state === null ? {} : { traceState: api.createTraceState(state) };
    return api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true, ...more });
  };
  const told = (span: SdkSpan): TraceContext => {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    return { traceId, spanId, isSampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0, state: traceState?.serialize() || null };
  };
  const timeOf = (mark: number | undefined) => (mark === undefined ? undefined : performance.timeOrigin + mark);

  return {
    start(name, { kind = "internal", parent, attributes = {}, began }: SpanOptions) {
      const at = timeOf(began);
      const parentContext = contextOf(parent);
      const span = tracer.startSpan(
        name,
        { kind: kinds[kind], attributes: withoutGaps(attributes), ...(at === undefined ? {} : { startTime: at }) },
        parentContext,
      );
      const context = told(span);
      contexts.set(context, api.trace.setSpan(parentContext, span));
      return {
        context,
        end(error, { attributes: more = {}, ended } = {}) {
          span.setAttributes(withoutGaps(more));
          if (error !== null) span.setAttribute("error.type", error).setStatus({ code: api.SpanStatusCode.ERROR });
          span.end(timeOf(ended));
        },
      };
    },
    async stop() {
      // A collector that is away must not hold up the stop.
      await untilAborted(provider.shutdown(), AbortSignal.timeout(goodbyeMs)).catch(() => undefined);
      await untilAborted(close(), AbortSignal.timeout(goodbyeMs)).catch(() => undefined);
    },
  };
}

function withoutGaps(attributes: SpanAttributes): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
