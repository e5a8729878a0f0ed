// Several processes of the built product on one PostgreSQL, behind a proxy that gives each request to the next of them.
import { Client } from "pg";

import { freePort, startPostgres } from "./postgres.ts";
import { bootstrapToken, callApi, type Product, startProduct } from "./product.ts";
import { type RoundRobin, startRoundRobin } from "./round-robin.ts";

export const everyone = { organization: true, membershipIds: [], teamIds: [] };

/** Milliseconds that the start of several may take on a busy machine, for a `beforeAll`. */
export const startMs = 400_000;

/** What a tool of ours answered. */
export interface ToolAnswer {
  content?: { type: string; text?: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

export interface Replica extends Product {
  /** Where it listens itself; its origin is the proxy's. */
  address: string;
}

export interface Replicas {
  products: Replica[];
  proxy: RoundRobin;
  /** The database, past the product. */
  database: Client;
  settings: Record<string, string>;
  /** One call of the machine interface through the proxy. */
  api: Product["api"];
  /** Starts one more and puts it behind the proxy. */
  add: (more?: Record<string, string>) => Promise<Replica>;
  close: () => Promise<void>;
}

/** Starts `count` at the same moment, on a database without a single table. */
export async function startReplicas(count: number, more: Record<string, string> = {}): Promise<Replicas> {
  const postgres = await startPostgres();
  const database = new Client({ connectionString: `${postgres.origin}/postgres` });
  await database.connect();
  const proxy = await startRoundRobin();
  const settings = { DATABASE_URL: `${postgres.origin}/postgres`, PUBLIC_URL: proxy.origin, TRUST_PROXY: "1", LOG_LEVEL: "info", ...more };
  const products: Replica[] = [];
  const add: Replicas["add"] = async (own = {}) => {
    const PORT = String(await freePort());
    const replica = { ...(await startProduct({ ...settings, PORT, ...own })), address: `http://127.0.0.1:${PORT}` };
    products.push(replica);
    proxy.targets.push(replica.address);
    return replica;
  };
  await Promise.all(Array.from({ length: count }, () => add()));
  return {
    products,
    proxy,
    database,
    settings,
    api: (procedure, input, kind = "mutation") => callApi(proxy.origin, bootstrapToken, procedure, input, kind),
    add,
    close: async () => {
      await proxy.close();
      await Promise.all(products.map((product) => product.stop()));
      await database.end();
      await postgres.stop();
    },
  };
}

/**
 * Resolves once `isKnown` is true. Throws when it was false in a question that began more than a second after `since` (of performance.now()): that is
 * how long a process may go by what it remembers, however long answers take on a busy machine.
 */
export async function withinASecond(since: number, isKnown: () => Promise<boolean>): Promise<void> {
  for (;;) {
    const began = performance.now();
    if (await isKnown()) return;
    if (began - since > 1_000) throw new Error(`It was not known ${Math.round(began - since)} ms later.`);
  }
}

/** One request at the agents' door of `origin`. */
export function askAgent(origin: string, token: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${origin}/mcp/agent`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...body }),
  });
}

/** What one of the two tools answers. Throws with the answer when it is none. */
export async function callTool(origin: string, token: string, name: string, given: object): Promise<ToolAnswer> {
  const response = await askAgent(origin, token, { method: "tools/call", params: { name, arguments: given } });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  const answer: { result?: ToolAnswer } = JSON.parse(text);
  if (!answer.result) throw new Error(text);
  return answer.result;
}

export const execute = (origin: string, token: string, name: string, given: object = {}) =>
  callTool(origin, token, "execute_capability", { name, arguments: given });
