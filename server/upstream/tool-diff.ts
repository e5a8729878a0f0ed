// What a new list changed in one tool, in words that a person can judge. All text is the server's own: bounded, and never more than text.
import { z } from "zod";

import { shortened } from "#server/shortened.ts";

/** What is compared. Stored JSON and a new listing both fit. */
interface Described {
  title: string | null;
  description: string;
  inputSchema: unknown;
  outputSchema: unknown;
  annotations: unknown;
}

const beforeAfter = z.object({ before: z.string(), after: z.string() });
const toolDiffOutline = z.object({
  title: beforeAfter.optional(),
  description: beforeAfter.optional(),
  parameters: z.array(z.object({ name: z.string(), kind: z.enum(["added", "removed", "changed"]), words: z.string() })),
  /** Changed parameters beyond those. */
  moreParameters: z.number(),
  outputSchema: z.enum(["added", "removed", "changed"]).optional(),
  annotations: beforeAfter.optional(),
  /** Something of the input changed that has no name of its own, such as a rule over several parameters. */
  otherInput: z.boolean(),
});
export type ToolDiff = z.output<typeof toolDiffOutline>;

/** A stored diff; null for anything else. */
export function toolDiffFrom(stored: unknown): ToolDiff | null {
  return toolDiffOutline.safeParse(stored).data ?? null;
}

const maxText = 2_000;
const maxName = 120;
const maxWords = 400;
const maxParameters = 30;
/** Parameters of one tool that are compared, and how deep they are looked for. */
const maxCompared = 500;
const maxDepth = 4;
/** Choices of one parameter that are compared one by one, and kinds of values that are named. */
const maxChoices = 1_000;
const maxTypes = 10;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON with its keys in order: the database does not keep theirs. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

const isSame = (a: unknown, b: unknown) => canonical(a ?? null) === canonical(b ?? null);

interface Parameter {
  schema: Record<string, unknown>;
  isRequired: boolean;
}

/** The parameters by name; those inside of others as "filter.name", of lists as "items[].name". */
function parametersOf(schema: unknown, into = new Map<string, Parameter>(), path = "", depth = 0): Map<string, Parameter> {
  if (!isObject(schema) || depth >= maxDepth) return into;
  const required = new Set<unknown>(Array.isArray(schema.required) ? schema.required : []);
  for (const [name, value] of isObject(schema.properties) ? Object.entries(schema.properties) : []) {
    if (into.size >= maxCompared) return into;
    const inner = isObject(value) ? value : {};
    into.set(path + name, { schema: inner, isRequired: required.has(name) });
    // A long name is not repeated with everything inside of it.
    const outer = shortened(path + name, maxName);
    parametersOf(inner, into, `${outer}.`, depth + 1);
    parametersOf(inner.items, into, `${outer}[].`, depth + 1);
  }
  return into;
}

function typeOf({ type, enum: choices }: Record<string, unknown>): string {
  const several = Array.isArray(type) ? type : [type];
  const named = several.slice(0, maxTypes).filter((one) => typeof one === "string");
  return shortened(named.join(" or "), maxName) || (Array.isArray(choices) ? "one of a list" : "anything");
}

const choicesOf = ({ enum: choices }: Record<string, unknown>): unknown[] => (Array.isArray(choices) ? choices : []);

/** What may be chosen now and could not before, and the other way round. */
function choiceWords(before: Parameter, after: Parameter): string[] {
  const [had, has] = [choicesOf(before.schema), choicesOf(after.schema)];
  if (Math.max(had.length, has.length) > maxChoices) return isSame(had, has) ? [] : ["its choices changed"];
  const [was, is] = [new Set(had.map((choice) => JSON.stringify(choice))), new Set(has.map((choice) => JSON.stringify(choice)))];
  const [more, fewer] = [[...is].filter((choice) => !was.has(choice)), [...was].filter((choice) => !is.has(choice))];
  return [
    ...(more.length > 0 ? [`may be ${more.join(", ")} now`] : []),
    ...(fewer.length > 0 ? [`may no longer be ${fewer.join(", ")}`] : []),
  ];
}

/** What of a parameter is told on its own line or in its own words. */
function rest({ type, description, enum: choices, properties, items, required, ...other }: Record<string, unknown>, depth = 0): unknown {
  return isObject(items) && depth < maxDepth ? { ...other, items: rest(items, depth + 1) } : other;
}

function parameterWords(before: Parameter, after: Parameter): string[] {
  const words: string[] = [];
  const [was, is] = [typeOf(before.schema), typeOf(after.schema)];
  if (was !== is) words.push(`${was} became ${is}`);
  if (before.isRequired !== after.isRequired) words.push(after.isRequired ? "required now" : "no longer required");
  words.push(...choiceWords(before, after));
  if (!isSame(before.schema.description, after.schema.description)) {
    const said = after.schema.description;
    words.push(typeof said === "string" ? `described as "${said}"` : "no longer described");
  }
  if (words.length === 0 && !isSame(rest(before.schema), rest(after.schema))) words.push("its rules changed");
  return words;
}

function parameterChanges(before: unknown, after: unknown): ToolDiff["parameters"] {
  const [had, has] = [parametersOf(before), parametersOf(after)];
  const added = [...has].flatMap(([name, { schema, isRequired }]) =>
    had.has(name) ? [] : [{ name, kind: "added" as const, words: [typeOf(schema), isRequired ? "required" : "optional"] }],
  );
  const removed = [...had.keys()].flatMap((name) => (has.has(name) ? [] : [{ name, kind: "removed" as const, words: [] }]));
  const changed = [...has].flatMap(([name, parameter]) => {
    const old = had.get(name);
    const words = old ? parameterWords(old, parameter) : [];
    return words.length > 0 ? [{ name, kind: "changed" as const, words }] : [];
  });
  return [...added, ...removed, ...changed].map(({ name, kind, words }) => ({
    name: shortened(name, maxName),
    kind,
    words: shortened(words.join("; "), maxWords),
  }));
}

/** What a provider says of a tool beside its schema: hints such as "readOnlyHint", which count for nothing here and still tell a reviewer something. */
function annotationWords(annotations: unknown): string {
  if (!isObject(annotations)) return "none";
  const said = Object.entries(annotations).filter(([name]) => name !== "title");
  return shortened(said.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ") || "none", maxWords);
}

function change(before: unknown, after: unknown): "added" | "removed" | "changed" | undefined {
  if (isSame(before, after)) return undefined;
  if (before == null) return "added";
  return after == null ? "removed" : "changed";
}

/** The difference between what was stored of a tool and what its server lists now. */
export function toolDiff(before: Described, after: Described): ToolDiff {
  const texts = (was: string, is: string) => (was === is ? undefined : { before: shortened(was, maxText), after: shortened(is, maxText) });
  const parameters = parameterChanges(before.inputSchema, after.inputSchema);
  const title = texts(before.title ?? "", after.title ?? "");
  const description = texts(before.description, after.description);
  const annotations = texts(annotationWords(before.annotations), annotationWords(after.annotations));
  const outputSchema = change(before.outputSchema, after.outputSchema);
  return {
    ...(title ? { title } : {}),
    ...(description ? { description } : {}),
    parameters: parameters.slice(0, maxParameters),
    moreParameters: Math.max(0, parameters.length - maxParameters),
    ...(outputSchema ? { outputSchema } : {}),
    ...(annotations ? { annotations } : {}),
    otherInput: parameters.length === 0 && !isSame(before.inputSchema, after.inputSchema),
  };
}
