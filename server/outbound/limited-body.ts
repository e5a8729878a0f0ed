// A response body, decompressed, that ends with an error instead of growing or waiting without end.
import { pipeline, type Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { constants, createBrotliDecompress, createGunzip } from "node:zlib";

import type { Deadline } from "./deadline.ts";
import { OutboundError } from "./error.ts";

/** How long, and for how many bytes, a cancelled body may go on so that its connection can be kept. */
const graceMs = 200;
const graceBytes = 65_536;

/** `body` without its content coding. Throws OutboundError (protocol) for a coding that was not asked for. */
export function decoded(body: Readable, coding: string): Readable {
  const name = coding.trim().toLowerCase();
  if (name === "" || name === "identity") return body;
  // Flushing takes an answer that was cut behind its last block, as browsers do.
  if (name === "gzip" || name === "x-gzip") return pipeline(body, createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }), () => undefined);
  if (name === "br") return pipeline(body, createBrotliDecompress(), () => undefined);
  throw new OutboundError("protocol", "The server answered in a compression that was not asked for.");
}

/** Bytes a second of a stream without an end, once as much as it may send at once was read: what comes faster waits at its server. */
const endlessPerSecond = 2_097_152;

const emptyLines = ["\n\n", "\r\n\r\n", "\r\r"];

/** Whether an event ends in each chunk; one that ends between two of them is seen with the next. */
function eventEnds(): (chunk: Uint8Array) => boolean {
  let before = Buffer.alloc(0);
  return (chunk) => {
    const seen = Buffer.concat([before, chunk]);
    before = seen.subarray(-3);
    return emptyLines.some((line) => seen.includes(line));
  };
}

/**
 * `source` as a web stream under `deadline`, which it ends. Of at most `maxBytes`, or, where it is a stream of events that goes on for as long as
 * somebody listens (`isEndless`), of at most so many in one event and so many at once.
 */
export function limitBody(
  source: Readable,
  { maxBytes, isEndless = false }: { maxBytes: number; isEndless?: boolean },
  deadline: Deadline,
): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  const endsEvent = isEndless ? eventEnds() : () => false;
  let received = 0;
  let cancelled = false;
  let credit = maxBytes;
  let since = performance.now();

  /** Each event is work for whoever reads the stream: a flood leaves the processor to the others. */
  async function pace(bytes: number): Promise<void> {
    const now = performance.now();
    credit = Math.min(maxBytes, credit + ((now - since) / 1_000) * endlessPerSecond) - bytes;
    since = now;
    if (credit < 0) await wait((-credit / endlessPerSecond) * 1_000);
  }

  // Whoever waits for one event of a stream cancels the rest, which mostly is just the end: worth a moment, it saves the next connection.
  async function drain(): Promise<void> {
    const timer = setTimeout(() => source.destroy(), graceMs);
    try {
      for (let left = graceBytes; left > 0;) {
        const chunk = await chunks.next();
        if (chunk.done) return;
        left -= chunk.value.byteLength;
      }
    } catch {
      // Nobody reads any more, so nobody has to know.
    } finally {
      clearTimeout(timer);
      deadline.end();
      source.destroy();
    }
  }

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const chunk = await chunks.next();
        if (cancelled) return;
        deadline.touch();
        if (chunk.done) {
          deadline.end();
          controller.close();
          return;
        }
        received = endsEvent(chunk.value) ? chunk.value.byteLength : received + chunk.value.byteLength;
        if (received > maxBytes) throw new OutboundError("too_large", `The answer is larger than ${maxBytes} bytes.`);
        if (isEndless) await pace(chunk.value.byteLength);
        if (cancelled) return;
        controller.enqueue(chunk.value);
      } catch (error) {
        deadline.end();
        source.destroy();
        throw error;
      }
    },
    cancel() {
      cancelled = true;
      void drain();
    },
  });
}
