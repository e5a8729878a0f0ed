// What was filled into the form of a tool, as the tool's arguments: each value in its type, and what is wrong named at its field.
import type { SchemaField } from "./schema-fields.ts";

/** The name in the form of a field of the tool. */
export const inputName = ({ pointer }: Pick<SchemaField, "pointer">) => `arg:${pointer}`;
/** The name of the one field where all arguments are written as JSON, and the id its errors are under. */
export const jsonName = "json";

/** By the id of a field. */
export type Errors = Record<string, string[]>;
export type Values = Record<string, string[]>;

export interface Filled {
  arguments: Record<string, unknown>;
  errors: Errors;
  /** What was entered, to show it again; secrets are not among it. */
  values: Values;
}

type Read = { value: unknown } | { problem: string } | null;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberOf(text: string, integer: boolean): Read {
  const value = Number(text.trim());
  if (!Number.isFinite(value)) return { problem: `This is not a number: ${text.trim().slice(0, 40)}` };
  return integer && !Number.isInteger(value) ? { problem: "This has to be a whole number." } : { value };
}

function jsonOf(text: string): Read {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch (error) {
    return { problem: `This is not JSON. ${error instanceof Error ? error.message : ""}`.trim() };
  }
}

function listOf(text: string, of: "string" | "number" | "integer"): Read {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (of === "string") return { value: lines };
  const read = lines.map((line) => numberOf(line, of === "integer"));
  const wrong = read.find((one) => one !== null && "problem" in one);
  return wrong ?? { value: read.map((one) => (one !== null && "value" in one ? one.value : null)) };
}

/** The value of one field; null when it was left empty. */
function read(field: SchemaField, entered: readonly string[]): Read {
  const [text = ""] = entered;
  if (field.kind === "choices") {
    const chosen = entered.filter((value) => field.options.some((option) => option.value === value));
    return chosen.length === 0 ? null : { value: chosen.map((value): unknown => JSON.parse(value)) };
  }
  if (field.kind === "text" ? text === "" : text.trim() === "") return null;
  switch (field.kind) {
    case "text":
      return { value: text };
    case "number":
      return numberOf(text, field.integer);
    case "boolean":
      return { value: text === "true" };
    case "choice":
      return field.options.some(({ value }) => value === text) ? jsonOf(text) : { problem: "Choose one of the list." };
    case "list":
      return listOf(text, field.of);
    case "json":
      return jsonOf(text);
    case "group":
      return null;
  }
}

/** Reads the fields of a tool out of a submitted form. */
export function filledIn(fields: readonly SchemaField[], form: FormData): Filled {
  const errors: Errors = {};
  const values: Values = {};
  // Entries, so that "__proto__" is a name like any other.
  const group = (inner: readonly SchemaField[], isNeeded: boolean): [string, unknown][] => {
    const entries: [string, unknown][] = [];
    const missing: SchemaField[] = [];
    const isFilled = (field: SchemaField) => Object.hasOwn(values, field.id) || Object.hasOwn(errors, field.id);
    for (const field of inner) {
      if (field.kind === "group") {
        const within = group(field.fields, field.required && isNeeded);
        if (within.length > 0 || (field.required && isNeeded)) entries.push([field.name, Object.fromEntries(within)]);
        continue;
      }
      // Browsers send line ends as in mail.
      const entered = form.getAll(inputName(field)).flatMap((value) => (typeof value === "string" ? [value.replace(/\r\n/g, "\n")] : []));
      if (entered.some((value) => value !== "") && !(field.kind === "text" && field.secret)) values[field.id] = entered;
      const found = read(field, entered);
      if (found === null) missing.push(field);
      else if ("problem" in found) errors[field.id] = [found.problem];
      else entries.push([field.name, found.value]);
    }
    // A group that nobody has to fill in may stay empty; one that was begun has to be complete.
    if (isNeeded || entries.length > 0 || inner.some(isFilled))
      for (const field of missing) if (field.required) errors[field.id] = ["This is required."];
    return entries;
  };
  return { arguments: Object.fromEntries(group(fields, true)), errors, values };
}

/** Reads all arguments out of the one field for JSON. */
export function filledInAsJson(form: FormData): Filled {
  const entered = form.get(jsonName);
  const text = typeof entered === "string" ? entered : "";
  const values: Values = { [jsonName]: [text] };
  const found = text.trim() === "" ? { value: {} } : jsonOf(text);
  if (found === null || "problem" in found) return { arguments: {}, errors: { [jsonName]: [found?.problem ?? ""] }, values };
  if (isObject(found.value)) return { arguments: found.value, errors: {}, values };
  return { arguments: {}, errors: { [jsonName]: ["The arguments are one JSON object: { ... }"] }, values };
}

/** What a server said of single arguments, at their fields; what belongs to none of them is left. */
export function atFields(fields: readonly SchemaField[], issues: readonly { path: string; message: string }[]) {
  const errors: Errors = {};
  const rest: { path: string; message: string }[] = [];
  for (const issue of issues) {
    const field = fields.find(({ name }) => name === issue.path);
    if (field) (errors[field.id] ??= []).push(`It ${issue.message}.`);
    else rest.push(issue);
  }
  return { errors, rest };
}
