// One call of a capability as the operator sees it: how long each phase took, its span, and a line in the log when it was slow.
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import { histograms } from "#server/metric.ts";

import type { TraceContext } from "./trace-context.ts";
import { type Span, startSpan } from "./tracing.ts";

/** In their order: rights and names, the audit row, the wait for a place at the connection, the server itself (or an operation of ours), the result. */
const phases = ["checks", "intent", "turn", "upstream", "operation", "shaping"] as const;
export type Phase = (typeof phases)[number];

const phaseSeconds = histograms("gatehouse_call_phase_seconds", "Time that calls spent in each phase.", "phase", phases);

interface Caller {
  requestId: string;
  trace?: TraceContext | undefined;
}

/** Times one call from its creation on. */
export class CallRecord {
  /** What the next server is told of the trace: the agent's own context, or our span below it. */
  trace: TraceContext | undefined;
  readonly began = performance.now();
  readonly #requestId: string;
  readonly #span: Span | null;
  readonly #done: { phase: Phase; ms: number }[] = [];
  #phase: Phase = "checks";
  #since = this.began;
  #phaseSpan: Span | null;
  #connectionId: string | undefined;
  #tool: string | undefined;

  constructor({ requestId, trace }: Caller) {
    this.#requestId = requestId;
    this.#span = startSpan("execute_capability", { parent: trace, attributes: { "gatehouse.request_id": requestId } });
    this.trace = this.#span?.context ?? trace;
    this.#phaseSpan = this.#span && startSpan("checks", { parent: this.#span.context });
  }

  /** What is called: the id of the connection, and the tool's name without its arguments. */
  about(connectionId: string, tool: string): void {
    this.#connectionId = connectionId;
    this.#tool = tool.slice(0, 128);
  }

  /** The phase before is over. */
  enter(phase: Phase): void {
    this.#leave(performance.now(), null);
    this.#phase = phase;
    if (!this.#span) return;
    const { context: parent } = this.#span;
    this.#phaseSpan =
      phase === "upstream"
        ? startSpan("tools/call", { kind: "client", parent, attributes: this.#attributes({ "mcp.method.name": "tools/call" }) })
        : startSpan(phase, { parent });
    this.trace = (phase === "upstream" ? this.#phaseSpan?.context : undefined) ?? parent;
  }

  /** `outcome` is "ok" or an error from a closed list. Returns the seconds it took. */
  end(outcome: string): number {
    const now = performance.now();
    const error = outcome === "ok" ? null : outcome;
    this.#leave(now, error);
    this.#span?.end(error, { attributes: this.#attributes({ "gatehouse.outcome": outcome }) });
    const ms = now - this.began;
    if (ms >= env.SLOW_CALL_MS) {
      const inPhases = Object.fromEntries(this.#done.map(({ phase, ms: took }) => [phase, Math.round(took * 10) / 10]));
      const what = { requestId: this.#requestId, connectionId: this.#connectionId, tool: this.#tool, outcome };
      log.warn({ ...what, ms: Math.round(ms), phases: inPhases }, "slow call");
    }
    return ms / 1_000;
  }

  #leave(now: number, error: string | null): void {
    const ms = now - this.#since;
    phaseSeconds[this.#phase].observe(ms / 1_000);
    this.#done.push({ phase: this.#phase, ms });
    this.#since = now;
    this.#phaseSpan?.end(error);
    this.#phaseSpan = null;
  }

  #attributes(more: Record<string, string>) {
    return { ...more, "gatehouse.connection_id": this.#connectionId, "gen_ai.tool.name": this.#tool };
  }
}
