// The third-party servers that `npm run upstreams` goes through: how each is started, connected, and which harmless tool is called.
import { existsSync } from "node:fs";
import path from "node:path";

export interface RealServer {
  name: string;
  /** "name@version" of what is installed for it outside the project; empty for what the project's own tests bring. */
  packages: readonly string[];
  /** The arguments of Node, and what its environment holds besides. */
  program: (place: Place) => { args: string[]; env?: Record<string, string> };
  /** Path of the MCP endpoint. */
  path: string;
  connect: { authType: "none" | "oauth" } | { authType: "api_key"; apiKey: string; headerName?: string; headerPrefix?: string };
  /** What is searched, the tool that has to be found, and its arguments. */
  query: string;
  tool: string;
  given: (place: Place) => object;
  /** What the answer has to say, so that it is the server's own. */
  says: RegExp;
  /** What this machine does not have: then the server's own error is the honest answer. */
  lacks?: string;
  /** What it exercises. */
  exercises: string;
}

export interface Place {
  port: number;
  /** A second port, for servers that bring their authorization server. */
  otherPort: number;
  /** A folder of its own with `note.txt` in it. */
  folder: string;
  /** Where an installed program is, and any installed file. */
  bin: (name: string) => string;
  file: (name: string) => string;
}

const key = "harmless-key-for-a-local-server-0123456789";
const atPort = ({ port }: Place) => ["--port", String(port)];
/** A server that speaks over standard input and output alone, behind one of the two bridges people use. */
const behindProxy = (place: Place, bin: string, more: string[] = []) => ({
  args: [place.bin("mcp-proxy"), "--host", "127.0.0.1", ...atPort(place), "--", process.execPath, place.bin(bin), ...more],
});
const behindGateway = (place: Place, bin: string, options: string[]) => ({
  args: [place.bin("supergateway"), "--stdio", `"${process.execPath}" "${place.bin(bin)}"`, ...atPort(place), ...options],
});
const browser = "/usr/bin/chromium";
const hasBrowser = existsSync(browser);
const bridge = "mcp-proxy@6.7.19";
const gateway = "supergateway@4.0.0";

