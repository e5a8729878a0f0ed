// The collections in memory: those of the callers who asked last, by what they may use. Most members of an organization may use the same.
import { LRUCache } from "lru-cache";

import { type Collection, combine, type Postings, withReplaced } from "./collection.ts";
import type { Segment } from "./segment.ts";
import type { Vocabulary } from "./vocabulary.ts";

interface Kept {
  /** Its segments by their numbers: one that was replaced would live as long as what was made of it. */
  numbers: Uint32Array;
  postings: Postings;
}

/** Bytes of collections that are kept: one of 50,000 tools takes 4 to 5 MB. */
const maxBytes = 96 * 1_048_576;
/** Collections, the newest first, that are looked at for one to go on from, and lists that may have changed since. */
const maxLooks = 8;
const maxReplaced = 3;

const collections = new LRUCache<string, Kept>({ maxSize: maxBytes, sizeCalculation: bytesOf });
const numbers = new WeakMap<Segment, number>();
let lastNumber = 0;

function bytesOf({ numbers, postings: { counts, starts, owners, begins, ends, offsets } }: Kept): number {
  return [numbers, counts, starts, owners, begins, ends, offsets].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** A number of its own for each segment that is in memory. */
function numberOf(segment: Segment): number {
  let number = numbers.get(segment);
  if (number === undefined) numbers.set(segment, (number = lastNumber += 1));
  return number;
}

/** Where other segments stand than in a kept collection; null where it is no use to go on from. */
function replacedSince(kept: Kept, now: Uint32Array): number[] | null {
  if (kept.numbers.length !== now.length) return null;
  const places: number[] = [];
  for (let place = 0; place < now.length; place += 1) {
    if (now[place] === kept.numbers[place]) continue;
    places.push(place);
    if (places.length > maxReplaced) return null;
  }
  // Without one in common it may be of another vocabulary.
  return places.length < now.length ? places : null;
}

/** Postings with their segments. Not by a literal that begins with a spread: V8 would keep a hidden class for each, with all that it refers to. */
const complete = (postings: Postings, vocabulary: Vocabulary, segments: readonly Segment[]): Collection =>
  Object.assign({ vocabulary, segments }, postings);

/** Made of a kept one where little changed: a new list is searched soon after it came, however many others there are. */
function make(vocabulary: Vocabulary, segments: readonly Segment[], now: Uint32Array): Collection {
  let looks = 0;
  for (const kept of collections.values()) {
    const places = replacedSince(kept, now);
    if (places) return places.reduce(withReplaced, complete(kept.postings, vocabulary, segments));
    if ((looks += 1) === maxLooks) break;
  }
  return combine(vocabulary, segments);
}

/** These segments of one vocabulary as a collection. */
export function collectionOf(vocabulary: Vocabulary, segments: readonly Segment[]): Collection {
  const now = Uint32Array.from(segments, numberOf);
  const key = now.join(" ");
  const held = collections.get(key);
  if (held) return complete(held.postings, vocabulary, segments);
  const collection = make(vocabulary, segments, now);
  const { offsets, total, counts, starts, owners, begins, ends, labels } = collection;
  collections.set(key, { numbers: now, postings: { offsets, total, counts, starts, owners, begins, ends, labels } });
  return collection;
}

/** How many collections are in memory, and how many bytes they take. */
export function collectionMemory(): { collections: number; bytes: number } {
  return { collections: collections.size, bytes: collections.calculatedSize };
}
