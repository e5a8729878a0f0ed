// search_capabilities over HTTP: ten at once, the public data's 10,000 tools on ten connections, the public data's queries.
import type { FakeUpstream } from "#tests/fakes/mcp-upstream.ts";

import { drive, type Load, type Measured, median } from "./drive.ts";
import { databases, openDatabase, startOn, tokensFor } from "./gatehouse.ts";
import type { Amount, Row } from "./report.ts";
import { distractors, publicData } from "./search/data.ts";
import { connectToolServers, startToolServers } from "./search/over-http.ts";

const atOnce = 10;
const count = 4_000;

function searchLoad(origin: string, tokens: readonly string[], queries: readonly string[]): Load {
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2025-11-25",
  };
  return {
    origins: [origin],
    path: "/mcp/agent",
    headers: (worker) => ({ ...headers, authorization: `Bearer ${tokens[worker % tokens.length]}` }),
    body: (n) => {
      const params = { name: "search_capabilities", arguments: { query: queries[n % queries.length] } };
      return { send: JSON.stringify({ jsonrpc: "2.0", id: n, method: "tools/call", params }), expect: '"complete":true' };
    },
  };
}

async function onDatabase(
  kind: (typeof databases)[number],
  upstreams: readonly FakeUpstream[],
  queries: readonly string[],
  amount: Amount,
) {
  const { url, remove } = await openDatabase(kind);
  const product = await startOn(url);
  try {
    await connectToolServers(product, upstreams);
    const load = searchLoad(product.origin, await tokensFor(product, atOnce), queries);
    await drive(load, atOnce, count * amount.share);
    const runs: Measured[] = [];
    for (let round = 0; round < amount.rounds; round += 1) {
      runs.push(await drive(load, atOnce, count * amount.share));
      process.stderr.write(`search on ${kind}: round ${round + 1} of ${amount.rounds}\n`);
    }
    return runs;
  } finally {
    await product.stop();
    await remove();
  }
}

/** The rows of the table. */
export async function searchRows(amount: Amount): Promise<{ columns: string[]; rows: Row[] }> {
  const { servers, queries } = publicData();
  const asked = queries.map(({ query }) => query);
  const upstreams = await startToolServers([...servers, ...distractors()]);
  try {
    const found: Measured[][] = [];
    for (const kind of databases) found.push(await onDatabase(kind, upstreams, asked, amount));
    const each = (figure: (run: Measured) => number) => found.map((runs) => median(runs.map(figure)));
    const rows: Row[] = [
      { what: "searches/s at c=10", values: each(({ perSecond }) => perSecond), digits: 0, aim: { atLeast: 800 } },
      { what: "p50 at c=10, ms", values: each(({ p50 }) => p50), digits: 1 },
      { what: "p99 at c=10, ms", values: each(({ p99 }) => p99), digits: 1, aim: { atMost: 30 } },
    ];
    return { columns: databases.map((kind) => `Gatehouse, ${kind}`), rows };
  } finally {
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }
}
