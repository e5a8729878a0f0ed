// Keeps a search result within what an agent can spare of its context: first schemas are left out, then descriptions get short, then the last
// matches go.
import { shortened } from "#server/shortened.ts";

import type { Match, SearchInput } from "./search.ts";
import { estimateTokens } from "./tokens.ts";

/** Tokens of a whole result at the most, by our estimate. Agents in wide use cut a tool's answer at 25,000. */
export const maxResultTokens: Record<SearchInput["detail"], number> = { full: 20_000, brief: 8_000 };
/** Bytes of the schemas of one match, and of all of them. */
const maxSchemaBytes = 16 * 1024;
const maxResultSchemaBytes = 64 * 1024;
/** A description where there is no room for all of it, in characters. */
const shortDescription = 120;

export interface Fitted {
  matches: Match[];
  /** What they cost. */
  tokens: number;
  /** What there was no room for. */
  cut: "nothing" | "schemas" | "descriptions" | "matches";
}

const tokensOf = (match: Match) => estimateTokens(JSON.stringify(match)) + 1;

function withoutSchemas({ inputSchema, outputSchema, ...match }: Match): Match {
  return match;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** The matches as far as there is room, best first; `taken` is what the rest of the result costs, in tokens. */
export function fitMatches(found: readonly Match[], { detail, taken }: { detail: SearchInput["detail"]; taken: number }): Fitted {
  const room = maxResultTokens[detail] - taken;
  let cut: Fitted["cut"] = "nothing";
  let brief = found.map(withoutSchemas);
  let costs = brief.map(tokensOf);
  if (sum(costs) > room) {
    brief = brief.map((match) => ({ ...match, description: shortened(match.description, shortDescription) }));
    costs = brief.map(tokensOf);
    cut = "descriptions";
  }
  while (costs.length > 1 && sum(costs) > room) {
    costs.pop();
    cut = "matches";
  }
  let tokens = sum(costs);
  let bytes = maxResultSchemaBytes;
  const matches = brief.slice(0, costs.length).map((match, at) => {
    const whole = found[at];
    if (detail === "brief" || whole === undefined) return match;
    const text = JSON.stringify([whole.inputSchema, whole.outputSchema]);
    const cost = text.length > Math.min(maxSchemaBytes, bytes) ? Infinity : estimateTokens(text);
    if (tokens + cost > room) {
      if (cut === "nothing") cut = "schemas";
      return match;
    }
    bytes -= text.length;
    tokens += cost;
    return { ...whole, description: match.description };
  });
  return { matches, tokens, cut };
}
