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
