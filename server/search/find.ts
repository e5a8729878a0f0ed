// The tools of a caller for a query: by their words (server/search/tool-index.ts), and where there is more to go by, by what members ran after such
// searches and by meaning. Access comes first here too: nothing but the tools of `connections` is looked at.
import type { UsableConnection } from "#server/grants/access.ts";

import { type Associations, toolKey, toolOfKey, wantedTerms } from "./associations.ts";
import { isMeaningOn, type Meaning, meaningOf } from "./embeddings/meaning.ts";
import { fuse, fusedDepth, unknownShare } from "./fuse.ts";
import { learnedBy } from "./learned.ts";
import { type Hit, rank, type Ranking } from "./tool-index.ts";
import { toolsOf } from "./tool-lists.ts";

export interface Wanted {
  orgId: string;
  membershipId: string;
  queries: readonly string[];
  limit: number;
  /** Whether Gatehouse's own operations take part. */
  own: boolean;
}

export interface Found extends Ranking {
  /** Meaning should have been compared, and could not be. */
  isByWordsAlone: boolean;
}

const vectorLists = (connections: readonly UsableConnection[]) =>
  connections.flatMap(({ orgId, name, catalog }) =>
    catalog?.digest ? [{ orgId, catalogId: catalog.id, digest: catalog.digest, label: name }] : [],
  );

/** Connections with the same tools share them in memory. */
const keyOf = ({ connection, tool }: Hit) => toolKey(connection?.id ?? "", tool.name);

/** What members ran after each of the phrases, taken together. */
function sharesOf(learned: Associations | null, { queries, membershipId }: Wanted): Map<string, number> {
  const sums = new Map<string, number>();
  for (const query of learned ? queries : [])
    for (const [key, share] of learned?.sharesOf(wantedTerms(query), membershipId) ?? [])
      sums.set(key, (sums.get(key) ?? 0) + share / queries.length);
  return sums;
}

/** Tools that something other than words speaks for, as hits without a score. */
async function others(connections: readonly UsableConnection[], use: ReadonlyMap<string, number>, meaning: Meaning | null): Promise<Hit[]> {
  const names = new Map<string, Set<string>>();
  const add = (id: string, name: string) => names.set(id, (names.get(id) ?? new Set<string>()).add(name));
  for (const { catalogId, name } of meaning?.nearest ?? []) add(catalogId, name);
  for (const key of use.keys()) add(...toolOfKey(key));
  const found = await Promise.all(
    connections.map(async (connection) => {
      const wanted = [...(names.get(connection.id) ?? []), ...(names.get(connection.catalog?.id ?? "") ?? [])];
      if (wanted.length === 0) return [];
      const tools = await toolsOf(connection);
      return [...new Set(wanted)].flatMap((name): Hit[] => {
        const tool = tools.get(name);
        return tool ? [{ tool, connection, score: 0 }] : [];
      });
    }),
  );
  return found.flat();
}

/** Finds the tools of `connections` that fit best. With embeddings off and nothing learned for these words it is the ranking by words as it is. */
export async function find(connections: readonly UsableConnection[], wanted: Wanted): Promise<Found> {
  const { orgId, queries, limit } = wanted;
  const use = sharesOf(learnedBy(orgId), wanted);
  // Without tools of connections nothing can be compared, and nobody is asked for what the query means.
  const isCompared = isMeaningOn && connections.some(({ toolCount }) => toolCount > 0);
  if (!isCompared && use.size === 0) return { ...(await rank(connections, wanted)), isByWordsAlone: false };
  const [{ hits, ...rest }, meaning] = await Promise.all([
    rank(connections, { ...wanted, limit: Math.max(limit, fusedDepth) }),
    isCompared ? meaningOf(vectorLists(connections), wanted) : null,
  ]);
  if (use.size === 0 && meaning === null) return { hits: hits.slice(0, limit), ...rest, isByWordsAlone: true };
  const held = new Set(hits.map(keyOf));
  const more = (await others(connections, use, meaning)).filter((hit) => !held.has(keyOf(hit)));
  const nearnessOf = ({ tool, connection }: Hit) => meaning?.shareOf(connection?.catalog?.id ?? "", tool.name) ?? 0;
  const near = new Map([...hits, ...more].map((hit) => [keyOf(hit), nearnessOf(hit)] as const));
  const unknown = unknownShare(queries, rest.unmatchedTerms);
  const fused = fuse(hits, more, { use, meaning: meaning && near, unknown }, queries);
  return { hits: fused.slice(0, limit), ...rest, isByWordsAlone: isCompared && meaning === null };
}
