// The steady load of bench/faults: calls at a fixed pace through /mcp/agent, each answer checked by its content.
import { Pool } from "undici";

export interface Target {
  connectionId: string;
  /** The server's number, which it puts into its answers. */
  index: number;
}

/** `right`: the content asked for, or its beginning where it was too long for one answer and is kept. `refused`: an error that says it may be tried again. `lost`: no answer at all. Everything else is wrong. */
export type End = "right" | "refused" | "lost" | "wrong";

export interface Sample {
  /** Milliseconds of the clock at which the call was due. */
  at: number;
  ms: number;
  end: End;
  /** What the server's ledger has of this call, when it arrived there. */
  text: string;
  said: string;
}

export interface Pace {
  origin: string;
  token: string;
  targets: readonly Target[];
  perSecond: number;
  /** Calls under way at once; beyond it a turn is left out. */
  atOnce: number;
  /** Milliseconds after which the agent gives up. */
  patienceMs: number;
  /** Asks for progress, which makes the answer a stream. */
  withProgress?: boolean;
}

interface Answer {
  result?: { isError?: boolean; content?: { text?: string }[]; structuredContent?: { retryable?: boolean } };
}

let serial = 0;

function judge(status: number, said: string, expected: string): End {
  // A proxy in front of Gatehouse and every agent know these two: later.
  if (status === 429 || status === 503) return "refused";
  const data = /^data: (.*"result".*)$/m.exec(said)?.[1] ?? said;
  const { result }: Answer = JSON.parse(data);
  if (result?.isError === true) return result.structuredContent?.retryable === true ? "refused" : "wrong";
  const [text = "", beginning = ""] = (result?.content ?? []).map((block) => block.text);
  const isKept = text.startsWith("Cut by Gatehouse") && text.includes("It is kept") && beginning.startsWith(`${expected}\n`);
  return text === expected || isKept ? "right" : "wrong";
}

async function callOnce(pool: Pool, { token, patienceMs, withProgress }: Pace, { connectionId, index }: Target): Promise<Sample> {
  serial += 1;
  const given = `text ${serial}`;
  const text = `${index}:${given}`;
  const params = {
    name: "execute_capability",
    arguments: { name: `mcp:${connectionId}:echo`, arguments: { text: given } },
    ...(withProgress ? { _meta: { progressToken: serial } } : {}),
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: serial, method: "tools/call", params });
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const [at, began] = [Date.now(), performance.now()];
  const done = (end: End, said: string): Sample => ({ at, ms: performance.now() - began, end, text, said: said.slice(0, 300) });
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const response = await pool.request({ method: "POST", path: "/mcp/agent", headers, body, signal });
    const said = await response.body.text();
    return done(judge(response.statusCode, said, text), `${response.statusCode} ${said.slice(-300)}`);
  } catch (error) {
    return done("lost", String(error));
  }
}

export interface Running {
  samples: Sample[];
  /** Waits for the last answers. */
  stop: () => Promise<Sample[]>;
}

/** Opens all connections of a pool, so that none is new when a fault begins: whoever is connected is what must not notice. */
async function connectAll(pool: Pool, count: number): Promise<void> {
  const one = async () => (await pool.request({ method: "GET", path: "/healthz" })).body.dump();
  await Promise.all(Array.from({ length: count }, one)).catch(() => undefined);
}

/** Calls the targets in turn until it is stopped. */
export function startLoad(pace: Pace): Running {
  const { origin, targets, perSecond, atOnce } = pace;
  const pool = new Pool(origin, { connections: atOnce, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 });
  const samples: Sample[] = [];
  const open = new Set<Promise<unknown>>();
  let turn = 0;
  let isConnected = false;
  void connectAll(pool, atOnce).then(() => (isConnected = true));
  const timer = setInterval(() => {
    if (!isConnected) return;
    const target = targets[turn % targets.length];
    turn += 1;
    if (!target || open.size >= atOnce) return;
    const call = callOnce(pool, pace, target).then((sample) => {
      samples.push(sample);
      open.delete(call);
    });
    open.add(call);
  }, 1_000 / perSecond);
  return {
    samples,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      await pool.destroy();
      return samples;
    },
  };
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Milliseconds within which this share of the calls was answered. */
export function quantile(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}
