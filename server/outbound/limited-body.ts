// A response body that ends with an error instead of growing or waiting without end.
import type { ReadableStream as NodeStream } from "node:stream/web";

import { OutboundError } from "./error.ts";

export interface BodyLimits {
  /** Bytes after decompression. */
  maxBytes: number;
  /** Milliseconds without a byte after which it is given up; null leaves time to the whole-exchange deadline. */
  idleMs: number | null;
  /** Called once when the body ended, failed or was cancelled. */
  onEnd: () => void;
}

/** Wraps `body` with these limits; cancelling the wrapper cancels the original. */
export function limitBody(body: NodeStream<Uint8Array>, { maxBytes, idleMs, onEnd }: BodyLimits): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let received = 0;
  let timer: NodeJS.Timeout | undefined;

  const fail = async (error: OutboundError): Promise<never> => {
    onEnd();
    // The error below is what the caller sees; how the dead connection takes its cancellation does not matter.
    reader.cancel(error).catch(() => undefined);
    throw error;
  };
  const read = async () => {
    if (idleMs === null) return reader.read();
    const idle = new Promise<"idle">((resolve) => {
      timer = setTimeout(() => resolve("idle"), idleMs);
      timer.unref();
    });
    try {
      return await Promise.race([reader.read(), idle]);
    } finally {
      clearTimeout(timer);
    }
  };

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await read().catch((error: unknown) => {
        onEnd();
        throw error;
      });
      if (chunk === "idle") return fail(new OutboundError("timeout", "The server stopped sending in the middle of its answer."));
      if (chunk.done) {
        onEnd();
        controller.close();
        return;
      }
      received += chunk.value.byteLength;
      if (received > maxBytes) return fail(new OutboundError("too_large", `The answer is larger than ${maxBytes} bytes.`));
      controller.enqueue(chunk.value);
    },
    async cancel(reason) {
      clearTimeout(timer);
      onEnd();
      await reader.cancel(reason);
    },
  });
}
