// A stand-in for a model: POST /v1/embeddings as OpenAI defined it, with vectors that are always the same for the same text. Words of one concept lie
// near each other; all others by their groups of three letters.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export interface FakeEmbeddings {
  /** The base, ending in /v1. */
  url: string;
  /** The texts of each request that reached it. */
  asked: string[][];
  headers: IncomingMessage["headers"][];
  bodies: Record<string, unknown>[];
  /** Answers instead of the model when it returns true. */
  intercept: ((res: ServerResponse, texts: string[]) => boolean) | null;
  /** The length of its vectors where the request names none. */
  dimensions: number;
  close: () => Promise<void>;
}

const concepts = [
  "bill invoice dues owe unpaid",
  "automobile car motorcar vehicle van",
  "physician doctor clinic medical",
  "holiday vacation leave absence",
  "spreadsheet table workbook ledger",
].map((line) => new Set(line.split(" ")));

const placeOf = (feature: string, dimensions: number) => createHash("sha256").update(feature).digest().readUInt32BE() % dimensions;

/** The vector of a text: a large part for each concept it speaks of, a small one for each three letters. */
export function fakeVector(given: string, dimensions: number): number[] {
  const vector = Array.from({ length: dimensions }, () => 0.001);
  const add = (feature: string, worth: number) => {
    const place = placeOf(feature, dimensions);
    vector[place] = (vector[place] ?? 0) + worth;
  };
  for (const word of given.toLowerCase().split(/[^a-z]+/)) {
    for (const [index, words] of concepts.entries()) if (words.has(word.replace(/s$/, ""))) add(`concept ${index}`, 3);
    for (let at = 0; at + 3 <= word.length; at += 1) add(word.slice(at, at + 3), 0.1);
  }
  return vector;
}

async function respond(fake: FakeEmbeddings, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body: { input?: string | string[]; dimensions?: number; model?: string } = JSON.parse(await text(req));
  const texts = [body.input ?? []].flat();
  fake.asked.push(texts);
  fake.headers.push(req.headers);
  fake.bodies.push({ ...body });
  if (fake.intercept?.(res, texts)) return;
  if (req.method !== "POST" || req.url !== "/v1/embeddings") {
    res.writeHead(404).end();
    return;
  }
  const data = texts.map((given, index) => ({
    object: "embedding",
    index,
    embedding: fakeVector(given, body.dimensions ?? fake.dimensions),
  }));
  res.writeHead(200, { "content-type": "application/json" });
  res.end(JSON.stringify({ object: "list", data, model: body.model, usage: { prompt_tokens: texts.length, total_tokens: texts.length } }));
}

/** Starts one on a free port of 127.0.0.1. */
export async function startEmbeddings(): Promise<FakeEmbeddings> {
  const fake: FakeEmbeddings = {
    url: "",
    asked: [],
    headers: [],
    bodies: [],
    intercept: null,
    dimensions: 256,
    close: () => Promise.resolve(),
  };
  const server = createServer((req, res) => {
    respond(fake, req, res).catch((error: unknown) => res.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  fake.url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/v1`;
  fake.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return fake;
}
