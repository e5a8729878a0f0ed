// A search as an agent makes it, with what only people want to know: why each match was found, and how long it took.
import type { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { countExplained } from "#server/auth/limits.ts";
import { usableConnections } from "#server/grants/access.ts";
import { parseInput } from "#server/parse.ts";

import type { Explanation } from "./explain.ts";
import { fusedDepth } from "./fuse.ts";
import { capabilityOf, isOwnWanted, named, search, searchInput, type SearchResult } from "./search.ts";
import { isSearchable, rankExplained } from "./tool-index.ts";

export type SearchRequest = z.input<typeof searchInput>;

export interface ExplainedSearch {
  /** Exactly what an agent gets. */
  result: SearchResult;
  /** Milliseconds of the search alone. */
  ms: number;
  /** By the name of a match. */
  why: Record<string, Explanation>;
}

/** Searches and explains. Throws BAD_INPUT and RATE_LIMITED. */
export async function explainedSearch(actor: Actor, given: SearchRequest): Promise<ExplainedSearch> {
  const input = parseInput(searchInput, given);
  await countExplained(actor);
  const began = performance.now();
  const result = await search(actor, input);
  const ms = performance.now() - began;
  const searched = named(await usableConnections(actor), input.connection).filter(isSearchable);
  const { query: queries, connection } = input;
  // What was learned from use and meaning may have brought matches up from further below.
  const asked = { orgId: actor.orgId, queries, limit: fusedDepth, own: isOwnWanted(connection) };
  const matched = new Set(result.matches.map(({ name }) => name));
  const explained = await rankExplained(searched, asked, ({ tool, connection }) => matched.has(capabilityOf(tool.name, connection)));
  const why = explained.map(({ tool, connection, explanation }) => [capabilityOf(tool.name, connection), explanation] as const);
  return { result, ms, why: Object.fromEntries(why) };
}
