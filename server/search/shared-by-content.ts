// What is kept in memory by what it was made of: owners of equal content share one, what was not used for long makes room, and what the last owner
// gave up for something newer goes at once.
import { LRUCache } from "lru-cache";

interface Held<Value> {
  value: Value;
  /** Those whose newest it is. */
  owners: Set<string>;
}

export class SharedByContent<Value extends object> {
  readonly #held: LRUCache<string, Held<Value>>;
  /** The content of each owner's newest. */
  readonly #contents = new Map<string, string>();

  constructor(maxBytes: number, bytesOf: (value: Value) => number) {
    this.#held = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ value }) => bytesOf(value) + 1,
      noDisposeOnSet: true,
      dispose: ({ owners }) => {
        for (const owner of owners) this.#contents.delete(owner);
      },
    });
  }

  /** The newest of an owner, without a key to be made for it. */
  own(owner: string): Value | undefined {
    const content = this.#contents.get(owner);
    return content === undefined ? undefined : this.#held.get(content)?.value;
  }

  /** What was made of this content, whoever has it. */
  get(content: string): Value | undefined {
    return this.#held.get(content)?.value;
  }

  /** The same, as the owner's newest from now on. */
  take(owner: string, content: string): Value | undefined {
    const held = this.#held.get(content);
    if (held) this.#give(owner, content, held);
    return held?.value;
  }

  set(owner: string, content: string, value: Value): void {
    const owners = this.#held.peek(content)?.owners ?? new Set<string>();
    this.#held.set(content, { value, owners });
    const held = this.#held.peek(content);
    if (held) this.#give(owner, content, held);
  }

  dropWhere(isOver: (value: Value) => boolean): void {
    for (const [content, { value }] of [...this.#held.entries()]) if (isOver(value)) this.#held.delete(content);
  }

  *values(): Generator<Value> {
    for (const { value } of this.#held.values()) yield value;
  }

  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#held.calculatedSize;
  }

  #give(owner: string, content: string, { owners }: Held<Value>): void {
    const before = this.#contents.get(owner);
    if (before === content) return;
    this.#contents.set(owner, content);
    owners.add(owner);
    const left = before === undefined ? undefined : this.#held.peek(before);
    left?.owners.delete(owner);
    if (before !== undefined && left?.owners.size === 0) this.#held.delete(before);
  }
}
