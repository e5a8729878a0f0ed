// Texts of kept results that were read lately: a result is paged through, and each page would open the whole anew, and parse it for a JSON Pointer.
import { LRUCache } from "lru-cache";

import { shared } from "#server/shared-work.ts";

/** Bytes of all of them. They are what was sealed, in the clear, so they do not stay for longer than this, in milliseconds, used or not. */
const maxBytes = 32 * 1024 * 1024;
const keptFor = 60_000;

const texts = new LRUCache<string, string>({
  maxSize: maxBytes,
  ttl: keptFor,
  ttlAutopurge: true,
  // Two bytes a character: so many it takes as soon as one of them is beyond Latin-1.
  sizeCalculation: (text, key) => 2 * (text.length + key.length) + 1,
});
const opening = new Map<string, Promise<string>>();

/** The text under `key`, made by `open` when it is not in memory. Whether the caller may read it is not asked here: ask before, each time. */
export async function opened(key: string, open: () => Promise<string>): Promise<string> {
  const held = texts.get(key);
  if (held !== undefined) return held;
  return shared(opening, key, async () => {
    const text = await open();
    texts.set(key, text);
    return text;
  });
}
