// The form of a tool: fields from schemas as servers write them, hostile ones among them, and arguments out of what was filled in.
import { expect, test } from "vitest";

import { fieldsOf, type SchemaField, skeletonOf } from "#app/components/schema-fields.ts";
import { atFields, filledIn, filledInAsJson, inputName } from "#app/components/schema-values.ts";

const object = (properties: Record<string, unknown>, required: string[] = []) => ({ type: "object", properties, required });
const kinds = (fields: readonly SchemaField[] | null) => fields?.map(({ name, kind }) => `${name}: ${kind}`);

const wide = object(
  {
    title: { type: "string", description: "What it is called", default: "Untitled" },
    body: { type: "string" },
    password: { type: "string" },
    count: { type: "integer" },
    price: { type: ["number", "null"] },
    loud: { type: "boolean" },
    color: { enum: ["red", "green", 3] },
    tags: { type: "array", items: { type: "string" } },
    sizes: { type: "array", items: { enum: ["s", "m"] } },
    parent: { $ref: "#/$defs/Parent" },
    either: { anyOf: [{ type: "string" }, { type: "number" }] },
    maybe: { anyOf: [{ type: "string" }, { type: "null" }] },
    rows: { type: "array", items: { type: "object" } },
  },
  ["body", "parent"],
);
const schema = { ...wide, $defs: { Parent: object({ id: { type: "string" }, depth: { type: "number" } }, ["id"]) } };

const form = (entries: [string, string][]) => {
  const data = new FormData();
  for (const [pointer, value] of entries) data.append(`arg:${pointer}`, value);
  return data;
};
const idOf = (fields: readonly SchemaField[], name: string): string => fields.find((field) => field.name === name)?.id ?? "";

test("each kind of property gets its field, required ones first", () => {
  const fields = fieldsOf(schema);
  expect(kinds(fields)).toEqual([
    "body: text",
    "parent: group",
    "title: text",
    "password: text",
    "count: number",
    "price: number",
    "loud: boolean",
    "color: choice",
    "tags: list",
    "sizes: choices",
    "either: json",
    "maybe: text",
    "rows: json",
  ]);
  expect(fields?.find(({ name }) => name === "title")?.description).toBe('What it is called Left empty: "Untitled".');
  expect(fields?.find(({ name }) => name === "password")).toMatchObject({ secret: true });
});

test("values come out in their types; what was left empty is left out", () => {
  const fields = fieldsOf(schema) ?? [];
  const filled = filledIn(
    fields,
    form([
      ["/body", "line\r\nline"],
      ["/password", "hunter2"],
      ["/count", "3"],
      ["/price", "2.5"],
      ["/loud", "false"],
      ["/color", "3"],
      ["/tags", "a\r\n\r\nb "],
      ["/sizes", '"s"'],
      ["/sizes", '"m"'],
      ["/parent/id", "p1"],
      ["/either", '{"x":1}'],
      ["/title", ""],
    ]),
  );
  expect(filled.errors).toEqual({});
  expect(filled.arguments).toEqual({
    body: "line\nline",
    password: "hunter2",
    count: 3,
    price: 2.5,
    loud: false,
    color: 3,
    tags: ["a", "b "],
    sizes: ["s", "m"],
    parent: { id: "p1" },
    either: { x: 1 },
  });
  expect(JSON.stringify(filled.values)).not.toContain("hunter2");
});

test("what is wrong is named at its field", () => {
  const fields = fieldsOf(schema) ?? [];
  const { errors } = filledIn(
    fields,
    form([
      ["/count", "1.5"],
      ["/price", "much"],
      ["/color", '"blue"'],
      ["/either", "{"],
      ["/parent/depth", "2"],
    ]),
  );
  const parent = fields.find(({ name }) => name === "parent");
  const within = parent?.kind === "group" ? parent.fields : [];
  expect(Object.keys(errors).sort()).toEqual(
    [...["body", "count", "price", "color", "either"].map((name) => idOf(fields, name)), idOf(within, "id")].sort(),
  );
  expect(errors[idOf(fields, "body")]).toEqual(["This is required."]);
});

