// A tool's schemas as one readable line: `create_page(parent: string, title: string, body?: string) -> { id, url }`.
import { shortened } from "#server/shortened.ts";

const maxParameters = 12;
const maxLength = 400;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeOf(schema: unknown): string {
  if (!isObject(schema)) return "any";
  const { type, enum: values, items, anyOf, oneOf, const: constant } = schema;
  if (Array.isArray(values) && values.length > 0 && values.length <= 6) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (constant !== undefined) return JSON.stringify(constant);
  if (type === "array") return `${typeOf(items)}[]`;
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return type.join(" | ");
  const choices = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  return choices.length > 0 && choices.length <= 4 ? [...new Set(choices.map(typeOf))].join(" | ") : "any";
}

/** The signature line; required parameters first, cut with "..." where it would get long. */
export function signatureOf(name: string, inputSchema: unknown, outputSchema: unknown): string {
  const properties = isObject(inputSchema) && isObject(inputSchema.properties) ? inputSchema.properties : {};
  const required = new Set(isObject(inputSchema) && Array.isArray(inputSchema.required) ? inputSchema.required : []);
  const ordered = Object.entries(properties).sort(([a], [b]) => Number(required.has(b)) - Number(required.has(a)));
  const shown = ordered.slice(0, maxParameters).map(([key, schema]) => `${key}${required.has(key) ? "" : "?"}: ${typeOf(schema)}`);
  const outputs = isObject(outputSchema) && isObject(outputSchema.properties) ? Object.keys(outputSchema.properties) : [];
  const result =
    outputs.length > 0 ? ` -> { ${outputs.slice(0, maxParameters).join(", ")}${outputs.length > maxParameters ? ", ..." : ""} }` : "";
  return shortened(`${name}(${shown.join(", ")}${ordered.length > maxParameters ? ", ..." : ""})${result}`, maxLength);
}
