// Terms as numbers.

/** Terms of one vocabulary: far more than tens of thousands of real tools have. Only lists that talk nonsense come here, and leave room to the others. */
const maxTerms = 200_000;
/** Stands for all terms beyond: no query has it. */
const beyond = "";

/** The terms of all segments that are ranked together. Another organization has another: a guess at a misspelled word must not come from there. */
export class Vocabulary {
  readonly names: string[] = [];
  readonly #ids = new Map<string, number>();

  /** The number of a term; a new one gets the next, or once it is full the one that stands for the rest. */
  add(known: string): number {
    const held = this.#ids.get(known);
    if (held !== undefined) return held;
    if (this.isFull && known !== beyond) return this.add(beyond);
    const id = this.names.length;
    this.#ids.set(known, id);
    this.names.push(known);
    return id;
  }

  /** The number of a term, or -1, which no segment has. */
  find(known: string): number {
    return this.#ids.get(known) ?? -1;
  }

  get isFull(): boolean {
    return this.names.length >= maxTerms;
  }
}
