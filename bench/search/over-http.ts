// The whole search_capabilities call over HTTP, through the built product, at 10,000 tools of ten servers; and that nothing is asked of a server but its list.
import { Pool } from "undici";
import { z } from "zod";

import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { type Product, startProduct } from "#tests/setup/product.ts";

import type { PublicServer } from "./data.ts";

const objectSchema = z.record(z.string(), z.json());

const connections = 10;
const perConnection = 1_000;

/** Starts ten servers with a thousand of these tools each. */
export function startToolServers(servers: readonly PublicServer[]): Promise<FakeUpstream[]> {
  const tools = servers.flatMap(({ tools, ids }) => tools.map((tool, at) => ({ ...tool, name: `${tool.name}_${at}`, id: ids[at] })));
  return Promise.all(
    Array.from({ length: connections }, (_, index) =>
      startUpstream(
        tools.slice(index * perConnection, (index + 1) * perConnection).map(({ name, description, inputSchema }, at) => ({
          name: `${name}_${at}`.slice(-100),
          description,
          inputSchema: { ...objectSchema.safeParse(inputSchema).data, type: "object" },
        })),
      ),
    ),
  );
}

/** Connects these servers for everyone. */
export async function connectToolServers(product: Product, upstreams: readonly FakeUpstream[]): Promise<void> {
  const access = { organization: true, membershipIds: [], teamIds: [] };
  for (const [index, { url }] of upstreams.entries())
    await product.api("connection.create", { name: `Server ${index}`, url, authType: "none", credentialMode: "shared", access });
}

/** Milliseconds of each call with these queries, one after the other. Throws when a search asked a server for more than its list. */
export async function searchOverHttp(servers: readonly PublicServer[], queries: readonly string[]): Promise<number[]> {
  const upstreams = await startToolServers(servers);
  const product = await startProduct({ LOG_LEVEL: "error" });
  const pool = new Pool(product.origin, { connections: 1 });
  try {
    await connectToolServers(product, upstreams);
    const { token } = await product.api<{ token: string }>("agentToken.create", { name: "eval", scopes: ["mcp:read"], expiresInDays: 1 });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
    const ask = async (query: string) => {
      const params = { name: "search_capabilities", arguments: { query } };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
      const response = await pool.request({ method: "POST", path: "/mcp/agent", headers, body });
      const text = await response.body.text();
      if (!text.includes('\\"complete\\":true')) throw new Error(text.slice(0, 500));
    };
    for (const query of queries.slice(0, 100)) await ask(query);
    for (const upstream of upstreams) upstream.received.length = 0;
    const times: number[] = [];
    for (const query of queries) {
      const began = performance.now();
      await ask(query);
      times.push(performance.now() - began);
    }
    // Lists may be refreshed in the background; that is the only thing a search has to do with a server.
    if (upstreams.some(({ received }) => received.some(({ rpcMethod }) => rpcMethod !== "tools/list")))
      throw new Error("A search asked a server.");
    return times;
  } finally {
    await pool.close();
    await product.stop();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }
}
