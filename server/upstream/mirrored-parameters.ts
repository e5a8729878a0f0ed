// `x-mcp-header` (2026-07-28, Streamable HTTP): arguments that a server wants to see in `Mcp-Param-<Name>` headers too, for its proxies.

export interface MirroredParameter {
  path: readonly string[];
  header: string;
}

// RFC 9110 section 5.1: a field name is a token.
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const mirrorable: readonly unknown[] = ["string", "integer", "boolean"];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function walk(schema: unknown, path: readonly string[]): MirroredParameter[] {
  if (!isObject(schema)) return [];
  const name = schema["x-mcp-header"];
  const own =
    path.length > 0 && typeof name === "string" && token.test(name) && mirrorable.includes(schema.type)
      ? [{ path, header: `mcp-param-${name.toLowerCase()}` }]
      : [];
  const below = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  return [...own, ...below.flatMap(([key, inner]) => walk(inner, [...path, key]))];
}

/** The parameters a tool wants mirrored; null when it declares one where or as it must not, and so must not be offered at all. */
export function mirroredParameters(inputSchema: unknown): MirroredParameter[] | null {
  const text = JSON.stringify(inputSchema) ?? "";
  const declared = text.split('"x-mcp-header":').length - 1;
  if (declared === 0) return [];
  const found = walk(inputSchema, []);
  const areDistinct = new Set(found.map(({ header }) => header)).size === found.length;
  return areDistinct && found.length === declared ? found : null;
}

const learned = new WeakMap<object, MirroredParameter[]>();

/** The same for a tool that was stored, remembered as long as that tool is: its schema may be text that has to be parsed each time. */
export function storedMirroring(tool: { readonly inputSchema: unknown }): MirroredParameter[] {
  const known = learned.get(tool);
  if (known) return known;
  const found = mirroredParameters(tool.inputSchema) ?? [];
  learned.set(tool, found);
  return found;
}

/** A header value holds visible ASCII; anything else travels Base64-encoded in the sentinel form of the 2026-07-28 transport. */
export function headerValue(text: string): string {
  if (/^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith("=?base64?")) return text;
  return `=?base64?${Buffer.from(text).toString("base64")}?=`;
}

/** The headers for one call's arguments. What is absent, null or not of a plain kind has none. */
export function mirrorHeaders(parameters: readonly MirroredParameter[], given: Record<string, unknown>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { path, header } of parameters) {
    const value = path.reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), given);
    if (typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value))
      headers[header] = headerValue(String(value));
  }
  return headers;
}
