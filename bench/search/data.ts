// The tools and queries that search is measured on (bench/search/corpus/README.md), and what they look like to the engine.
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";

import type { SearchableTool } from "#server/search/segment.ts";

import type { Query } from "./quality.ts";

interface PublicTool extends Omit<SearchableTool, "title"> {
  server: string;
  serverName: string;
  title?: string;
}

/** One server with its tools; `ids` are what queries call them. */
export interface PublicServer {
  label: string;
  tools: SearchableTool[];
  ids: string[];
}

function read(name: string): { tools: PublicTool[]; queries?: Query[] } {
  const found: { tools: PublicTool[]; queries?: Query[] } = JSON.parse(
    gunzipSync(readFileSync(path.join(import.meta.dirname, "corpus", `${name}.json.gz`))).toString("utf8"),
  );
  return found;
}

function byServer(tools: readonly PublicTool[]): PublicServer[] {
  const servers = new Map<string, PublicServer>();
  for (const { server, serverName, name, title = null, description, inputSchema } of tools) {
    const found = servers.get(server) ?? { label: serverName, tools: [], ids: [] };
    found.tools.push({ name, title, description, inputSchema });
    found.ids.push(`${server}/${name}`);
    servers.set(server, found);
  }
  return [...servers.values()];
}

/** 3,000 tools of 255 servers with 611 queries. */
export function publicData(): { servers: PublicServer[]; queries: Query[] } {
  const { tools, queries = [] } = read("public");
  return { servers: byServer(tools), queries };
}

/** 7,547 more tools, nobody asks for. */
export function distractors(): PublicServer[] {
  return byServer(read("distractors").tools);
}

/** 284 tools of 18 more business services with 220 queries of our own, put more plainly; nobody read them when the engine was made. */
export function plainData(): { servers: PublicServer[]; queries: Query[] } {
  const { tools, queries = [] } = read("plain");
  return { servers: byServer(tools), queries };
}

/** 906 tools of 68 business services with 838 queries of our own: short phrases and whole sentences for the same wishes. */
export function businessData(): { servers: PublicServer[]; queries: Query[] } {
  const { tools, queries = [] } = read("business");
  return { servers: byServer(tools), queries };
}
