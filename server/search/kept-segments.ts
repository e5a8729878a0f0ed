// The segments in memory, one for each list of tools that is searched, and the vocabulary of each organization that its segments are written in.
import { LRUCache } from "lru-cache";

import { shared } from "#server/shared-work.ts";

import { buildSegment, type SearchableTool, type Segment } from "./segment.ts";
import { SharedByContent } from "./shared-by-content.ts";
import { Vocabulary } from "./vocabulary.ts";

/** What a segment is made of: equal digests and labels, equal segments. */
export interface SearchedList {
  /** Whose list it is: a catalog's id. */
  key: string;
  digest: string;
  label: string;
  tools: readonly SearchableTool[];
}

interface Indexed {
  digest: string;
  label: string;
  segment: Segment;
  /** In another vocabulary its numbers mean nothing. */
  vocabulary: Vocabulary;
  /** When it was searched last, in milliseconds of the clock. */
  usedAt: number;
}

interface Kept {
  vocabulary: Vocabulary;
  /** When it was looked through for terms that nobody uses any more. */
  lookedAt: number;
}

/** Bytes of segments that are kept: what was not used for long is built again. */
const maxSegmentBytes = 128 * 1_048_576;
/** Organizations whose vocabulary is kept, and terms of all of them together. */
const maxVocabularies = 500;
const maxTerms = 1_000_000;
/** What a term in a vocabulary takes: an estimate. */
const bytesOfTerm = 120;
/** Terms without a use that may gather in a vocabulary before it is made anew: lists come and go, their terms stay. */
const maxLeftTerms = 100_000;
/** Milliseconds after which a segment that no search used does not count as a use of its terms, and between two looks at one vocabulary. */
const unusedMs = 3_600_000;
const lookMs = 60_000;

const segments = new SharedByContent<Indexed>(maxSegmentBytes, ({ segment }) => segmentBytes(segment));
const vocabularies = new LRUCache<string, Kept>({
  max: maxVocabularies,
  maxSize: maxTerms,
  sizeCalculation: ({ vocabulary }) => vocabulary.names.length + 1,
  // Segments would keep it in memory.
  dispose: ({ vocabulary }, _orgId, reason) => {
    if (reason !== "set") segments.dropWhere((indexed) => indexed.vocabulary === vocabulary);
  },
});
const building = new WeakMap<Vocabulary, Map<string, Promise<Indexed>>>();

function segmentBytes(segment: Segment): number {
  return Object.values(segment).reduce((sum, held) => sum + (ArrayBuffer.isView(held) ? held.byteLength : 0), 0);
}

/**
 * How many terms of a vocabulary are in segments that are searched. Those of all members count: what one may use is a part of them. By the newest of
 * them and not by the clock: a night in which nobody searches wears nothing out.
 */
function usedTerms(vocabulary: Vocabulary): number {
  const isUsed = new Uint8Array(vocabulary.names.length);
  const own = [...segments.values()].filter((indexed) => indexed.vocabulary === vocabulary);
  const newest = own.reduce((latest, { usedAt }) => Math.max(latest, usedAt), 0);
  for (const { segment, usedAt } of own) if (newest - usedAt < unusedMs) for (const id of segment.terms) isUsed[id] = 1;
  return isUsed.reduce((sum, used) => sum + used, 0);
}

/** Whether making it anew is worth building all segments again: it would be less than half as large, or it has no room left. */
function isWornOut(kept: Kept): boolean {
  const { vocabulary } = kept;
  const { length } = vocabulary.names;
  // Terms of what is being built have no segment yet.
  if (length <= maxLeftTerms || (building.get(vocabulary)?.size ?? 0) > 0) return false;
  const now = Date.now();
  if (now - kept.lookedAt < lookMs) return false;
  kept.lookedAt = now;
  const left = length - usedTerms(vocabulary);
  return left > maxLeftTerms && (left > length / 2 || vocabulary.isFull);
}

function vocabularyOf(orgId: string): Vocabulary {
  const held = vocabularies.get(orgId);
  if (held && !isWornOut(held)) return held.vocabulary;
  vocabularies.delete(orgId);
  const vocabulary = new Vocabulary();
  vocabularies.set(orgId, { vocabulary, lookedAt: 0 });
  return vocabulary;
}

function keep(orgId: string, owner: string, content: string, indexed: Indexed): void {
  const kept = vocabularies.peek(orgId);
  // It was made anew, or made room for others, while this was built.
  if (kept?.vocabulary !== indexed.vocabulary) return;
  segments.set(owner, content, indexed);
  // Set again because it grew.
  vocabularies.set(orgId, { ...kept });
}

const contentOf = (orgId: string, { digest, label }: Pick<SearchedList, "digest" | "label">) => `${orgId} ${digest} ${label}`;

/** The segment of such a list with its vocabulary, where it is in memory. */
export function heldSegment(
  orgId: string,
  list: Pick<SearchedList, "digest" | "label">,
): { vocabulary: Vocabulary; segment: Segment } | null {
  return segments.get(contentOf(orgId, list)) ?? null;
}

/** The segment of one list; a list that was replaced gets a new one, and the others stay. */
async function indexedOf(orgId: string, vocabulary: Vocabulary, list: SearchedList): Promise<Indexed> {
  const { key, digest, label, tools } = list;
  const own = segments.own(key);
  if (own?.vocabulary === vocabulary && own.digest === digest && own.label === label) return own;
  const content = contentOf(orgId, list);
  const held = segments.take(key, content);
  if (held?.vocabulary === vocabulary) return held;
  const running = building.get(vocabulary) ?? new Map<string, Promise<Indexed>>();
  building.set(vocabulary, running);
  return shared(running, content, async () => {
    const segment = await buildSegment(vocabulary, label, tools);
    const indexed = { digest, label, segment, vocabulary, usedAt: Date.now() };
    keep(orgId, key, content, indexed);
    return indexed;
  });
}

/** The segments of these lists of an organization, in their order, with their vocabulary; what is not in memory is built. */
export async function segmentsOf(
  orgId: string,
  lists: readonly SearchedList[],
): Promise<{ vocabulary: Vocabulary; segments: readonly Segment[] }> {
  const vocabulary = vocabularyOf(orgId);
  const indexed = await Promise.all(lists.map((list) => indexedOf(orgId, vocabulary, list)));
  const now = Date.now();
  for (const one of indexed) one.usedAt = now;
  return { vocabulary, segments: indexed.map(({ segment }) => segment) };
}

/** How many segments and vocabularies are in memory, and about how many bytes they take. */
export function segmentMemory() {
  let terms = 0;
  for (const { vocabulary } of vocabularies.values()) terms += vocabulary.names.length;
  return {
    segments: segments.size,
    vocabularies: vocabularies.size,
    terms,
    bytes: { segments: segments.bytes, vocabularies: terms * bytesOfTerm },
  };
}

/** How much of the room for segments and their terms is taken: 0 to 1. */
export function segmentsFilled(): number {
  return Math.max(segments.bytes / maxSegmentBytes, vocabularies.calculatedSize / maxTerms);
}
