// Vectors as one signed byte for each dimension, and how near they are to a query. Pure.
import { setImmediate } from "node:timers/promises";

/** A quarter of what floats take; what is lost by it moves a cosine by less than a hundredth. The length is lost as well: only directions count. */
export function quantized(vector: Float32Array): Int8Array {
  const most = vector.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return Int8Array.from(vector, (value) => Math.round((value / most) * 127));
}

/** The vectors of one list of tools, one behind the other. */
export interface Matrix {
  dimensions: number;
  values: Int8Array;
  /** The length of each vector; 0 where there is none. */
  lengths: Float32Array;
}

/** Brings vectors together; those of another length than the first count as missing. */
export function matrixOf(vectors: readonly (Int8Array | undefined)[], dimensions: number): Matrix {
  const values = new Int8Array(vectors.length * dimensions);
  const lengths = new Float32Array(vectors.length);
  for (const [index, vector] of vectors.entries()) {
    if (vector?.length !== dimensions || dimensions === 0) continue;
    values.set(vector, index * dimensions);
    lengths[index] = Math.hypot(...vector);
  }
  return { dimensions, values, lengths };
}

/** Dimensions compared at a time before others get their turn: some milliseconds of work. */
const sliceSize = 4_000_000;

/** The cosine of each vector of a matrix with a query of the same dimensions (NaN where there is none); other work gets its turn meanwhile. */
export async function cosines({ dimensions, values, lengths }: Matrix, query: Float32Array): Promise<Float32Array> {
  const found = new Float32Array(lengths.length);
  let left = sliceSize;
  for (let index = 0; index < lengths.length; index += 1) {
    if ((left -= dimensions) < 0) {
      await setImmediate();
      left = sliceSize;
    }
    const from = index * dimensions;
    let sum = 0;
    for (let at = 0; at < dimensions; at += 1) sum += (values[from + at] ?? 0) * (query[at] ?? 0);
    const length = lengths[index] ?? 0;
    found[index] = length === 0 ? NaN : sum / length;
  }
  return found;
}

/** The middle of several directions, as one of length one. */
export function middle(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (const [at, value] of vector.entries()) sum[at] = (sum[at] ?? 0) + value;
  const length = Math.hypot(...sum);
  return length === 0 ? sum : sum.map((value) => value / length);
}
