// A kept text as it is stored: packed on a thread of its own, because texts and JSON shrink to a fraction and every byte less is one less that the
// driver and an embedded database hold up others for, and sealed.
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { constants, gunzip, gzip } from "node:zlib";

import { sealer } from "#server/secrets.ts";

const [packed, unpacked] = [promisify(gzip), promisify(gunzip)];
const bindingOf = (id: string) => `result:${id}`;

/** The text of the result `id`, packed and sealed. */
export async function pack(text: string, id: string): Promise<string> {
  // Its bytes are made before the other thread has them: not in the turn in which it came.
  await setImmediate();
  return sealer.sealBytes(await packed(text, { level: constants.Z_BEST_SPEED }), bindingOf(id));
}

/** The text that `pack` was given. */
export async function unpack(sealed: string, id: string): Promise<string> {
  return (await unpacked(sealer.openBytes(sealed, bindingOf(id)))).toString("utf8");
}
