// The segments of one caller, brought together for ranking.
import type { Segment } from "./segment.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Where each term is in the segments of one caller: made once for many queries. */
export interface Postings {
  /** The number of the first tool of each segment, and how many there are in all. */
  offsets: Uint32Array;
  total: number;
  /** How many tools have a term. */
  counts: Uint32Array;
  /** Of term `id`, at `starts[id]` to `starts[id + 1]`: the segments that have it, and from where to where in their postings. */
  starts: Uint32Array;
  owners: Uint32Array;
  begins: Uint32Array;
  ends: Uint32Array;
  /** The segments that have a term in their label. */
  labels: ReadonlyMap<number, readonly number[]>;
}

/** The segments of one caller, with their postings. */
export interface Collection extends Postings {
  vocabulary: Vocabulary;
  segments: readonly Segment[];
}

/** Brings segments of one vocabulary together. */
export function combine(vocabulary: Vocabulary, segments: readonly Segment[]): Collection {
  const starts = new Uint32Array(vocabulary.names.length + 1);
  const offsets = new Uint32Array(segments.length + 1);
  const labels = new Map<number, number[]>();
  for (const [index, { size, terms, label }] of segments.entries()) {
    offsets[index + 1] = (offsets[index] ?? 0) + size;
    for (const id of terms) starts[id + 1] = (starts[id + 1] ?? 0) + 1;
    for (const id of label) {
      const held = labels.get(id);
      if (held) held.push(index);
      else labels.set(id, [index]);
    }
  }
  for (let id = 1; id < starts.length; id += 1) starts[id] = (starts[id] ?? 0) + (starts[id - 1] ?? 0);
  const filled = starts.slice();
  const owners = new Uint32Array(starts.at(-1) ?? 0);
  const begins = new Uint32Array(owners.length);
  const ends = new Uint32Array(owners.length);
  const counts = new Uint32Array(vocabulary.names.length);
  for (const [index, { terms, starts: own }] of segments.entries()) {
    let begin = 0;
    for (let place = 0; place < terms.length; place += 1) {
      const id = terms[place] ?? 0;
      const at = filled[id] ?? 0;
      const end = own[place + 1] ?? 0;
      owners[at] = index;
      begins[at] = begin;
      ends[at] = end;
      counts[id] = (counts[id] ?? 0) + end - begin;
      filled[id] = at + 1;
      begin = end;
    }
  }
  return { vocabulary, segments, offsets, total: offsets[segments.length] ?? 0, counts, starts, owners, begins, ends, labels };
}

/** The same labels with those of another segment at `place`. */
function labelsWith(labels: Postings["labels"], place: number, { label }: Segment): Postings["labels"] {
  const changed = new Map(labels);
  for (const [id, held] of labels) {
    if (!held.includes(place)) continue;
    const left = held.filter((index) => index !== place);
    if (left.length > 0) changed.set(id, left);
    else changed.delete(id);
  }
  for (const id of label)
    changed.set(
      id,
      [...(changed.get(id) ?? []), place].sort((a, b) => a - b),
    );
  return changed;
}

/** Where the first of these ascending numbers, of those from `from` to `to`, is behind `number`. */
function firstBehind(numbers: Uint32Array, from: number, to: number, number: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) > number) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where `place` is among the owners. */
function placesOf(owners: Uint32Array, place: number): number[] {
  const found: number[] = [];
  for (let at = owners.indexOf(place); at !== -1; at = owners.indexOf(place, at + 1)) found.push(at);
  return found;
}

/**
 * A collection whose postings are of before the segment at `place` was replaced, with those of the one that stands there now: what `combine` makes of it.
 * What lies between the terms of the two is copied as it is, so that it takes a fraction of the time.
 */
export function withReplaced(collection: Collection, place: number): Collection {
  const { vocabulary, segments, starts: startsBefore, owners, begins, ends } = collection;
  const segment = segments[place];
  if (!segment) return collection;
  const { terms, starts: own } = segment;
  const gone = placesOf(owners, place);
  const length = owners.length - gone.length + terms.length;
  const changed = { owners: new Uint32Array(length), begins: new Uint32Array(length), ends: new Uint32Array(length) };
  const size = vocabulary.names.length;
  const counts = new Uint32Array(size);
  counts.set(collection.counts);
  const starts = new Uint32Array(size + 1);
  starts.set(startsBefore);
  starts.fill(owners.length, startsBefore.length);
  let [at, copied, nextGone, nextNew, next] = [0, 0, 0, 0, 0];
  const copyTo = (end: number) => {
    changed.owners.set(owners.subarray(copied, end), at);
    changed.begins.set(begins.subarray(copied, end), at);
    changed.ends.set(ends.subarray(copied, end), at);
    at += end - copied;
    copied = end;
  };
  /** The terms before `id` are as they were: what is not copied of them yet keeps its distance. */
  const passTo = (id: number) => {
    const distance = at - copied;
    if (distance !== 0) for (let term = next; term < id; term += 1) starts[term + 1] = (starts[term + 1] ?? 0) + distance;
    next = id;
  };
  while (nextGone < gone.length || nextNew < terms.length) {
    const left = gone[nextGone];
    const goneId = left === undefined ? size : firstBehind(startsBefore, next, startsBefore.length, left) - 1;
    const id = Math.min(goneId, terms[nextNew] ?? size);
    passTo(id);
    const to = startsBefore[id + 1] ?? owners.length;
    const isGone = goneId === id;
    if (isGone && left !== undefined) {
      copyTo(left);
      counts[id] = (counts[id] ?? 0) + (begins[left] ?? 0) - (ends[left] ?? 0);
      copied += 1;
      nextGone += 1;
    }
    if (terms[nextNew] === id) {
      if (!isGone) copyTo(firstBehind(owners, startsBefore[id] ?? to, to, place));
      const [begin = 0, end = 0] = [own[nextNew], own[nextNew + 1]];
      changed.owners[at] = place;
      changed.begins[at] = begin;
      changed.ends[at] = end;
      counts[id] = (counts[id] ?? 0) + end - begin;
      at += 1;
      nextNew += 1;
    }
    passTo(id + 1);
  }
  passTo(size);
  copyTo(owners.length);
  const offsets = new Uint32Array(segments.length + 1);
  for (const [index, { size }] of segments.entries()) offsets[index + 1] = (offsets[index] ?? 0) + size;
  const labels = labelsWith(collection.labels, place, segment);
  return { vocabulary, segments, offsets, total: offsets[segments.length] ?? 0, counts, starts, ...changed, labels };
}
