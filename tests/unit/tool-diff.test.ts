// What a changed tool is said to have changed in: parameters in words, texts before and after, everything bounded.
import { expect, test } from "vitest";

import { toolDiff, toolDiffFrom } from "#server/upstream/tool-diff.ts";

const base: Parameters<typeof toolDiff>[0] & { inputSchema: { type: string; required: string[]; properties: object } } = {
  title: "Create",
  description: "Creates an issue.",
  inputSchema: {
    type: "object",
    required: ["title"],
    properties: {
      title: { type: "string" },
      priority: { type: "string", enum: ["low", "high"] },
      filter: { type: "object", properties: { state: { type: "string" } } },
      labels: { type: "array", items: { type: "object", properties: { name: { type: "string" } } } },
    },
  },
  outputSchema: null,
  annotations: { readOnlyHint: true },
};
const input = (properties: object, required: string[] = ["title"]) => ({
  ...base,
  inputSchema: { type: "object", required, properties: { ...base.inputSchema.properties, ...properties } },
});

test("nothing but the order of keys is no difference", () => {
  const turned = { ...base, inputSchema: { properties: base.inputSchema.properties, required: ["title"], type: "object" } };
  expect(toolDiff(base, turned)).toEqual({ parameters: [], moreParameters: 0, otherInput: false });
});

test("texts are told before and after", () => {
  const diff = toolDiff(base, { ...base, title: null, description: "Makes one.", annotations: { readOnlyHint: false } });
  expect(diff).toMatchObject({
    title: { before: "Create", after: "" },
    description: { before: "Creates an issue.", after: "Makes one." },
    annotations: { before: "readOnlyHint: true", after: "readOnlyHint: false" },
  });
});

test("parameters are told by name, those inside of others too", () => {
  const { parameters } = toolDiff(
    base,
    input(
      {
        team: { type: "string", description: "Whose it is" },
        title: { type: ["string", "null"], description: "Short" },
        priority: { type: "string", enum: ["low", "urgent"] },
        filter: { type: "object", properties: { state: { type: "number" } } },
        labels: { type: "array", items: { type: "object", properties: { name: { type: "string", maxLength: 5 } } } },
      },
      ["team"],
    ),
  );
  expect(parameters).toEqual([
    { name: "team", kind: "added", words: "string; required" },
    { name: "title", kind: "changed", words: 'string became string or null; no longer required; described as "Short"' },
    { name: "priority", kind: "changed", words: 'may be "urgent" now; may no longer be "high"' },
    { name: "filter.state", kind: "changed", words: "string became number" },
    { name: "labels[].name", kind: "changed", words: "its rules changed" },
  ]);
  const gone = toolDiff(base, { ...base, inputSchema: { type: "object", properties: { title: { type: "string" } } } });
  expect(gone.parameters.filter(({ kind }) => kind === "removed").map(({ name }) => name)).toContain("filter.state");
});

test("output, and rules over the whole input, are told without details", () => {
  expect(toolDiff(base, { ...base, outputSchema: { type: "object" } }).outputSchema).toBe("added");
  expect(toolDiff({ ...base, outputSchema: { type: "object" } }, base).outputSchema).toBe("removed");
  expect(toolDiff(base, { ...base, inputSchema: { ...base.inputSchema, additionalProperties: false } })).toMatchObject({
    parameters: [],
    otherInput: true,
  });
});

test("what strangers write is bounded, and reads back as it was stored", () => {
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`${"n".repeat(300)}${n}`, { description: "d".repeat(9_000) }]));
  const diff = toolDiff(base, { ...input(many), description: "😀".repeat(20_000), annotations: { a: "x".repeat(100_000) } });
  expect(JSON.stringify(diff).length).toBeLessThan(25_000);
  expect(diff.parameters).toHaveLength(30);
  expect(diff.moreParameters).toBeGreaterThan(100);
  expect(diff.description?.after).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  expect(toolDiffFrom(JSON.parse(JSON.stringify(diff)))).toEqual(diff);
  expect(toolDiffFrom({ parameters: "none" })).toBeNull();
});

test("choices without end hold nobody up", () => {
  const choices = (mark: string, count: number) => Array.from({ length: count }, (_, n) => `${mark}${n}`);
  const of = (mark: string) => input({ priority: { type: "string", enum: choices(mark, 60_000) } }, choices(mark, 60_000));
  const [before, after, began] = [of("a"), of("b"), process.cpuUsage()];
  expect(toolDiff(before, after).parameters).toContainEqual({ name: "priority", kind: "changed", words: "its choices changed" });
  expect(toolDiff(before, of("a"))).toEqual({ parameters: [], moreParameters: 0, otherInput: false });
  // Compared each with each these take tens of seconds.
  expect(process.cpuUsage(began).user).toBeLessThan(2_000_000);
});
