// Reads a server's whole tool list within bounds, and gives it a digest.
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { z } from "zod";

import { upstreamFailed } from "#server/errors.ts";

import { boundedText } from "./call-error.ts";
import type { OpenSession, TransportName } from "./connect.ts";
import { isDeeper } from "./depth.ts";
import { type MirroredParameter, mirroredParameters } from "./mirrored-parameters.ts";
import { givenUp } from "./redaction.ts";

type JsonObject = Record<string, unknown>;

export interface ListedTool {
  name: string;
  title: string | null;
  description: string;
  inputSchema: JsonObject;
  outputSchema: JsonObject | null;
  annotations: JsonObject | null;
  /** "sha256:<hex>" of everything above. */
  digest: string;
}

export interface Listing {
  tools: ListedTool[];
  digest: string;
  transport: TransportName;
  transportAt: Date;
  protocolVersion: string;
  serverName: string | null;
  serverVersion: string | null;
  instructions: string | null;
  ttlMs: number | null;
  leftOut: LeftOut;
}

/** What a list held and the catalog does not. */
export interface LeftOut {
  count: number;
  /** The first ones: names as they may be shown, and why. */
  examples: { name: string; why: string }[];
}

/** Milliseconds of work after which others get their turn. */
const sliceMs = 8;
const maxPages = 20;
const maxTools = 2_000;
const maxListBytes = 8 * 1_048_576;
const maxSchemaBytes = 512 * 1024;
const maxSchemaDepth = 64;
const maxLeftOutExamples = 10;
const maxNameLength = 256;
const maxTitleLength = 500;
const maxDescriptionLength = 20_000;

const jsonObject = z.record(z.string(), z.unknown());
/** One page, with its tools still unread: the SDK's own schema would refuse a whole list for one tool that is not as it should be. */
const pageOutline = z.looseObject({
  tools: z.array(z.unknown()),
  nextCursor: z.string().nullish(),
  ttlMs: z.number().nonnegative().optional().catch(undefined),
});
const toolOutline = z.object({
  name: z
    .string()
    .min(1)
    .max(maxNameLength)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u),
  title: z.string().nullish().catch(null),
  description: z.string().nullish().catch(null),
  inputSchema: jsonObject.nullish(),
  outputSchema: jsonObject.nullish(),
  annotations: jsonObject.nullish().catch(null),
});

/** JSON with its keys in order, so that equal content has equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** JSON text without what PostgreSQL keeps neither in text nor in JSON: NUL, and halves of surrogate pairs. */
function storable(json: string): string {
  return json.replace(/\\(?:u0000|u[dD][89a-fA-F][\da-fA-F]{2}|.)/g, (escape) => (escape.length === 6 ? "\\ufffd" : escape));
}

/** Text of strangers: bounded, and without characters that a terminal would stumble over. */
function plainText(text: string, maxLength: number): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, " ")
    .slice(0, maxLength)
    .replace(/\p{Cs}/gu, "\ufffd");
}

/** What is kept of a tool, or why it is left out. */
function toListed(raw: unknown, session: OpenSession): ListedTool | string {
  const parsed = toolOutline.safeParse(raw);
  if (!parsed.success) return "Its name or its schema cannot be used.";
  const { name, title, description, annotations } = parsed.data;
  const inputSchema = parsed.data.inputSchema ?? { type: "object" };
  const outputSchema = parsed.data.outputSchema ?? null;
  if ([inputSchema, outputSchema, annotations].some((value) => isDeeper(value, maxSchemaDepth))) return "Its schema is nested too deeply.";
  if ([inputSchema, outputSchema].some((schema) => JSON.stringify(schema).length > maxSchemaBytes)) return "Its schema is too large.";
  if (session.transport === "modern" && mirroredParameters(inputSchema) === null) return "Its x-mcp-header is not valid.";
  const annotatedTitle = typeof annotations?.title === "string" ? annotations.title : null;
  const content = {
    name,
    title: plainText(title ?? annotatedTitle ?? "", maxTitleLength) || null,
    description: plainText(description ?? "", maxDescriptionLength),
    inputSchema,
    outputSchema,
    annotations: annotations ?? null,
  };
  const text = JSON.stringify(content);
  const clean = session.redacted(storable(text));
  if (clean === givenUp) return "It hides the stored credential.";
  const kept: typeof content = clean === text ? content : JSON.parse(clean);
  return { ...kept, digest: sha256(canonical(kept)) };
}

