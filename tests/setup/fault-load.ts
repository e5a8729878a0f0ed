// A small steady load of calls on one connection of the built product, for tests that do something to the product meanwhile.
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

import { type Product } from "./product.ts";

export interface CountingUpstream {
  url: string;
  /** How often each text arrived in a call. */
  arrived: Map<string, number>;
  close: () => Promise<void>;
}

/** A stateless MCP server of the 2025 generation that counts its calls. */
export async function startCountingUpstream(): Promise<CountingUpstream> {
  const arrived = new Map<string, number>();
  const server = createServer((req, res) => {
    const answer = async () => {
      if (req.method !== "POST") return void res.writeHead(405).end();
      const asked: { id?: unknown; method?: string; params?: { arguments?: { text?: string } } } = JSON.parse(
        JSON.stringify(await json(req)),
      );
      const { id, method, params } = asked;
      if (id === undefined) return void res.writeHead(202).end();
      const text = params?.arguments?.text ?? "";
      if (method === "tools/call") arrived.set(text, (arrived.get(text) ?? 0) + 1);
      const results: Record<string, object> = {
        initialize: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "counting", version: "1" } },
        "tools/list": { tools: [{ name: "echo", inputSchema: { type: "object" } }] },
        "tools/call": { content: [{ type: "text", text }] },
      };
      const result = results[method ?? ""];
      const body = result ? { result } : { error: { code: -32_601, message: "Method not found" } };
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, ...body }));
    };
    answer().catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/mcp`, arrived, close };
}

export interface Ends {
  right: string[];
  /** Refused with words that say it may be tried again. */
  refused: string[];
  /** No answer: the connection was refused, or cut. */
  unheard: string[];
  cut: string[];
  wrong: string[];
  /** What was said to each that was not answered right. */
  words: string[];
}

interface Said {
  result?: { isError?: boolean; content?: { text?: string }[]; structuredContent?: { retryable?: boolean } };
}

/** Connects the server and calls it by four callers, one call after the other, until it is stopped. */
export async function loadOn(product: Product, upstream: CountingUpstream): Promise<{ ends: Ends; stop: () => Promise<Ends> }> {
  const access = { organization: true, membershipIds: [], teamIds: [] };
  const connection = { name: "Counting", url: upstream.url, authType: "none", credentialMode: "shared", access };
  const { id } = await product.api<{ id: string }>("connection.create", connection);
  const scopes = ["mcp:read", "mcp:write"];
  const { token } = await product.api<{ token: string }>("agentToken.create", { name: "load", scopes, expiresInDays: 1 });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" };
  const ends: Ends = { right: [], refused: [], unheard: [], cut: [], wrong: [], words: [] };
  let isOver = false;
  const call = async (text: string): Promise<Exclude<keyof Ends, "words">> => {
    const given = { name: `mcp:${id}:echo`, arguments: { text } };
    const params = { name: "execute_capability", arguments: given };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    try {
      const response = await fetch(`${product.origin}/mcp/agent`, { method: "POST", headers, body });
      const said = await response.text();
      const { result }: Said = response.status === 503 ? {} : JSON.parse(said);
      if (result?.content?.[0]?.text !== text) ends.words.push(`${text}: ${response.status} ${said}`);
      if (response.status === 503) return "refused";
      if (result?.isError) return result.structuredContent?.retryable ? "refused" : "wrong";
      return result?.content?.[0]?.text === text ? "right" : "wrong";
    } catch (error) {
      ends.words.push(`${text}: ${String(error)}`);
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : null;
      return cause && "code" in cause && cause.code === "ECONNREFUSED" ? "unheard" : "cut";
    }
  };
  const caller = async (number: number) => {
    for (let count = 0; !isOver; count += 1) {
      const text = `${number}-${count}`;
      ends[await call(text)].push(text);
      // A refusal comes at once: no need to make thousands of them.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const callers = Promise.all([1, 2, 3, 4].map(caller));
  return {
    ends,
    stop: async () => {
      isOver = true;
      await callers;
      return ends;
    },
  };
}
