// Work that several callers may share and nobody's request need be behind (a listing, a token refresh): counted, timed, and a trace of its own.
import type { Counter, Histogram } from "#server/metric.ts";

import { type SpanAttributes, startSpan } from "./tracing.ts";

export interface Work<Outcome extends string> {
  /** The name of the span. */
  name: string;
  ended: Record<Outcome | "ok", Counter>;
  seconds?: Histogram;
}

/** Runs `work`; `outcomeOf` names the end of one that failed. Throws what `work` throws. */
export async function observeWork<Outcome extends string, Value>(
  { name, ended, seconds }: Work<Outcome>,
  { attributes = {}, outcomeOf }: { attributes?: SpanAttributes; outcomeOf: (error: unknown) => Outcome },
  work: () => Promise<Value>,
): Promise<Value> {
  const began = performance.now();
  const span = startSpan(name, { kind: "client", attributes });
  const end = (outcome: Outcome | "ok") => {
    ended[outcome].add();
    seconds?.observe((performance.now() - began) / 1_000);
    span?.end(outcome === "ok" ? null : outcome);
  };
  try {
    const value = await work();
    end("ok");
    return value;
  } catch (error) {
    end(outcomeOf(error));
    throw error;
  }
}
