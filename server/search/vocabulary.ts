// Terms as numbers.

/** The terms of all segments that are ranked together. Another organization has another: a guess at a misspelled word must not come from there. */
export class Vocabulary {
  readonly names: string[] = [];
  readonly #ids = new Map<string, number>();

  /** The number of a term; a new one gets the next. */
  add(known: string): number {
    const held = this.#ids.get(known);
    if (held !== undefined) return held;
    const id = this.names.length;
    this.#ids.set(known, id);
    this.names.push(known);
    return id;
  }

  /** The number of a term, or -1, which no segment has. */
  find(known: string): number {
    return this.#ids.get(known) ?? -1;
  }
}
