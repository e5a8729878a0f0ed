// The report that people copy and send on: every fact of the failure, and no more of the address than host and path.
import { expect, test } from "vitest";

import { failureReport } from "#app/components/failure-report.ts";

const failure = { phase: "tls", seen: "The certificate has expired.", actor: "provider", advice: "Ask the provider." } as const;

test("names phase, what was seen, who acts, what to do and the reference", () => {
  expect(failureReport(failure, { title: "It failed", reference: "req-1", subject: "https://mcp.example.com/mcp" })).toBe(
    [
      "Gatehouse: It failed",
      "Address: https://mcp.example.com/mcp",
      "Phase: Encrypting the connection (tls)",
      "Seen: The certificate has expired.",
      "Who can mend it: The provider of the server",
      "What to do: Ask the provider.",
      "Reference: req-1",
    ].join("\n"),
  );
});

test.each(["https://mira:planted@mcp.example.com/mcp?key=planted#planted", "planted", "planted://planted"])(
  "says nothing of %s but host and path",
  (subject) => {
    expect(failureReport(failure, { title: "It failed", subject })).not.toMatch(/planted@|=planted|#planted|: planted/);
  },
);
