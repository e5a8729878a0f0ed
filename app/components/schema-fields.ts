// A tool's input schema as form fields, and a submitted form as the tool's arguments. The schema is a stranger's: whatever it says ends as text, and
// what no form expresses is asked for as JSON.

interface Common {
  /** For the page; safe whatever the property is called. */
  id: string;
  /** Where the value goes in the arguments (JSON Pointer, RFC 6901); also the field's name in the form. */
  pointer: string;
  name: string;
  description: string;
  required: boolean;
}

export interface Option {
  /** The value as JSON. */
  value: string;
  label: string;
}

export type SchemaField = Common &
  (
    | { kind: "text"; long: boolean; secret: boolean }
    | { kind: "number"; integer: boolean }
    | { kind: "boolean" }
    | { kind: "choice"; options: Option[] }
    | { kind: "choices"; options: Option[] }
    | { kind: "list"; of: "string" | "number" | "integer" }
    | { kind: "group"; fields: SchemaField[] }
    | { kind: "json" }
  );

/** Groups within groups, and fields in all; beyond that it is JSON. */
const maxDepth = 3;
const maxFields = 80;
const maxOptions = 60;
const maxDescription = 400;
/** Characters of one option or default as JSON, and of a name: references repeat them for as many fields as there may be. */
const maxValue = 2_000;
const maxName = 200;

