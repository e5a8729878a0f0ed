// The text of /metrics: as Prometheus reads it, whatever was counted.
import { expect, test } from "vitest";

import { counter, counters, gauge, gauges, histogram, metricNames, metricsText } from "#server/metric.ts";

const linesOf = (name: string) =>
  metricsText()
    .split("\n")
    .filter((line) => line.includes(name));

test("a counter, and one for each label value, begin at 0 and grow", () => {
  const plain = counter("t_plain_total", "Plain.");
  const byEnd = counters("t_ended_total", "Ended.", "outcome", ["ok", "failed"], { tool: "one" });
  counters("t_ended_total", "Ended.", "outcome", ["ok"], { tool: "two" });
  plain.add();
  plain.add(2);
  byEnd.ok.add();
  expect(linesOf("t_plain_total")).toEqual(["# HELP t_plain_total Plain.", "# TYPE t_plain_total counter", "t_plain_total 3"]);
  expect(linesOf("t_ended_total")).toEqual([
    "# HELP t_ended_total Ended.",
    "# TYPE t_ended_total counter",
    't_ended_total{tool="one",outcome="ok"} 1',
    't_ended_total{tool="one",outcome="failed"} 0',
    't_ended_total{tool="two",outcome="ok"} 0',
  ]);
});

test("a histogram has cumulative buckets; a bound holds its own value", () => {
  const seconds = histogram("t_seconds", "Time.", [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value);
  expect(linesOf("t_seconds")).toEqual([
    "# HELP t_seconds Time.",
    "# TYPE t_seconds histogram",
    't_seconds_bucket{le="0.1"} 2',
    't_seconds_bucket{le="1"} 3',
    't_seconds_bucket{le="+Inf"} 4',
    "t_seconds_sum 7.65",
    "t_seconds_count 4",
  ]);
});

test("gauges are asked when they are read, and label values are escaped", () => {
  let size = 1;
  gauge("t_size", "Size.", () => size, { version: 'a"b\\c\nd' });
  gauges("t_states", "States.", "state", () => ({ open: size, shut: 0 }));
  size = 5;
  expect(linesOf("t_size").at(-1)).toBe(String.raw`t_size{version="a\"b\\c\nd"} 5`);
  expect(linesOf("t_states").slice(2)).toEqual(['t_states{state="open"} 5', 't_states{state="shut"} 0']);
  expect(metricNames()).toEqual(expect.arrayContaining(["t_size", "t_states", "t_seconds"]));
});