test("an optional group may stay empty, and has to be complete once begun", () => {
  const fields = fieldsOf(object({ filter: object({ from: { type: "string" }, to: { type: "string" } }, ["from"]) })) ?? [];
  expect(filledIn(fields, form([]))).toMatchObject({ arguments: {}, errors: {} });
  expect(Object.values(filledIn(fields, form([["/filter/to", "x"]])).errors)).toEqual([["This is required."]]);
});

test("what no form expresses is asked for as JSON", () => {
  for (const given of [
    null,
    "x",
    [],
    { anyOf: [{ type: "object" }, { type: "string" }] },
    { type: "object", additionalProperties: { type: "string" } },
  ])
    expect(fieldsOf(given)).toBeNull();
  const many = object(Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`p${n}`, { type: "string" }])));
  expect(fieldsOf(many)).toBeNull();
  expect(fieldsOf({ type: "object" })).toEqual([]);
  const json = (text: string) => {
    const data = new FormData();
    data.set("json", text);
    return filledInAsJson(data);
  };
  expect(json('{"a":1}').arguments).toEqual({ a: 1 });
  expect(json("").arguments).toEqual({});
  expect(json("[1]").errors.json?.[0]).toContain("one JSON object");
  expect(json("{").errors.json?.[0]).toContain("not JSON");
  expect(JSON.parse(skeletonOf(schema))).toEqual({ body: "", parent: { id: "" } });
});

test("a schema that refers to itself, or is deep, or wrong throughout, ends", () => {
  const loop = { type: "object", properties: { child: { $ref: "#" }, self: { $ref: "#/properties/self" } } };
  expect(fieldsOf(loop)).not.toBeNull();
  expect(fieldsOf({ type: "object", properties: 5, required: "all" })).toEqual([]);
  expect(kinds(fieldsOf(object({ a: null, b: 7, c: { $ref: "https://evil.example" }, d: { type: {} }, e: { enum: [{}] } })))).toEqual([
    "a: json",
    "b: json",
    "c: json",
    "d: json",
    "e: json",
  ]);
  expect(() => skeletonOf({ ...loop, required: ["child"] })).not.toThrow();
});

test("what refers to itself many times over is filled in for a bounded number of properties", () => {
  const names = Array.from({ length: 300 }, (_, n) => `a${n}`);
  for (const required of [Array<string>(300).fill("a0"), names]) {
    const inner = { type: "object", required, properties: Object.fromEntries(names.map((name) => [name, { $ref: "#/$defs/A" }])) };
    const schema = { ...inner, $defs: { A: inner } };
    const began = process.cpuUsage();
    expect(skeletonOf(schema).length).toBeLessThan(10_000);
    expect(fieldsOf(schema)).toBeNull();
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
  }
  const large = { type: "string", default: "x".repeat(100_000) };
  expect(skeletonOf({ ...object({ text: { $ref: "#/$defs/T" } }, ["text"]), $defs: { T: large } })).toBe('{\n  "text": ""\n}');
});

test("hostile names and words stay names and words", () => {
  const hostile = JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"},"a/b~c":{"type":"string"},"<img src=x onerror=alert(1)>":{"type":"string","description":"</script><script>alert(1)</script>"},"x y\\" id=main":{"type":"string"}},"required":["__proto__"]}',
  );
  const fields = fieldsOf(hostile) ?? [];
  expect(fields).toHaveLength(5);
  for (const { id } of fields) expect(id).toMatch(/^arg-\d+$/);
  const data = new FormData();
  for (const field of fields) data.append(inputName(field), "v");
  const filled = filledIn(fields, data);
  expect(Object.keys(filled.arguments).sort()).toEqual(
    ["__proto__", "a/b~c", "constructor", "<img src=x onerror=alert(1)>", 'x y" id=main'].sort(),
  );
  expect(Reflect.getPrototypeOf(filled.arguments)).toBe(Object.prototype);
  expect(Reflect.getPrototypeOf({})).not.toHaveProperty("v");
});

test("what a server refused stands at its field, the rest apart", () => {
  const fields = fieldsOf(object({ text: { type: "string" } })) ?? [];
  const issues = [
    { path: "text", message: "is required" },
    { path: "other", message: "is not a parameter of this tool" },
  ];
  expect(atFields(fields, issues)).toEqual({ errors: { "arg-0": ["It is required."] }, rest: [issues[1]] });
});