export const servers: readonly RealServer[] = [
  {
    name: "everything",
    packages: [],
    program: (place) => ({ args: [place.bin("mcp-server-everything"), "streamableHttp"], env: { PORT: String(place.port) } }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "echo message back",
    tool: "echo",
    given: () => ({ message: "hello" }),
    says: /hello/,
    exercises: "sessions, every content type",
  },
  {
    name: "everything, SSE only",
    packages: [],
    program: (place) => ({ args: [place.bin("mcp-server-everything"), "sse"], env: { PORT: String(place.port) } }),
    path: "/sse",
    connect: { authType: "none" },
    query: "echo message back",
    tool: "echo",
    given: () => ({ message: "over sse" }),
    says: /over sse/,
    exercises: "the HTTP+SSE fallback",
  },
  {
    name: "context7",
    packages: ["@upstash/context7-mcp@4.1.1"],
    program: (place) => ({ args: [place.bin("context7-mcp"), "--transport", "http", ...atPort(place)] }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "resolve library id documentation",
    tool: "resolve-library-id",
    given: () => ({ query: "how to make a component", libraryName: "react" }),
    says: /\S/,
    lacks: "network",
    exercises: "modern generation, 200 with a WWW-Authenticate hint",
  },
  {
    name: "notion",
    packages: [],
    program: (place) => ({
      args: [place.bin("notion-mcp-server"), "--transport", "http", ...atPort(place), "--auth-token", key],
      env: { NOTION_TOKEN: "x" },
    }),
    path: "/mcp",
    connect: { authType: "api_key", apiKey: key },
    query: "search pages by title",
    tool: "API-post-search",
    given: () => ({ query: "x" }),
    says: /\S/,
    lacks: "network, Notion account",
    exercises: "static bearer, 401 without any header",
  },
  {
    name: "brave",
    packages: ["@brave/brave-search-mcp-server@2.1.4"],
    program: (place) => ({
      args: [place.bin("brave-search-mcp-server"), "--transport", "http", ...atPort(place), "--brave-api-key", "x"],
    }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "web search",
    tool: "brave_web_search",
    given: () => ({ query: "model context protocol" }),
    says: /\S/,
    lacks: "network, Brave key",
    exercises: "a long tool list",
  },
  {
    name: "n8n",
    packages: ["n8n-mcp@2.87.0"],
    program: (place) => ({
      args: [place.file("n8n-mcp/dist/mcp/index.js")],
      env: { MCP_MODE: "http", AUTH_TOKEN: key, PORT: String(place.port), HOST: "127.0.0.1" },
    }),
    path: "/mcp",
    connect: { authType: "api_key", apiKey: key },
    query: "search automation nodes by keyword",
    tool: "search_nodes",
    given: () => ({ query: "webhook" }),
    says: /webhook/i,
    exercises: "bare Bearer realm, negotiates 2025-03-26",
  },
  {
    name: "filesystem behind mcp-proxy",
    packages: [],
    program: (place) => ({
      args: [
        place.bin("mcp-proxy"),
        "--host",
        "127.0.0.1",
        ...atPort(place),
        "--apiKey",
        key,
        "--",
        process.execPath,
        place.bin("mcp-server-filesystem"),
        place.folder,
      ],
    }),
    path: "/mcp",
    connect: { authType: "api_key", apiKey: key, headerName: "X-API-Key", headerPrefix: "" },
    query: "read a text file",
    tool: "read_text_file",
    given: ({ folder }) => ({ path: path.join(folder, "note.txt") }),
    says: /the note's text/,
    exercises: "X-API-Key header",
  },
  {
    name: "playwright",
    packages: ["@playwright/mcp@0.0.83"],
    program: (place) => ({
      args: [
        place.bin("playwright-mcp"),
        "--headless",
        "--isolated",
        ...atPort(place),
        ...(hasBrowser ? ["--executable-path", browser, "--no-sandbox"] : []),
      ],
    }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "navigate to a url",
    tool: "browser_navigate",
    given: ({ port }) => ({ url: `http://localhost:${port}/` }),
    says: /Page URL|browser/i,
    ...(hasBrowser ? {} : { lacks: "browser" }),
    exercises: "host check",
  },
  {
    name: "mongodb",
    packages: ["mongodb-mcp-server@3.0.4"],
    program: (place) => ({
      args: [place.bin("mongodb-mcp-server"), "--transport", "http", "--httpPort", String(place.port), "--telemetry", "disabled"],
    }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "list databases",
    tool: "list-databases",
    given: () => ({ connectionId: "none" }),
    says: /connect/i,
    lacks: "database",
    exercises: "a server that has to be connected itself",
  },
  {
    name: "kubernetes",
    packages: ["mcp-server-kubernetes@4.1.7"],
    program: (place) => ({
      args: [place.bin("mcp-server-kubernetes")],
      env: { ENABLE_UNSAFE_STREAMABLE_HTTP_TRANSPORT: "1", PORT: String(place.port), HOST: "127.0.0.1" },
    }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "list kubernetes contexts",
    tool: "kubectl_context",
    given: () => ({ operation: "list" }),
    says: /\S/,
    lacks: "cluster",
    exercises: "stateless",
  },
  {
    name: "firecrawl",
    packages: ["firecrawl-mcp@3.26.0"],
    program: (place) => ({
      args: [place.bin("firecrawl-mcp")],
      env: { HTTP_STREAMABLE_SERVER: "true", FIRECRAWL_API_KEY: "x", PORT: String(place.port), HOST: "127.0.0.1" },
    }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "map a website urls",
    tool: "firecrawl_map",
    given: () => ({ url: "https://example.com" }),
    says: /\S/,
    lacks: "network, Firecrawl key",
    exercises: "large schemas",
  },
  {
    name: "figma-developer",
    packages: ["figma-developer-mcp@0.13.2"],
    program: (place) => ({
      args: [place.bin("figma-developer-mcp"), "--figma-api-key", "x", "--no-telemetry", "--host", "127.0.0.1", ...atPort(place)],
    }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "get figma file data",
    tool: "get_figma_data",
    given: () => ({ fileKey: "abcdefghijklmnopqrstuv" }),
    says: /\S/,
    lacks: "network, Figma key",
    exercises: "stateless",
  },
  {
    name: "memory behind mcp-proxy",
    packages: ["@modelcontextprotocol/server-memory@2026.8.31", bridge],
    program: (place) => behindProxy(place, "mcp-server-memory"),
    path: "/mcp",
    connect: { authType: "none" },
    query: "read knowledge graph",
    tool: "read_graph",
    given: () => ({}),
    says: /entities/,
    exercises: "structured results",
  },
  {
    name: "sequential-thinking behind supergateway",
    packages: ["@modelcontextprotocol/server-sequential-thinking@2026.8.31", gateway],
    program: (place) => behindGateway(place, "mcp-server-sequential-thinking", ["--outputTransport", "streamableHttp"]),
    path: "/mcp",
    connect: { authType: "none" },
    query: "sequential thinking",
    tool: "sequentialthinking",
    given: () => ({ thought: "one", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 }),
    says: /thoughtNumber/,
    exercises: "stateless bridge",
  },
  {
    name: "memory behind supergateway, SSE",
    packages: ["@modelcontextprotocol/server-memory@2026.8.31", gateway],
    program: (place) => behindGateway(place, "mcp-server-memory", ["--outputTransport", "sse"]),
    path: "/sse",
    connect: { authType: "none" },
    query: "read knowledge graph",
    tool: "read_graph",
    given: () => ({}),
    says: /entities/,
    exercises: "HTTP+SSE of a bridge",
  },
  {
    name: "budget-allocator",
    packages: ["@modelcontextprotocol/server-budget-allocator@2.0.3"],
    program: (place) => ({ args: [place.bin("mcp-budget-allocator-server")], env: { PORT: String(place.port) } }),
    path: "/mcp",
    connect: { authType: "none" },
    query: "budget allocation data",
    tool: "get-budget-data",
    given: () => ({}),
    says: /budget|categor/i,
    exercises: "MCP Apps (ui://)",
  },
  ...[false, true].map((strict) => ({
    name: `OAuth example of the v1 SDK${strict ? ", strict" : ""}`,
    packages: [],
    program: (place: Place) => ({
      args: [
        place.file("@modelcontextprotocol/sdk/dist/esm/examples/server/simpleStreamableHttp.js"),
        "--oauth",
        ...(strict ? ["--oauth-strict"] : []),
      ],
      env: { MCP_PORT: String(place.port), MCP_AUTH_PORT: String(place.otherPort) },
    }),
    path: "/mcp",
    connect: { authType: "oauth" as const },
    query: "simple greeting",
    tool: "greet",
    given: () => ({ name: "Mira" }),
    says: /Hello, Mira/,
    exercises: "401 + metadata, an issuer with a slash, DCR, no refresh token",
  })),
];
