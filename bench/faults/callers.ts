// Agents that call the server that misbehaves, in a process of their own: what they read is no work of those whose calls are measured.
import { type Pace, pause, startLoad } from "./load.ts";

export interface CallersOrder {
  pace: Pace;
  ms: number;
}

process.on("message", ({ pace, ms }: CallersOrder) => {
  const load = startLoad(pace);
  pause(ms)
    .then(() => load.stop())
    .then((samples) => process.send?.(samples))
    .catch(() => process.exit(1));
});
process.on("disconnect", () => process.exit());
