// One piece of work for all who ask for it at once.

/** Concurrent callers share one piece of work. */
export function shared<Value>(running: Map<string, Promise<Value>>, key: string, work: () => Promise<Value>): Promise<Value> {
  const held = running.get(key);
  if (held) return held;
  const started = work().finally(() => running.delete(key));
  running.set(key, started);
  return started;
}
