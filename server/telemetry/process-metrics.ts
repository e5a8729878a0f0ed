// What Node says of itself, under the names that prom-client gave them: dashboards for Node know those.
import { constants, monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { gauge, histograms, readCounter } from "#server/metric.ts";
import { projectRoot } from "#server/root.ts";

/** Milliseconds between two looks at the event loop. */
const lookMs = 20;

const gcKinds = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major" as const],
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor" as const],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental" as const],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb" as const],
]);

function watchEventLoop(): void {
  const delay = monitorEventLoopDelay({ resolution: lookMs });
  delay.enable();
  const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - lookMs / 1_000) : 0);
  gauge("nodejs_eventloop_lag_p50_seconds", "How late the event loop was since the last reading: half of the looks.", () =>
    seconds(delay.percentile(50)),
  );
  gauge("nodejs_eventloop_lag_p99_seconds", "The same for 99 of 100 looks.", () => seconds(delay.percentile(99)));
  gauge("nodejs_eventloop_lag_max_seconds", "The same for the worst look.", () => {
    const worst = seconds(delay.max);
    // The last of the three that is read begins the next stretch.
    delay.reset();
    return worst;
  });
}

/** Node puts the kind where its types do not have it. */
function gcKindOf(entry: object) {
  const detail = "detail" in entry ? entry.detail : null;
  return gcKinds.get(typeof detail === "object" && detail !== null && "kind" in detail ? Number(detail.kind) : -1);
}

function watchGarbageCollection(): void {
  const seconds = histograms("nodejs_gc_duration_seconds", "Time that garbage collections took, by kind.", "kind", [...gcKinds.values()]);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = gcKindOf(entry);
      if (kind) seconds[kind].observe(entry.duration / 1_000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
}

const packageOutline = z.object({ version: z.string() });

function ownVersion(): string {
  return packageOutline.parse(JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"))).version;
}

/** Adds them to what /metrics tells. Call it once. */
export function addProcessMetrics(): void {
  const began = Date.now() / 1_000 - process.uptime();
  readCounter("process_cpu_user_seconds_total", "CPU time of this process in its own code.", () => process.cpuUsage().user / 1e6);
  readCounter("process_cpu_system_seconds_total", "CPU time of this process in the system's code.", () => process.cpuUsage().system / 1e6);
  gauge("process_start_time_seconds", "When this process began, in seconds since 1970.", () => began);
  gauge("process_resident_memory_bytes", "Memory of this process as the system counts it.", () => process.memoryUsage.rss());
  gauge("nodejs_heap_size_used_bytes", "JavaScript objects in memory.", () => process.memoryUsage().heapUsed);
  gauge("nodejs_heap_size_total_bytes", "Memory reserved for JavaScript objects.", () => process.memoryUsage().heapTotal);
  gauge(
    "nodejs_external_memory_bytes",
    "Memory of buffers and WebAssembly, the embedded database included.",
    () => process.memoryUsage().external,
  );
  watchEventLoop();
  watchGarbageCollection();
  gauge("gatehouse_build_info", "Always 1: which version this is, on which Node.", () => 1, {
    version: ownVersion(),
    node: process.version,
  });
}
