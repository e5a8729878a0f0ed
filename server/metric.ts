// What /metrics tells: counts, sizes and durations, written as Prometheus reads them (text format 0.0.4). Our own and not prom-client: that had
// no release since 2024, and it makes and hashes a label object for each count, which the path of every call would pay for. Every label value
// comes from a list that the code holds, so no name, id, address or token can become one.

type Labels = Record<string, string>;

interface Family {
  kind: "counter" | "gauge" | "histogram";
  help: string;
  /** The lines of its samples. */
  writers: (() => string[])[];
}

const families = new Map<string, Family>();

function add(name: string, kind: Family["kind"], help: string, writer: () => string[]): void {
  const family = families.get(name) ?? { kind, help, writers: [] };
  families.set(name, family);
  family.writers.push(writer);
}

const escaped = (value: string) => value.replace(/[\\"\n]/g, (found) => (found === "\n" ? "\\n" : `\\${found}`));

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}`;
}

function isWhole<Key extends string, Value>(record: Partial<Record<Key, Value>>, keys: readonly Key[]): record is Record<Key, Value> {
  return keys.every((key) => key in record);
}

/** One thing for each key, to be held where it is counted. */
function forEach<Key extends string, Value>(keys: readonly Key[], make: (key: Key) => Value): Record<Key, Value> {
  const record: Partial<Record<Key, Value>> = {};
  for (const key of keys) record[key] = make(key);
  if (!isWhole(record, keys)) throw new Error("A list of label values is not whole.");
  return record;
}

/** A number that only grows. */
export class Counter {
  value = 0;

  add(by = 1): void {
    this.value += by;
  }
}

/** How often values fell into which range. */
export class Histogram {
  readonly bounds: readonly number[];
  /** For each bound those at most as large and above the bound before; the last one is for all beyond. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let index = 0;
    while (value > (this.bounds[index] ?? Infinity)) index += 1;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
  }

  lines(name: string, labels: Labels): string[] {
    let total = 0;
    const buckets = this.counts.map((count, index) => {
      total += count;
      return sample(`${name}_bucket`, { ...labels, le: String(this.bounds[index] ?? "+Inf") }, total);
    });
    return [...buckets, sample(`${name}_sum`, labels, this.sum), sample(`${name}_count`, labels, total)];
  }
}

/** Seconds, from a tenth of a millisecond to the two minutes that a call may take. */
export const durations = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
] as const;

/** A counter; `labels` are fixed. The name ends with `_total`. */
export function counter(name: string, help: string, labels: Labels = {}): Counter {
  const made = new Counter();
  add(name, "counter", help, () => [sample(name, labels, made.value)]);
  return made;
}

/** One counter for each value of `label`. */
export function counters<Value extends string>(
  name: string,
  help: string,
  label: string,
  values: readonly Value[],
  labels: Labels = {},
): Record<Value, Counter> {
  return forEach(values, (value) => counter(name, help, { ...labels, [label]: value }));
}

/** A histogram; durations are in seconds. */
export function histogram(name: string, help: string, bounds: readonly number[] = durations, labels: Labels = {}): Histogram {
  const made = new Histogram(bounds);
  add(name, "histogram", help, () => made.lines(name, labels));
  return made;
}

/** One histogram for each value of `label`. */
export function histograms<Value extends string>(
  name: string,
  help: string,
  label: string,
  values: readonly Value[],
): Record<Value, Histogram> {
  return forEach(values, (value) => histogram(name, help, durations, { [label]: value }));
}

/** A number that is asked for when somebody reads it. */
export function gauge(name: string, help: string, read: () => number, labels: Labels = {}): void {
  add(name, "gauge", help, () => [sample(name, labels, read())]);
}

/** Several such numbers at once, by the values of `label`. */
export function gauges(name: string, help: string, label: string, read: () => Record<string, number>): void {
  add(name, "gauge", help, () => Object.entries(read()).map(([value, number]) => sample(name, { [label]: value }, number)));
}

/** A number that only grows and that somebody else counts. */
export function readCounter(name: string, help: string, read: () => number): void {
  add(name, "counter", help, () => [sample(name, {}, read())]);
}

/** The names of all metrics, for the page that explains them. */
export function metricNames(): string[] {
  return [...families.keys()];
}

/** Everything as text. */
export function metricsText(): string {
  const blocks = [...families].map(([name, { kind, help, writers }]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...writers.flatMap((write) => write())].join("\n"),
  );
  return `${blocks.join("\n")}\n`;
}
