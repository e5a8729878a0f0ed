// What an agent says of its trace: taken when it is well-formed and short, and otherwise as if it had said nothing.
import { expect, test } from "vitest";

import { readTraceContext, traceContextOf, traceFields } from "#server/telemetry/trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const parent = `00-${traceId}-${spanId}-01`;

test("a valid context comes out as it went in", () => {
  const read = readTraceContext(parent, "vendor=a, other@tenant=b");
  expect(read).toEqual({ traceId, spanId, isSampled: true, state: "vendor=a,other@tenant=b" });
  expect(read && traceFields(read)).toEqual({ traceparent: parent, tracestate: "vendor=a,other@tenant=b" });
  expect(readTraceContext(`00-${traceId}-${spanId}-00`, null)).toEqual({ traceId, spanId, isSampled: false, state: null });
  // A later version may say more; what is known of it is version 00.
  const later = readTraceContext(`cc-${traceId}-${spanId}-01-what-comes`, null);
  expect(later && traceFields(later)).toEqual({ traceparent: parent });
});

test.each([
  undefined,
  7,
  "",
  "00",
  `ff-${traceId}-${spanId}-01`,
  `00-${"0".repeat(32)}-${spanId}-01`,
  `00-${traceId}-${"0".repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId}-${spanId}-0`,
  ` ${parent}`,
  `${parent}\r\nx-injected: 1`,
  `01-${traceId}-${spanId}-01-${"x".repeat(200)}`,
])("%j is no context", (given) => {
  expect(readTraceContext(given, "vendor=a")).toBeUndefined();
});

test.each([
  7,
  "",
  "novalue",
  "UPPER=a",
  "vendor=a\r\nx: 1",
  "vendor=ä",
  `vendor=${"a".repeat(513)}`,
  Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(","),
])("the state %j is left out, the context stays", (state) => {
  expect(readTraceContext(parent, state)).toEqual({ traceId, spanId, isSampled: true, state: null });
});

test("`_meta` speaks of the message and comes first, headers where it says nothing good; baggage is not looked at", () => {
  const headers = new Headers({ traceparent: `00-${traceId}-aaaaaaaaaaaaaaaa-01`, tracestate: "from=header", baggage: "user=alice" });
  const body = (meta: unknown) => ({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "x", _meta: meta } });
  expect(traceContextOf(headers, body({ traceparent: parent, tracestate: "from=meta", baggage: "user=alice" }))).toEqual({
    traceId,
    spanId,
    isSampled: true,
    state: "from=meta",
  });
  for (const meta of [undefined, null, "text", {}, { traceparent: "nonsense" }, { traceparent: 7 }])
    expect(traceContextOf(headers, body(meta))).toMatchObject({ spanId: "aaaaaaaaaaaaaaaa", state: "from=header" });
  for (const odd of [null, "text", [], { params: null }, { params: 1 }]) expect(traceContextOf(new Headers(), odd)).toBeUndefined();
});
