// What a search costs an agent on the public tools: tokens of whole results, with the schemas and without.
import { createHash } from "node:crypto";

import { fitMatches } from "#server/search/fit-matches.ts";
import type { Match, SearchInput } from "#server/search/search.ts";
import type { SearchableTool } from "#server/search/segment.ts";
import { signatureOf } from "#server/search/signature.ts";
import { estimateTokens } from "#server/search/tokens.ts";

/** One tool of the public data as a match. */
export function matchOf(connection: string, { name, title, description, inputSchema }: SearchableTool): Match {
  const digest = createHash("sha256").update(name).digest("hex");
  return {
    name: `mcp:${digest.slice(0, 12)}:${name}`,
    connection,
    title: title ?? name,
    description: description.slice(0, 600),
    score: 12.34,
    access: "write",
    signature: signatureOf(name, inputSchema, null),
    inputSchema,
    schemaDigest: `sha256:${digest}`,
    available: true,
  };
}

const rest = estimateTokens(
  JSON.stringify({ matches: [], connections: [], complete: true, asOf: "2026-01-01T00:00:00.000Z", tokens: 1_000 }),
);

/** Tokens of one result with these matches. */
export function tokensOf(matches: readonly Match[], detail: SearchInput["detail"]): number {
  return rest + fitMatches(matches, { detail, taken: rest }).tokens;
}
