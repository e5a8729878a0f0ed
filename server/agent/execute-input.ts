// The input of execute_capability: what is accepted, and how a capability's name is taken apart.
import { z } from "zod";

import { isStorable } from "#server/storable.ts";

import { ToolError } from "./tool-error.ts";

const argumentObject = z.record(z.string(), z.unknown());
const jsonObject = z.string().transform((text, context) => {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    context.addIssue({ code: "custom", message: "must be an object, or the JSON text of one" });
    return z.NEVER;
  }
});
/** Null, "", [] or {}: what a field holds that was filled in without anything to say. */
export function isEmpty(value: unknown): boolean {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

/** A field that an agent filled in with nothing is as good as absent. */
const argumentsField = z.preprocess(
  (given) => (isEmpty(given) ? undefined : given),
  z.union([argumentObject, jsonObject.pipe(argumentObject)]).optional(),
);
const input = z.object({
  name: z.string().min(1).max(400).refine(isStorable, "must be well-formed text"),
  arguments: argumentsField,
  /** The predecessor's name for `arguments`. */
  body: argumentsField,
  schemaDigest: z.string().max(100).nullish(),
});

export interface ExecuteInput {
  name: string;
  arguments: Record<string, unknown>;
  schemaDigest: string | undefined;
}

/** The input as it is meant. Throws invalid_capability_arguments. */
export function parse(given: unknown): ExecuteInput {
  const parsed = input.safeParse(given);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    throw new ToolError({
      error: "invalid_capability_arguments",
      message: 'execute_capability takes { "name": string, "arguments": object }. See issues.',
      issues,
    });
  }
  const { name, body, schemaDigest } = parsed.data;
  return { name, arguments: parsed.data.arguments ?? body ?? {}, schemaDigest: schemaDigest || undefined };
}

/** Calls of one batch. */
export const maxCalls = 20;
const batch = z.strictObject({ calls: z.array(z.unknown()).min(1).max(maxCalls) });
const fieldsOfOne = new Set(["name", "arguments", "body", "schemaDigest"]);

/** The calls of a batch, each still to be parsed. Fields of a single call beside them may be there, but empty. Throws invalid_capability_arguments. */
export function parseBatch(given: object): unknown[] {
  const parsed = batch.safeParse(
    Object.fromEntries(Object.entries(given).filter(([name, value]) => !fieldsOfOne.has(name) || !isEmpty(value))),
  );
  if (parsed.success) return parsed.data.calls;
  throw new ToolError({
    error: "invalid_capability_arguments",
    message: `A batch is { "calls": [{ "name": string, "arguments": object }] } with 1 to ${maxCalls} calls and nothing beside. See issues.`,
    issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
  });
}

/** `mcp:<connectionId>:<toolName>`, split at the first colon behind the id: tool names may hold colons. */
export function split(name: string): { connectionId: string; toolName: string } | null {
  const [, connectionId, toolName] = /^mcp:([^:]+):(.+)$/s.exec(name) ?? [];
  return connectionId && toolName ? { connectionId, toolName } : null;
}
