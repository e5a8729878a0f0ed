// The vectors of tool lists: in memory for the lists that are searched, in the database for good, made in the background.
import { LRUCache } from "lru-cache";

import { db } from "#server/db.ts";
import { log } from "#server/log.ts";
import type { IndexedTool } from "#server/search/tool-lists.ts";

import { type Matrix, matrixOf, quantized } from "./nearness.ts";
import { embed, EmbeddingsFailed, isAboutInput, isPaused, pause } from "./provider.ts";
import { hashOf, textOf } from "./tool-text.ts";

/** One stored list as it is searched. */
export interface VectorList {
  orgId: string;
  catalogId: string;
  digest: string;
  label: string;
  tools: ReadonlyMap<string, IndexedTool>;
}

/** Vectors of a list in its order; `places` are those of its tools by name. */
export interface ListVectors {
  version: string;
  matrix: Matrix;
  places: ReadonlyMap<string, number>;
  isComplete: boolean;
}

/** Bytes of all lists in memory: 10,000 tools take 5 MB at 512 dimensions, 15 MB at 1,536. */
const maxBytes = 128 * 1_048_576;
/** Texts of one request, milliseconds it may take, and lists that are filled at once. */
const batchSize = 32;
const timeoutMs = 30_000;
const maxAtOnce = 2;
/** A provider that refuses so many single texts in a row does not refuse texts. */
const refusalsInARow = 3;
/** Milliseconds after which a list that could not be filled is tried again. */
const retryMs = 5_000;
/** Lists that wait for their turn; a search of them asks again. */
const maxWaiting = 10_000;

const lists = new LRUCache<string, ListVectors>({
  maxSize: maxBytes,
  sizeCalculation: ({ matrix, places }) => matrix.values.byteLength + 100 * places.size + 100,
});
const tried = new LRUCache<string, true>({ max: 10_000, ttl: retryMs });
/** Texts that the provider refuses, by their hash: they are not asked for again, and only this process knows, in case other settings mend it. */
const refused = new LRUCache<string, true>({ max: 10_000 });
const waiting = new Map<string, () => Promise<void>>();
const running = new Set<string>();

const versionOf = ({ digest, label }: VectorList) => `${digest} ${label}`;

type Vectors = Map<string, Int8Array>;

/** The organization's stored vectors of these texts, and which of them are this catalog's own. */
async function stored({ orgId, catalogId }: VectorList, hashes: readonly string[]): Promise<{ vectors: Vectors; own: Set<string> }> {
  const rows = await db.toolVector.findMany({
    where: { orgId, hash: { in: [...hashes] } },
    select: { catalogId: true, hash: true, vector: true },
  });
  const vectors: Vectors = new Map();
  // Copies: the driver may hand out a piece of a larger buffer, which would stay in memory with it.
  // Bytes above 127 wrap around to the negative numbers they were.
  for (const { hash, vector } of rows) if (!vectors.has(hash)) vectors.set(hash, Int8Array.from(vector));
  return { vectors, own: new Set(rows.filter((row) => row.catalogId === catalogId).map(({ hash }) => hash)) };
}

async function store({ orgId, catalogId }: VectorList, made: Vectors): Promise<void> {
  const data = [...made].map(([hash, vector]) => ({ orgId, catalogId, hash, vector: Uint8Array.from(vector) }));
  await db.toolVector.deleteMany({ where: { orgId, catalogId, hash: { in: [...made.keys()] } } });
  await db.toolVector.createMany({ data, skipDuplicates: true });
}

type Batch = readonly (readonly [hash: string, text: string])[];

async function embedTexts(batch: Batch): Promise<Vectors> {
  const texts = batch.map(([, text]) => text);
  const vectors = await embed(texts, timeoutMs);
  return new Map(batch.map(([hash], index) => [hash, quantized(vectors[index] ?? new Float32Array())]));
}

