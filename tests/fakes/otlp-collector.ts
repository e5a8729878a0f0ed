// An OpenTelemetry collector for tests: OTLP over HTTP with JSON, and every span it was given.
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { json } from "node:stream/consumers";

import { z } from "zod";

const attribute = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) });
const spanOutline = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes: z.array(attribute),
  status: z.object({ code: z.number().optional() }),
});
const exportOutline = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.object({ attributes: z.array(attribute) }), scopeSpans: z.array(z.object({ spans: z.array(spanOutline) })) }),
  ),
});

export type CollectedSpan = z.output<typeof spanOutline>;

export interface OtlpCollector {
  url: string;
  spans: CollectedSpan[];
  /** The headers and the parsed body of every delivery. */
  deliveries: { headers: IncomingHttpHeaders; body: unknown }[];
  /** Takes deliveries and never answers. */
  isDead: boolean;
  close: () => Promise<void>;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startCollector(): Promise<OtlpCollector> {
  const collector: OtlpCollector = { url: "", spans: [], deliveries: [], isDead: false, close: () => Promise.resolve() };
  const server: Server = createServer((req, res) => {
    json(req).then(
      (body: unknown) => {
        collector.deliveries.push({ headers: req.headers, body });
        if (collector.isDead) return;
        const parsed = req.method === "POST" && req.url === "/v1/traces" ? exportOutline.safeParse(body) : null;
        if (!parsed?.success) return void res.writeHead(400).end();
        const { resourceSpans } = parsed.data;
        collector.spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
        res.writeHead(200, { "content-type": "application/json" }).end("{}");
      },
      () => res.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  collector.url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  collector.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return collector;
}
