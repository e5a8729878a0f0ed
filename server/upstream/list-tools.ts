// Reads a server's whole tool list within bounds, and gives it a digest.
import { createHash } from "node:crypto";

import type { Tool } from "@modelcontextprotocol/client";

import { upstreamFailed } from "#server/errors.ts";

import { boundedText } from "./call-error.ts";
import type { OpenSession, Verdict } from "./connect.ts";

export interface ListedTool {
  name: string;
  title: string | null;
  description: string;
  inputSchema: Tool["inputSchema"];
  outputSchema: Tool["outputSchema"] | null;
  annotations: Tool["annotations"] | null;
  /** "sha256:<hex>" of everything above. */
  digest: string;
}

export interface Listing {
  tools: ListedTool[];
  digest: string;
  verdict: Verdict;
  protocolVersion: string;
  serverName: string | null;
  serverVersion: string | null;
  instructions: string | null;
  ttlMs: number | null;
}

const maxPages = 20;
const maxTools = 2_000;
const maxListBytes = 8 * 1_048_576;
const maxSchemaBytes = 512 * 1024;
const maxSchemaDepth = 64;
const maxNameLength = 256;
const maxDescriptionLength = 20_000;

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

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** Whether a tool can be kept: its name is usable and its schemas are within bounds. */
function isAcceptable(tool: Tool): boolean {
  if (tool.name.length === 0 || tool.name.length > maxNameLength || /\p{Cc}/u.test(tool.name)) return false;
  return [tool.inputSchema, tool.outputSchema].every(
    (schema) => schema === undefined || (JSON.stringify(schema).length <= maxSchemaBytes && !isDeeper(schema, maxSchemaDepth)),
  );
}

function toListed(tool: Tool): ListedTool {
  const content = {
    name: tool.name,
    title: tool.title ?? tool.annotations?.title ?? null,
    // Text of strangers: bounded, and without characters that PostgreSQL or a terminal would stumble over.
    description: (tool.description ?? "").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, " ").slice(0, maxDescriptionLength),
    inputSchema: tool.inputSchema,
    outputSchema: tool.outputSchema ?? null,
    annotations: tool.annotations ?? null,
  };
  return { ...content, digest: sha256(canonical(content)) };
}

function tooMuch(what: string) {
  return upstreamFailed({
    phase: "list",
    seen: `The server's tool list ${what}.`,
    actor: "provider",
    advice: "Ask the provider for a smaller one.",
  });
}

/**
 * All tools of an open session. A name listed twice counts once; a tool out of bounds is left out.
 * Throws UPSTREAM_FAILED (phase list) for a list without end or above the bounds, and what the SDK throws.
 */
export async function listTools(
  session: OpenSession,
  { signal, pageTimeoutMs }: { signal?: AbortSignal; pageTimeoutMs: number },
): Promise<Listing> {
  const tools = new Map<string, ListedTool>();
  const cursors = new Set<string>();
  let bytes = 0;
  let ttlMs: number | null = null;
  for (let cursor: string | undefined, page = 0; page === 0 || cursor !== undefined; page += 1) {
    if (page === maxPages) throw tooMuch(`has more than ${maxPages} pages`);
    const result = await session.client.request(
      { method: "tools/list", params: cursor === undefined ? {} : { cursor } },
      { timeout: pageTimeoutMs, ...(signal ? { signal } : {}) },
    );
    bytes += JSON.stringify(result.tools).length;
    if (bytes > maxListBytes) throw tooMuch("is larger than 8 MB");
    for (const tool of result.tools) if (!tools.has(tool.name) && isAcceptable(tool)) tools.set(tool.name, toListed(tool));
    if (tools.size > maxTools) throw tooMuch(`has more than ${maxTools} tools`);
    if (typeof result.ttlMs === "number") ttlMs = Math.min(ttlMs ?? Infinity, result.ttlMs);
    cursor = result.nextCursor;
    if (cursor !== undefined && cursors.has(cursor)) throw tooMuch("goes round in circles");
    if (cursor !== undefined) cursors.add(cursor);
  }
  const listed = [...tools.values()];
  const server = session.client.getServerVersion();
  return {
    tools: listed,
    digest: sha256(listed.map(({ digest }) => digest).join("\n")),
    verdict: session.verdict,
    protocolVersion: session.protocolVersion,
    serverName: server ? boundedText(server.title ?? server.name) : null,
    serverVersion: server ? boundedText(server.version) : null,
    instructions: session.client.getInstructions()?.slice(0, 10_000) ?? null,
    ttlMs,
  };
}
