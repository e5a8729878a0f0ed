// The load of bench/soak: calls at a fixed pace through /mcp/agent, each answer checked by its content.
import { Pool } from "undici";

export interface Target {
  connectionId: string;
  index: number;
  healthy: boolean;
}

export interface Tally {
  /** Milliseconds of each call to a healthy server. */
  times: number[];
  calls: number;
  /** Errors in words, from servers that misbehave. */
  refusals: number;
  wrong: string[];
}

interface Call {
  pool: Pool;
  token: string;
  target: Target;
  tally: Tally;
}

let serial = 0;
/** An agent's patience with a server that may hang; healthy ones are waited for. */
const patienceMs = 8_000;

async function callOnce({ pool, token, target: { connectionId, index, healthy }, tally }: Call): Promise<void> {
  serial += 1;
  const text = `text ${serial}`;
  const given = { name: `mcp:${connectionId}:echo`, arguments: { text } };
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: serial,
    method: "tools/call",
    params: { name: "execute_capability", arguments: given },
  });
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const start = performance.now();
  tally.calls += 1;
  try {
    const signal = AbortSignal.timeout(healthy ? 60_000 : patienceMs);
    const response = await pool.request({ method: "POST", path: "/mcp/agent", headers, body, signal });
    const said = await response.body.text();
    const { result }: { result?: { isError?: boolean; content?: { text?: string }[] } } = JSON.parse(said);
    const isRight = result?.isError !== true && result?.content?.[0]?.text === `${index}:${text}`;
    if (isRight && healthy) tally.times.push(performance.now() - start);
    else if (!isRight && !healthy && result?.isError === true) tally.refusals += 1;
    else if (!isRight) tally.wrong.push(`server ${index}: ${said.slice(0, 200)}`);
  } catch (error) {
    // The agent gave up on a server that hangs: its call is cancelled.
    if (!healthy && error instanceof Error && error.name === "TimeoutError") tally.refusals += 1;
    else tally.wrong.push(`server ${index}: ${String(error)}`);
  }
}

export interface Pace {
  origin: string;
  token: string;
  targets: readonly Target[];
  perSecond: number;
  /** Calls under way at once; beyond it a turn is left out. */
  atOnce: number;
}

/** Calls the targets in turn until `until` (milliseconds of the clock), and waits for the last answers. */
export async function drive({ origin, token, targets, perSecond, atOnce }: Pace, until: number): Promise<Tally> {
  const pool = new Pool(origin, { connections: atOnce, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 });
  const tally: Tally = { times: [], calls: 0, refusals: 0, wrong: [] };
  const open = new Set<Promise<void>>();
  for (let turn = 0; Date.now() < until; turn += 1) {
    const target = targets[turn % targets.length];
    if (target && open.size < atOnce) {
      const call = callOnce({ pool, token, target, tally }).finally(() => open.delete(call));
      open.add(call);
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000 / perSecond));
  }
  await Promise.all(open);
  await pool.close();
  return tally;
}

export function p99(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}