type Schema = Record<string, unknown>;

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const escaped = (name: string) => name.replace(/~/g, "~0").replace(/\//g, "~1");
const own = (schema: Schema, name: string) => (Object.hasOwn(schema, name) ? schema[name] : undefined);

/** What `#/$defs/Name` points to within the whole schema; null for everything else. */
function referred(root: Schema, reference: unknown): Schema | null {
  if (typeof reference !== "string" || !reference.startsWith("#/")) return null;
  let found: unknown = root;
  for (const part of reference.slice(2).split("/"))
    found = isObject(found) ? own(found, part.replace(/~1/g, "/").replace(/~0/g, "~")) : undefined;
  return isObject(found) ? found : null;
}

/** The schema without references, and without "or null": leaving a field empty says that. Null when it is of several kinds. */
function plain(root: Schema, given: unknown, hops = 0): Schema | null {
  if (!isObject(given) || hops > 5) return null;
  if (given.$ref !== undefined) {
    const target = referred(root, given.$ref);
    return target && plain(root, { ...target, ...(given.description === undefined ? {} : { description: given.description }) }, hops + 1);
  }
  const several = given.anyOf ?? given.oneOf;
  if (Array.isArray(several)) {
    const rest = several.filter((choice) => !(isObject(choice) && choice.type === "null"));
    const [only] = rest;
    if (rest.length !== 1 || !isObject(only)) return null;
    const { anyOf, oneOf, ...around } = given;
    return plain(root, { ...around, ...only }, hops + 1);
  }
  if (given.allOf !== undefined) return null;
  if (!Array.isArray(given.type)) return given;
  const types = given.type.filter((type) => type !== "null");
  return types.length === 1 ? { ...given, type: types[0] } : null;
}

function optionsOf(values: unknown): Option[] | null {
  if (!Array.isArray(values) || values.length === 0 || values.length > maxOptions) return null;
  const scalars = values.filter((value) => value !== null);
  if (!scalars.every((value) => ["string", "number", "boolean"].includes(typeof value) && String(value).length <= maxValue)) return null;
  return scalars.map((value) => ({ value: JSON.stringify(value), label: String(value) || '""' }));
}

const longName = /body|content|text|markdown|description|message|prompt|comment|sql|html|code|script/i;
const secretName = /^(.*[-_.])?(password|passwd|secret|api[-_]?key|token)$/i;

function describe({ description, default: usual, examples }: Schema): string {
  const said = typeof description === "string" ? description.trim() : "";
  const cut = said.length > maxDescription ? `${said.slice(0, maxDescription - 3)}...` : said;
  const short = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? "";
  const more = [
    ...(usual === undefined || usual === null ? [] : [`Left empty: ${short(usual)}.`]),
    ...(Array.isArray(examples) && examples.length > 0 ? [`For example ${short(examples[0])}.`] : []),
  ];
  return [cut, ...more].filter(Boolean).join(" ");
}

/** The field of one property. */
function fieldOf(root: Schema, common: Omit<Common, "description">, given: unknown, { depth, count }: Budget): SchemaField {
  const schema = plain(root, given);
  const described: Common = { ...common, description: describe(schema ?? (isObject(given) ? given : {})) };
  if (!schema) return { ...described, kind: "json" };
  const options = optionsOf(schema.const === undefined ? schema.enum : [schema.const]);
  if (options) return { ...described, kind: "choice", options };
  switch (schema.type) {
    case "string": {
      const secret = schema.format === "password" || schema.writeOnly === true || secretName.test(common.name);
      const long = !secret && schema.format === undefined && (longName.test(common.name) || Number(schema.maxLength ?? 0) > 300);
      return { ...described, kind: "text", long, secret };
    }
    case "number":
    case "integer":
      return { ...described, kind: "number", integer: schema.type === "integer" };
    case "boolean":
      return { ...described, kind: "boolean" };
    case "array": {
      const items = plain(root, schema.items);
      const choices = items && optionsOf(items.enum);
      if (choices) return { ...described, kind: "choices", options: choices };
      const of = items?.type;
      return of === "string" || of === "number" || of === "integer" ? { ...described, kind: "list", of } : { ...described, kind: "json" };
    }
    case "object": {
      const fields = depth >= maxDepth ? null : inner(root, schema, { pointer: common.pointer, id: common.id, depth: depth + 1, count });
      return fields && fields.length > 0 ? { ...described, kind: "group", fields } : { ...described, kind: "json" };
    }
    default:
      return { ...described, kind: "json" };
  }
}

interface Budget {
  depth: number;
  count: { left: number };
}

/** The fields of an object, required ones first; null when it takes more than its named properties, or too many of them. */
function inner(root: Schema, schema: Schema, at: Budget & { pointer: string; id: string }): SchemaField[] | null {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const takesOthers = properties.length === 0 && (isObject(schema.additionalProperties) || isObject(schema.patternProperties));
  if (takesOthers || schema.allOf !== undefined || schema.anyOf !== undefined || schema.oneOf !== undefined) return null;
  at.count.left -= properties.length;
  if (at.count.left < 0 || properties.some(([name]) => name.length > maxName)) return null;
  const needed = new Set<unknown>(Array.isArray(schema.required) ? schema.required : []);
  const fields = properties.map(([name, given], index) => {
    const common = { id: `${at.id}-${index}`, pointer: `${at.pointer}/${escaped(name)}`, name, required: needed.has(name) };
    return fieldOf(root, common, given, at);
  });
  return fields.sort((a, b) => Number(b.required) - Number(a.required));
}

/** The form of a tool; null when only JSON says what it takes. */
export function fieldsOf(schema: unknown): SchemaField[] | null {
  if (!isObject(schema)) return null;
  const root = plain(schema, schema);
  return root && inner(schema, root, { pointer: "", id: "arg", depth: 0, count: { left: maxFields } });
}

const isShort = (value: unknown) => JSON.stringify(value).length <= maxValue;

function example(root: Schema, given: unknown, at: Budget): unknown {
  if (at.depth > maxDepth) return null;
  const schema = plain(root, given);
  if (!schema) return null;
  if (schema.default !== undefined && isShort(schema.default)) return schema.default;
  if (Array.isArray(schema.enum)) return isShort(schema.enum[0] ?? null) ? schema.enum[0] : null;
  if (schema.type === "object") return exampleOf(root, schema, { ...at, depth: at.depth + 1 });
  const empty: Record<string, unknown> = { string: "", number: 0, integer: 0, boolean: false, array: [] };
  return typeof schema.type === "string" ? (own(empty, schema.type) ?? null) : null;
}

/** The required properties, as many of them as the budget has left. */
function exampleOf(root: Schema, { properties, required }: Schema, at: Budget): Schema {
  const entries: [string, unknown][] = [];
  const names = new Set<unknown>(at.depth > maxDepth || !Array.isArray(required) ? [] : required);
  for (const name of names) {
    if (at.count.left <= 0) break;
    if (typeof name !== "string" || name.length > maxName) continue;
    at.count.left -= 1;
    entries.push([name, example(root, isObject(properties) ? own(properties, name) : undefined, at)]);
  }
  return Object.fromEntries(entries);
}

/** The required arguments with nothing in them, as JSON to begin with. */
export function skeletonOf(schema: unknown): string {
  const budget = { depth: 0, count: { left: maxFields } };
  return JSON.stringify(isObject(schema) ? exampleOf(schema, plain(schema, schema) ?? schema, budget) : {}, null, 2);
}
