// How near the tools of one caller are to a query in meaning. Compares what the caller may use, and nothing else.
import { env } from "#server/env.ts";

import { cosines, middle } from "./nearness.ts";
import { queryVectors } from "./query.ts";
import { type ListVectors, type VectorList, vectorsOf } from "./vectors.ts";

export const isMeaningOn = env.EMBEDDINGS_URL !== undefined;

/** One tool, by its list and its name, and how near it is: 1 is the nearest of all, 0 as near as they are on the average. */
export interface NearTool {
  catalogId: string;
  name: string;
  share: number;
}

export interface Meaning {
  /** How near each tool is that was asked about. */
  shareOf(catalogId: string, name: string): number;
  /** Those that stand out, the nearest first. */
  nearest: readonly NearTool[];
}

/** Tools that words do not find are offered when they are at least so much nearer than the average, the nearest being 1; so many at the most. */
const standsOut = 0.5;
const maxNearest = 20;

interface Compared {
  catalogId: string;
  vectors: ListVectors;
  found: Float32Array;
}

/** The middle and the largest of all cosines; null where there is none yet. */
function spread(compared: readonly Compared[]): { middle: number; most: number } | null {
  let [sum, count, most] = [0, 0, -Infinity];
  for (const { found } of compared)
    for (const cosine of found) {
      if (Number.isNaN(cosine)) continue;
      sum += cosine;
      count += 1;
      most = Math.max(most, cosine);
    }
  return count > 0 ? { middle: sum / count, most } : null;
}

/**
 * The nearness of meaning over these lists. Null when it cannot be told: the query's vector is not there in time, or no list has vectors yet.
 * Never throws for the provider's sake, and waits for it 150 ms at the most.
 */
export async function meaningOf(
  lists: readonly VectorList[],
  { orgId, queries }: { orgId: string; queries: readonly string[] },
): Promise<Meaning | null> {
  const asked = queryVectors(orgId, queries);
  // Filling begins also while the query's vector is on its way, or does not come.
  for (const list of lists) vectorsOf(list, null);
  const vectors = await asked;
  if (vectors === null) return null;
  const query = middle(vectors);
  const compared: Compared[] = [];
  for (const list of lists) {
    const held = vectorsOf(list, query.length);
    if (held) compared.push({ catalogId: list.catalogId, vectors: held, found: await cosines(held.matrix, query) });
  }
  const range = spread(compared);
  if (range === null) return null;
  // Cosines of one model lie between 0.7 and 0.9, of another between 0 and 0.4: only how far above the others counts. A single tool is above none.
  const { middle: average, most } = range;
  const shareFor = (cosine: number | undefined) =>
    cosine === undefined || Number.isNaN(cosine) || most <= average ? 0 : Math.max(0, (cosine - average) / (most - average));
  const byCatalog = new Map(compared.map((one) => [one.catalogId, one]));
  const nearest = compared
    .flatMap(({ catalogId, vectors: { places }, found }) =>
      [...places].flatMap(([name, place]) => {
        const share = shareFor(found[place]);
        return share >= standsOut ? [{ catalogId, name, share }] : [];
      }),
    )
    .sort((a, b) => b.share - a.share)
    .slice(0, maxNearest);
  return {
    nearest,
    shareOf: (catalogId, name) => {
      const one = byCatalog.get(catalogId);
      const place = one?.vectors.places.get(name);
      return place === undefined ? 0 : shareFor(one?.found[place]);
    },
  };
}
