// One request to the model of the operator (EMBEDDINGS_*): POST .../embeddings as OpenAI defined it, and the pause after it failed.
import { z } from "zod";

import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import { loggableCauses } from "#server/outbound/loggable.ts";
import { operatorEndpoint } from "#server/outbound/operator-endpoint.ts";

/** Milliseconds of pause after the first failure, twice as many after each further one, and at the most. */
const firstPauseMs = 5_000;
const longestPauseMs = 600_000;
/** A provider may ask for an hour of silence at the most. */
const longestQuietMs = 3_600_000;
const maxBytes = 32 * 1_048_576;
const maxDimensions = 8_192;

/** The provider gave no vectors. */
export class EmbeddingsFailed extends Error {
  override readonly name = "EmbeddingsFailed";
  /** HTTP status, where there was an answer. */
  readonly status: number | null;

  constructor(message: string, status: number | null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

/** Statuses that may be about one of the texts (too long, refused), and not about the provider. */
export const isAboutInput = (status: number | null) => status === 400 || status === 413 || status === 422;

let failures = 0;
let pausedUntil = 0;

/** Whether the provider failed and is left alone for now. */
export const isPaused = () => Date.now() < pausedUntil;

/** Begins the pause, or the next and longer one. */
export function pause(error: EmbeddingsFailed, retryAfterMs: number | null = null): void {
  const backOff = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 10));
  failures += 1;
  pausedUntil = Date.now() + Math.min(longestQuietMs, Math.max(backOff, retryAfterMs ?? 0));
  const { message, status } = error;
  log.warn({ status, reason: message, causes: loggableCauses(error.cause), until: new Date(pausedUntil) }, "search by meaning pauses");
}

/** Retry-After (RFC 9110 section 10.2.3) in milliseconds. */
function retryAfterOf(response: Response): number | null {
  const text = response.headers.get("retry-after") ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

const answerOutline = z.object({
  data: z.array(z.object({ index: z.number().int(), embedding: z.array(z.number()).min(1).max(maxDimensions) })),
});

/** A vector of length one; null where there is no direction. */
function unit(numbers: readonly number[]): Float32Array | null {
  const length = Math.hypot(...numbers);
  return length > 0 && Number.isFinite(length) ? Float32Array.from(numbers, (value) => value / length) : null;
}

/** The vectors in the order of the texts. Throws EmbeddingsFailed for an answer that is not one for each, all alike in length. */
function vectorsOf(answer: unknown, count: number): Float32Array[] {
  const parsed = answerOutline.safeParse(answer);
  if (!parsed.success) throw new EmbeddingsFailed("the answer is no list of embeddings", null);
  const byIndex = new Map(parsed.data.data.map(({ index, embedding }) => [index, unit(embedding)]));
  const vectors = Array.from({ length: count }, (_, index) => byIndex.get(index)).filter((vector) => vector instanceof Float32Array);
  const wanted = env.EMBEDDINGS_DIMENSIONS ?? vectors[0]?.length;
  if (vectors.length !== count || parsed.data.data.length !== count)
    throw new EmbeddingsFailed("the answer has not one vector for each text", null);
  if (vectors.some(({ length }) => length !== wanted)) throw new EmbeddingsFailed("the vectors do not have the dimensions asked for", null);
  return vectors;
}

async function request(texts: readonly string[], timeoutMs: number): Promise<Response> {
  const { EMBEDDINGS_URL: url = "", EMBEDDINGS_KEY: key, EMBEDDINGS_MODEL: model, EMBEDDINGS_DIMENSIONS: dimensions } = env;
  return operatorEndpoint.withLimits({ timeoutMs, maxBytes })(url, {
    method: "POST",
    redirect: "error",
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ model, input: texts, encoding_format: "float", ...(dimensions === undefined ? {} : { dimensions }) }),
  });
}

/**
 * One unit vector for each text, all of one length. Throws EmbeddingsFailed, by then the pause has begun; not so after a status that may be about
 * one of the texts.
 */
export async function embed(texts: readonly string[], timeoutMs: number): Promise<Float32Array[]> {
  let retryAfterMs: number | null = null;
  try {
    const response = await request(texts, timeoutMs);
    if (response.status !== 200) {
      retryAfterMs = retryAfterOf(response);
      await response.body?.cancel();
      throw new EmbeddingsFailed("the provider refused", response.status);
    }
    const vectors = vectorsOf(await response.json(), texts.length);
    failures = 0;
    return vectors;
  } catch (error) {
    const failure = error instanceof EmbeddingsFailed ? error : new EmbeddingsFailed("the provider did not answer", null, error);
    if (!isAboutInput(failure.status)) pause(failure, retryAfterMs);
    throw failure;
  }
}
