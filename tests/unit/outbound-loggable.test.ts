// What is logged of errors that a third-party server had a hand in.
import { OAuthError, OAuthErrorCode, ProtocolError } from "@modelcontextprotocol/client";
import { expect, test } from "vitest";

import { upstreamFailed } from "#server/errors.ts";
import { OutboundError } from "#server/outbound/error.ts";
import { loggable, loggableCauses, wordless } from "#server/outbound/loggable.ts";

const said = "Raw body: refresh_token=s3cret";
const failure = { phase: "token", seen: said, actor: "provider", advice: "Wait." } as const;

test.each([
  [new OAuthError(OAuthErrorCode.InvalidGrant, said), "OAuthError: invalid_grant"],
  [new OAuthError("s3cret", said), "OAuthError: another code"],
  [new ProtocolError(-32_603, said), "ProtocolError: -32603"],
  [new SyntaxError(said), "SyntaxError"],
  [Object.assign(new Error(said), { code: "ECONNREFUSED" }), "Error: ECONNREFUSED"],
  [Object.assign(new Error(said), { code: "the s3cret" }), "Error"],
  [new OutboundError("timeout", said), "OutboundError: timeout"],
  [upstreamFailed(failure), "DomainError: UPSTREAM_FAILED token"],
  [said, "unknown"],
])("names and codes are said, the words are not (%#)", (error, expected) => {
  expect(loggable(error)).toBe(expected);
});

test("causes are named in their order, and stay named when their words are taken out", () => {
  const cause = new OAuthError(OAuthErrorCode.ServerError, said);
  expect(loggableCauses(upstreamFailed(failure, cause))).toEqual(["DomainError: UPSTREAM_FAILED token", "OAuthError: server_error"]);
  expect(wordless(upstreamFailed(failure, cause)).message).toBe("DomainError: UPSTREAM_FAILED token, caused by OAuthError: server_error");
});
