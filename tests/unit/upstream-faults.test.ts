// What a failed exchange says about whether the call can have been executed.
import { expect, test } from "vitest";

import { OutboundError } from "#server/outbound/error.ts";
import { mayHaveArrived } from "#server/upstream/faults.ts";

const withCode = (code: string) => new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });

test.each([
  ...[
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_FAIL",
    "UND_ERR_CONNECT_TIMEOUT",
    "CERT_HAS_EXPIRED",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "ERR_SSL_WRONG_VERSION_NUMBER",
  ].map((code) => [code, withCode(code)] as const),
  ["the guard", new OutboundError("address_guard", "It leads into a private network.")] as const,
])("%s: no connection came about, so nothing can have run", (_what, error) => {
  expect(mayHaveArrived(error)).toBe(false);
});

test.each(["ECONNRESET", "UND_ERR_SOCKET", "ETIMEDOUT", "HPE_INVALID_CONSTANT", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "EPROTO"])(
  "%s: it may have run",
  (code) => {
    expect(mayHaveArrived(withCode(code))).toBe(true);
  },
);
