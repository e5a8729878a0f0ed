// What of a tool is given to the model, and what that text is known by.
import { createHash } from "node:crypto";

import { env } from "#server/env.ts";
import { words } from "#server/search/analyzer.ts";
import type { SearchableTool } from "#server/search/segment.ts";

/** Characters: some 250 tokens, which every model takes. The first sentences say what a tool does. */
const maxText = 1_000;

function parameterNames(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null || !("properties" in schema)) return [];
  const { properties } = schema;
  return typeof properties === "object" && properties !== null ? Object.keys(properties).slice(0, 20) : [];
}

/** "Linear: create issue. Creates an issue. title, team": the service, what is done, and what it takes. */
export function textOf(label: string, { name, title, description, inputSchema }: SearchableTool): string {
  const called = title ?? words(name).join(" ");
  const takes = parameterNames(inputSchema).join(", ");
  return `${label}: ${called}. ${description.slice(0, maxText)} ${takes}`
    .replace(/[\s\p{Cs}]+/gu, " ")
    .trim()
    .slice(0, maxText);
}

/** Another model, or other dimensions, make another vector. */
export function hashOf(text: string): string {
  const key = [env.EMBEDDINGS_MODEL, env.EMBEDDINGS_DIMENSIONS ?? "", text].join("\0");
  return createHash("sha256").update(key).digest("base64url");
}
