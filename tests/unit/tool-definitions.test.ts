// What agents read before they search: without these words they ask in ways that find less.
import { expect, test } from "vitest";

import { instructions, toolList } from "#server/agent/tool-definitions.ts";

test("agents are told how to word a search, that several wordings go at once, and how to narrow it", () => {
  const [search] = toolList([]);
  for (const told of [search?.description, instructions]) {
    expect(told).toMatch(/verb.{0,10}object.{0,15}service/);
    expect(told).toContain('"create issue linear"');
    for (const field of ["query", "connection", "limit", "detail"]) expect(told).toContain(`"${field}"`);
  }
  expect(search?.description).toContain('"query": ["create ticket linear", "file a bug"]');
  expect(search?.description).toContain('narrow with "connection" and "limit"');
  expect(search?.inputSchema).toMatchObject({
    properties: {
      query: { anyOf: [{ type: "string" }, { type: "array", maxItems: 5 }], description: expect.stringContaining("up to 5 such phrases") },
      limit: { maximum: 20 },
      connection: { description: expect.stringContaining("name or id") },
      detail: { enum: ["full", "brief"] },
    },
  });
});