function tooMuch(what: string) {
  return upstreamFailed({
    phase: "list",
    seen: `The server's tool list ${what}.`,
    actor: "provider",
    advice: "Ask the provider for a smaller one.",
  });
}

interface ListOptions {
  signal?: AbortSignal;
  pageTimeoutMs: number;
}

/** The pages of a list, as they come. Throws UPSTREAM_FAILED for a list without end. */
async function* pagesOf({ client }: OpenSession, { signal, pageTimeoutMs }: ListOptions): AsyncGenerator<z.output<typeof pageOutline>> {
  const cursors = new Set<string>();
  for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page += 1) {
    if (page === maxPages) throw tooMuch(`has more than ${maxPages} pages`);
    const request = { method: "tools/list" as const, params: cursor === undefined ? {} : { cursor } };
    const result = await client.request(request, pageOutline, { timeout: pageTimeoutMs, ...(signal ? { signal } : {}) });
    yield result;
    cursor = result.nextCursor || undefined;
    if (cursor !== undefined && cursors.has(cursor)) throw tooMuch("goes round in circles");
    if (cursor !== undefined) cursors.add(cursor);
  }
}

/**
 * All tools of an open session. A name listed twice counts once; a tool out of bounds is left out.
 * Throws UPSTREAM_FAILED (phase list) for a list without end or above the bounds, and what the SDK throws.
 */
export async function listTools(session: OpenSession, options: ListOptions): Promise<Listing> {
  const tools = new Map<string, ListedTool>();
  const leftOut: LeftOut = { count: 0, examples: [] };
  const leave = (raw: unknown, why: string) => {
    leftOut.count += 1;
    if (leftOut.examples.length === maxLeftOutExamples) return;
    const name = z.object({ name: z.string() }).safeParse(raw).data?.name ?? "";
    leftOut.examples.push({ name: boundedText(session.redacted(name)).slice(0, 80), why });
  };
  let bytes = 0;
  let ttlMs: number | null = null;
  let began = performance.now();
  for await (const page of pagesOf(session, options)) {
    if (tools.size + page.tools.length > maxTools) throw tooMuch(`has more than ${maxTools} tools`);
    for (const raw of page.tools) {
      if (performance.now() - began > sliceMs) {
        await setImmediate();
        began = performance.now();
      }
      const tool = toListed(raw, session);
      if (typeof tool === "string") leave(raw, tool);
      else if (tools.has(tool.name)) leave(raw, "Its name is listed twice.");
      else tools.set(tool.name, tool);
      bytes += typeof tool === "string" ? 0 : JSON.stringify(tool).length;
      if (bytes > maxListBytes) throw tooMuch("is larger than 8 MB");
    }
    if (page.ttlMs !== undefined) ttlMs = Math.min(ttlMs ?? Infinity, page.ttlMs);
  }
  const listed = [...tools.values()];
  const server = session.client.getServerVersion();
  const own = (text: string) => session.redacted(boundedText(text));
  return {
    tools: listed,
    digest: sha256(listed.map(({ digest }) => digest).join("\n")),
    transport: session.transport,
    transportAt: session.transportAt,
    protocolVersion: session.protocolVersion,
    serverName: server ? own(server.title ?? server.name) : null,
    serverVersion: server ? own(server.version) : null,
    instructions: session.redacted(plainText(session.client.getInstructions() ?? "", 10_000)) || null,
    ttlMs,
    leftOut,
  };
}

/** What a tool wants mirrored in headers, asked of the server itself because the stored list may be older than what it wants now. */
export async function parametersToMirror(session: OpenSession, name: string, signal: AbortSignal): Promise<MirroredParameter[]> {
  for await (const page of pagesOf(session, { signal, pageTimeoutMs: 5_000 })) {
    const tool = page.tools.map((raw) => toolOutline.safeParse(raw)).find(({ data }) => data?.name === name)?.data;
    if (tool) return mirroredParameters(tool.inputSchema) ?? [];
  }
  return [];
}
