// What is wrong with arguments by a tool's stored schema, at its top level: advice after a refusal, never a gate.
// Deliberately no general validator: the schema is a stranger's, and its patterns would run on our event loop.
import type { FieldIssue } from "#server/errors.ts";

const maxIssues = 20;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}

function fits(value: unknown, type: unknown): boolean {
  const allowed = Array.isArray(type) ? type : [type];
  const actual = typeName(value);
  return allowed.some((name) => name === actual || (name === "number" && actual === "integer"));
}

function issueOf(path: string, value: unknown, schema: unknown): FieldIssue | null {
  if (!isObject(schema)) return null;
  if (schema.type !== undefined && !fits(value, schema.type)) {
    return {
      path,
      message: `must be ${Array.isArray(schema.type) ? schema.type.join(" or ") : String(schema.type)}, not ${typeName(value)}`,
    };
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value))
    return { path, message: `must be one of ${JSON.stringify(schema.enum).slice(0, 300)}` };
  return null;
}

/** Missing, unknown and ill-typed arguments, at most 20. */
export function argumentAdvice(schema: unknown, given: Record<string, unknown>): FieldIssue[] {
  if (!isObject(schema)) return [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required.filter((name) => typeof name === "string") : [];
  const missing = required.filter((name) => !Object.hasOwn(given, name)).map((path) => ({ path, message: "is required" }));
  const unknown = schema.additionalProperties === false ? Object.keys(given).filter((name) => !Object.hasOwn(properties, name)) : [];
  const wrong = Object.entries(given).flatMap(
    ([name, value]) => issueOf(name, value, Object.hasOwn(properties, name) ? properties[name] : undefined) ?? [],
  );
  return [...missing, ...unknown.map((path) => ({ path, message: "is not a parameter of this tool" })), ...wrong].slice(0, maxIssues);
}
