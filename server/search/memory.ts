// What search keeps in memory, all of it bounded: for /metrics, and for those who fill it.
import { gauges } from "#server/metric.ts";

import { queryVectorMemory } from "./embeddings/query.ts";
import { vectorMemory } from "./embeddings/vectors.ts";
import { segmentMemory } from "./kept-segments.ts";
import { learnedMemory } from "./learned.ts";
import { rankingBytes } from "./rank.ts";
import { collectionMemory } from "./kept-collections.ts";
import { listMemory } from "./tool-lists.ts";

/** How many of each are kept now, and about how many bytes they take. */
export function searchMemory() {
  const { lists, tools, bytes: listBytes } = listMemory();
  const { segments, vocabularies, terms, bytes: segmentBytes } = segmentMemory();
  const { collections, bytes: collectionBytes } = collectionMemory();
  const { vectors, bytes: vectorBytes } = vectorMemory();
  const { queryVectors, bytes: queryVectorBytes } = queryVectorMemory();
  const { associations, bytes: associationBytes } = learnedMemory();
  const bytes = {
    lists: listBytes,
    ...segmentBytes,
    collections: collectionBytes,
    ranking: rankingBytes(),
    vectors: vectorBytes,
    query_vectors: queryVectorBytes,
    associations: associationBytes,
  };
  return {
    items: { lists, tools, segments, vocabularies, terms, collections, vectors, query_vectors: queryVectors, associations },
    bytes,
    total: Object.values(bytes).reduce((sum, taken) => sum + taken, 0),
  };
}

gauges("gatehouse_search_memory_items", "What search keeps in memory, by kind.", "kind", () => searchMemory().items);
gauges("gatehouse_search_memory_bytes", "What that takes, as estimated.", "kind", () => searchMemory().bytes);