/** One text after the other, without those that are refused. Throws EmbeddingsFailed when it is not the texts. */
async function embedOneByOne(batch: Batch): Promise<Vectors> {
  const made: Vectors = new Map();
  let refusals = 0;
  for (const [hash, text] of batch)
    try {
      for (const [, vector] of await embedTexts([[hash, text]])) made.set(hash, vector);
    } catch (error) {
      if (!(error instanceof EmbeddingsFailed) || !isAboutInput(error.status)) throw error;
      refused.set(hash, true);
      refusals += 1;
      if (made.size > 0 || refusals < refusalsInARow) continue;
      for (const [other] of batch) refused.delete(other);
      pause(error);
      throw error;
    }
  return made;
}

async function embedBatch(batch: Batch): Promise<Vectors> {
  try {
    return await embedTexts(batch);
  } catch (error) {
    if (error instanceof EmbeddingsFailed && isAboutInput(error.status)) return embedOneByOne(batch);
    throw error;
  }
}

function keep(list: VectorList, hashes: readonly string[], vectors: Vectors, isComplete: boolean): void {
  // What the provider answered last has the length it answers queries with.
  const dimensions = [...vectors.values()].at(-1)?.length ?? 0;
  const ordered = hashes.map((hash) => vectors.get(hash));
  const places = new Map([...list.tools.keys()].map((name, place) => [name, place]));
  lists.set(list.catalogId, { version: versionOf(list), matrix: matrixOf(ordered, dimensions), places, isComplete });
}

/** Brings a list's vectors into memory, those first that are stored; the others are asked for, batch by batch, and stored. */
async function fill(list: VectorList, dimensions: number | null): Promise<void> {
  const { orgId, catalogId, label, tools } = list;
  const texts = new Map([...tools.values()].map((tool) => [tool, textOf(label, tool)] as const));
  const hashes = [...texts.values()].map(hashOf);
  const { vectors, own } = await stored(list, hashes);
  // The same model answers in another length: what it said before is of no use.
  for (const [hash, { length }] of vectors) if (dimensions !== null && length !== dimensions) vectors.delete(hash);
  keep(list, hashes, vectors, false);
  await store(list, new Map([...vectors].filter(([hash]) => !own.has(hash))));
  const missing = new Map(
    [...texts.values()]
      .map((text, place) => [hashes[place] ?? "", text] as const)
      .filter(([hash]) => !vectors.has(hash) && !refused.has(hash)),
  );
  const queue = [...missing];
  for (let batch = queue.splice(0, batchSize); batch.length > 0 && !isPaused(); batch = queue.splice(0, batchSize)) {
    const made = await embedBatch(batch);
    await store(list, made);
    for (const [hash, vector] of made) vectors.set(hash, vector);
  }
  const isComplete = hashes.every((hash) => vectors.has(hash) || refused.has(hash));
  keep(list, hashes, vectors, isComplete);
  // Of tools that are gone, of texts that changed, of another model.
  if (isComplete) await db.toolVector.deleteMany({ where: { orgId, catalogId, hash: { notIn: hashes } } });
}

function startNext(): void {
  for (const [catalogId, work] of waiting) {
    if (running.size >= maxAtOnce) return;
    waiting.delete(catalogId);
    running.add(catalogId);
    void work().finally(() => {
      running.delete(catalogId);
      startNext();
    });
  }
}

function startFilling(list: VectorList, dimensions: number | null): void {
  const { catalogId, orgId } = list;
  const attempt = [catalogId, versionOf(list), dimensions].join(" ");
  if (isPaused() || running.has(catalogId) || waiting.has(catalogId) || waiting.size >= maxWaiting || tried.has(attempt)) return;
  waiting.set(catalogId, async () => {
    tried.set(attempt, true);
    try {
      await fill(list, dimensions);
    } catch (error) {
      // The provider's own failure is in the log, with the pause.
      if (!(error instanceof EmbeddingsFailed)) log.warn({ err: error, orgId, catalogId }, "vectors of tools could not be stored");
    }
  });
  startNext();
}

/** The vectors of a list as far as they are in memory; what is missing is made in the background. `dimensions` are those of the query, if it has any. */
export function vectorsOf(list: VectorList, dimensions: number | null): ListVectors | null {
  const held = lists.get(list.catalogId);
  const isCurrent = held?.version === versionOf(list) && (dimensions === null || held.matrix.dimensions === dimensions);
  if (!isCurrent || !held.isComplete) startFilling(list, dimensions);
  return isCurrent ? held : null;
}
