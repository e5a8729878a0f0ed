// The vectors of tool lists: in memory for the lists that are searched, in the database for good, made in the background.
import { LRUCache } from "lru-cache";

import { db } from "#server/db.ts";
import { log } from "#server/log.ts";
import { SharedByContent } from "#server/search/shared-by-content.ts";

import { type Matrix, matrixOf, quantized } from "./nearness.ts";
import { embed, EmbeddingsFailed, isAboutInput, isPaused, pause } from "./provider.ts";
import { hashOf, textOf } from "./tool-text.ts";

/** One stored list, by what it is known by. */
export interface VectorList {
  orgId: string;
  catalogId: string;
  digest: string;
  label: string;
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
/** Lists that wait for their turn, in all and of one organization; a search of them asks again. */
const maxWaiting = 500;
const maxWaitingOfOrg = 50;

const lists = new SharedByContent<ListVectors>(maxBytes, ({ matrix, places }) => matrix.values.byteLength + 100 * places.size + 100);
const tried = new LRUCache<string, true>({ max: 10_000, ttl: retryMs });
/** Texts that the provider refuses, by their hash: they are not asked for again, and only this process knows, in case other settings mend it. */
const refused = new LRUCache<string, true>({ max: 10_000 });
/** What waits is an id: its tools are read when its turn comes. */
const waiting = new Map<string, Wanted>();
/** The lists that are being filled, by their organization: one of each, or a large one would have all turns. */
const running = new Map<string, string>();

interface Wanted {
  list: VectorList;
  dimensions: number | null;
}

const versionOf = ({ digest, label }: VectorList) => `${digest} ${label}`;
const contentOf = (list: VectorList) => `${list.orgId} ${versionOf(list)}`;

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

function keep(list: VectorList, names: readonly string[], hashes: readonly string[], vectors: Vectors, isComplete: boolean): void {
  // What the provider answered last has the length it answers queries with.
  const dimensions = [...vectors.values()].at(-1)?.length ?? 0;
  const ordered = hashes.map((hash) => vectors.get(hash));
  const places = new Map(names.map((name, place) => [name, place]));
  lists.set(list.catalogId, contentOf(list), { version: versionOf(list), matrix: matrixOf(ordered, dimensions), places, isComplete });
}

/** What is said of each tool of a list, in its order; null when the list was replaced meanwhile. */
async function textsOf({ orgId, catalogId, digest, label }: VectorList): Promise<{ names: string[]; texts: string[] } | null> {
  const rows = await db.catalogTool.findMany({
    where: { catalogId, removedAt: null, catalog: { digest, connection: { orgId } } },
    select: { name: true, title: true, description: true, inputSchema: true },
    orderBy: { position: "asc" },
  });
  return rows.length === 0 ? null : { names: rows.map(({ name }) => name), texts: rows.map((tool) => textOf(label, tool)) };
}

/** Brings a list's vectors into memory, those first that are stored; the others are asked for, batch by batch, and stored. */
async function fill({ list, dimensions }: Wanted): Promise<void> {
  const { orgId, catalogId } = list;
  const read = await textsOf(list);
  if (read === null) return;
  const { names, texts } = read;
  const hashes = texts.map(hashOf);
  const { vectors, own } = await stored(list, hashes);
  // The same model answers in another length: what it said before is of no use.
  for (const [hash, { length }] of vectors) if (dimensions !== null && length !== dimensions) vectors.delete(hash);
  keep(list, names, hashes, vectors, false);
  await store(list, new Map([...vectors].filter(([hash]) => !own.has(hash))));
  const missing = new Map(
    texts.map((text, place) => [hashes[place] ?? "", text] as const).filter(([hash]) => !vectors.has(hash) && !refused.has(hash)),
  );
  const queue = [...missing];
  for (let batch = queue.splice(0, batchSize); batch.length > 0 && !isPaused(); batch = queue.splice(0, batchSize)) {
    const made = await embedBatch(batch);
    await store(list, made);
    for (const [hash, vector] of made) vectors.set(hash, vector);
  }
  const isComplete = hashes.every((hash) => vectors.has(hash) || refused.has(hash));
  keep(list, names, hashes, vectors, isComplete);
  // Of tools that are gone, of texts that changed, of another model.
  if (isComplete) await db.toolVector.deleteMany({ where: { orgId, catalogId, hash: { notIn: hashes } } });
}

const attemptOf = ({ list, dimensions }: Wanted) => [list.catalogId, versionOf(list), dimensions].join(" ");

async function tryToFill(wanted: Wanted): Promise<void> {
  tried.set(attemptOf(wanted), true);
  const { orgId, catalogId } = wanted.list;
  try {
    await fill(wanted);
  } catch (error) {
    // The provider's own failure is in the log, with the pause.
    if (!(error instanceof EmbeddingsFailed)) log.warn({ err: error, orgId, catalogId }, "vectors of tools could not be stored");
  }
}

function startNext(): void {
  for (const [catalogId, wanted] of waiting) {
    const { orgId } = wanted.list;
    if (running.size >= maxAtOnce) return;
    if (running.has(orgId)) continue;
    waiting.delete(catalogId);
    running.set(orgId, catalogId);
    void tryToFill(wanted).finally(() => {
      running.delete(orgId);
      startNext();
    });
  }
}

function startFilling(list: VectorList, dimensions: number | null): void {
  const { orgId, catalogId } = list;
  if (isPaused() || running.get(orgId) === catalogId || waiting.has(catalogId) || waiting.size >= maxWaiting) return;
  const wanted = { list, dimensions };
  if (tried.has(attemptOf(wanted))) return;
  if ([...waiting.values()].filter((other) => other.list.orgId === orgId).length >= maxWaitingOfOrg) return;
  waiting.set(catalogId, wanted);
  startNext();
}

/**
 * The vectors of a list as far as they are in memory, also by another member's list that is the same; what is missing is made in the background, or
 * stored for this list, too. `dimensions` are those of the query, if it has any.
 */
export function vectorsOf(list: VectorList, dimensions: number | null): ListVectors | null {
  const own = lists.own(list.catalogId);
  const isOwn = own?.version === versionOf(list);
  const held = isOwn ? own : lists.get(contentOf(list));
  const isCurrent = held !== undefined && (dimensions === null || held.matrix.dimensions === dimensions);
  if (!isOwn || !isCurrent || !held.isComplete) startFilling(list, dimensions);
  return isCurrent ? held : null;
}

/** How many vectors of tools are in memory, and about how many bytes they take. */
export function vectorMemory(): { vectors: number; bytes: number } {
  let vectors = 0;
  for (const { matrix } of lists.values()) vectors += matrix.lengths.length;
  return { vectors, bytes: lists.bytes };
}
