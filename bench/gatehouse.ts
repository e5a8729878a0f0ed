// Gatehouse under measurement: the built product with a connection to the echo upstream, real tokens, access check and audit, on one of the databases.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { startPostgres } from "#tests/setup/postgres.ts";
import { type Product, startProduct } from "#tests/setup/product.ts";

import { findPostgres } from "../scripts/programs.mjs";
import type { Load } from "./drive.ts";

export const databases = findPostgres() ? (["PGlite", "PostgreSQL"] as const) : (["PGlite"] as const);
export type Database = "PGlite" | "PostgreSQL";

/** A new database on disk: its URL, and how to remove it. */
export async function openDatabase(kind: Database): Promise<{ url: string; remove: () => Promise<void> }> {
  if (kind === "PostgreSQL") {
    const server = await startPostgres();
    return { url: `${server.origin}/postgres`, remove: server.stop };
  }
  const folder = await mkdtemp(path.join(tmpdir(), "gatehouse-bench-"));
  return { url: `pglite:${path.join(folder, "db")}`, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Beyond what any load here makes: it is the call path that is measured, not the brakes. */
export const noLimits = {
  RATE_LIMITS: ["token", "member", "connection", "organization", "search"].map((name) => `${name}=99999999`).join(","),
};

export const startOn = (url: string) => startProduct({ DATABASE_URL: url, LOG_LEVEL: "warn", ...noLimits });

const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25" };
const rpc = (n: number, params: object) => JSON.stringify({ jsonrpc: "2.0", id: n, method: "tools/call", params });

/** Calls of the upstream itself. */
export function directLoad(origin: string, tool: string): Load {
  const body = (n: number) => ({ send: rpc(n, { name: tool, arguments: { text: `text ${n}` } }), expect: `"text ${n}"` });
  return { origins: [origin], path: "/mcp", headers: () => headers, body };
}

/** The same calls through a gateway with our two tools; the connections take turns, and so do the tokens. */
export function gatewayLoad(origins: readonly string[], tokens: readonly string[], connectionIds: readonly string[], tool: string): Load {
  const given = (n: number) => ({ name: `mcp:${connectionIds[n % connectionIds.length]}:${tool}`, arguments: { text: `text ${n}` } });
  return {
    origins,
    path: "/mcp/agent",
    headers: (worker) => ({ ...headers, authorization: `Bearer ${tokens[worker % tokens.length]}` }),
    body: (n) => ({ send: rpc(n, { name: "execute_capability", arguments: given(n) }), expect: `"text ${n}"` }),
  };
}

/** Tokens of the owner's for `count` agents. */
export async function tokensFor(product: Product, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const given = { name: `bench ${number}`, scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 };
    tokens.push((await product.api<{ token: string }>("agentToken.create", given)).token);
  }
  return tokens;
}

/** Connects the upstream `count` times, for everyone. */
export async function connectTo(product: Product, upstream: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  const access = { organization: true, membershipIds: [], teamIds: [] };
  for (let number = 0; number < count; number += 1) {
    const given = { name: `Echo ${number}`, url: `${upstream}/mcp`, authType: "none", credentialMode: "shared", access };
    ids.push((await product.api<{ id: string }>("connection.create", given)).id);
  }
  return ids;
}
