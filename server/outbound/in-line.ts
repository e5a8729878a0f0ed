// Work on long answers, one after the other: side by side all of them would be over late, and kept until then.
const nothing = () => undefined;
let last: Promise<unknown> = Promise.resolve();

/** Runs `work` once all that came before it is over. */
export function inLine<Value>(work: () => Promise<Value>): Promise<Value> {
  const own = last.then(work);
  // Without its value, which may be megabytes.
  last = own.then(nothing, nothing);
  return own;
}
