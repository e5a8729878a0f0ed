// A third-party MCP server behind real OAuth, authorization server included: what Gatehouse connects to in tests and in the demo.
// As a program: tsx tests/fakes/oauth-upstream.ts [--host 127.0.0.1] [--port 4400]
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseArgs } from "node:util";

import { createMcpHandler } from "@modelcontextprotocol/server";

import { authorizationServer, type AuthorizationServerOptions, consentTo, scopes } from "./authorization-server.ts";
import { accounts, consentPage } from "./consent-page.ts";
import { ledgerServer, newBooks } from "./ledger-tools.ts";
import type { Records } from "./memory-adapter.ts";

export interface UpstreamOptions extends Partial<Omit<AuthorizationServerOptions, "issuer" | "resource" | "records">> {
  host?: string;
  port?: number;
  /** "auto": everybody who comes is `account` and agrees. "page": a person decides on a page. */
  consent?: "auto" | "page";
  account?: string;
  /** What its challenge asks for; all scopes unless said. */
  challengeScope?: string;
  /** Tools that take a scope of their own. */
  toolScopes?: Record<string, string>;
  /** Whether it shakes hands with anybody, and asks for a sign-in at the first real request. */
  openHandshake?: boolean;
  /** Whether it says where its authorization server is (RFC 9728); without, it is a server of 2025-03-26. */
  resourceMetadata?: boolean | ((document: Record<string, unknown>) => Record<string, unknown>);
}

export interface LoggedRequest {
  method: string;
  path: string;
  status: number;
  /** Of token requests. */
  grantType: string | null;
  /** Of requests with a good token. */
  account: string | null;
  /** Of tools/call. */
  tool: string | null;
}

export interface OAuthUpstream {
  /** The MCP endpoint. */
  url: string;
  issuer: string;
  requests: LoggedRequest[];
  /** The account of those who come from now on, with consent "auto". */
  account: string;
  /** While set, the token endpoint answers with this status. */
  tokenFailure: number | null;
  /** While set, token requests wait for it. */
  tokenGate: Promise<void> | null;
  /** Forgets all access tokens; refresh tokens stay good. */
  expireAccessTokens: () => void;
  /** Forgets every token. */
  revokeEverything: () => void;
  /** Forgets every client that registered itself. */
  forgetClients: () => void;
  /** How many tokens of a kind are known. */
  count: (kind: "AccessToken" | "RefreshToken" | "Client") => number;
  close: () => Promise<void>;
}

const mcpPath = "/mcp";
const metadataPath = "/.well-known/oauth-protected-resource";

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function json(res: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  res.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function toolOf(body: string): string | null {
  const message: { method?: string; params?: { name?: string } } | null = body.startsWith("{") ? JSON.parse(body) : null;
  return message?.method === "tools/call" ? (message.params?.name ?? null) : null;
}

/** Starts it on `port` (0: any). */
export async function startOAuthUpstream(options: UpstreamOptions = {}): Promise<OAuthUpstream> {
  const { host = "127.0.0.1", port = 0, consent = "auto", resourceMetadata = true } = options;
  const server = createServer();
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  const issuer = `http://${host}:${address.port}`;
  const url = issuer + mcpPath;

  const records: Records = new Map();
  const requests: LoggedRequest[] = [];
  const entries = new WeakMap<IncomingMessage, LoggedRequest>();
  const books = newBooks();
  const state: Pick<OAuthUpstream, "account" | "tokenFailure" | "tokenGate"> = {
    account: options.account ?? accounts[0],
    tokenFailure: null,
    tokenGate: null,
  };
  const provider = authorizationServer({
    cimd: false,
    dcr: true,
    revocation: true,
    rotate: true,
    accessTokenSeconds: 600,
    clients: [],
    fetchDocument: (address) => fetch(address),
    metadata: (document) => document,
    resourceByDefault: false,
    bend: () => undefined,
    ...options,
    issuer,
    resource: url,
    records,
  });
  provider.use(async (ctx, next) => {
    await next();
    const grantType = ctx.oidc?.params?.grant_type;
    const entry = entries.get(ctx.req);
    if (entry && typeof grantType === "string") entry.grantType = grantType;
  });
  const asProvider = provider.callback();
  const handler = createMcpHandler(({ authInfo }) => ledgerServer(books, authInfo?.clientId ?? "nobody"));

  /** A person's token, or a service account's, which is its client. */
  async function issued(token: string) {
    const ofPerson = await provider.AccessToken.find(token);
    if (ofPerson) return { account: ofPerson.accountId, aud: ofPerson.aud, scope: ofPerson.scope };
    const ofClient = await provider.ClientCredentials.find(token);
    return ofClient && { account: ofClient.clientId, aud: ofClient.aud, scope: ofClient.scope };
  }

  async function mcp(req: IncomingMessage, res: ServerResponse, entry: LoggedRequest): Promise<void> {
    const token = /^Bearer (.+)$/i.exec(req.headers.authorization ?? "")?.[1];
    const body = req.method === "POST" ? await bodyOf(req) : undefined;
    if (options.openHandshake && body?.includes('"method":"initialize"')) {
      const result = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "ledger", version: "1.0.0" } };
      return json(res, 200, { jsonrpc: "2.0", id: 0, result });
    }
    const found = token === undefined ? undefined : await issued(token);
    if (!found || found.aud !== url) {
      const challenge = [
        ...(token === undefined ? [] : ['error="invalid_token"']),
        ...(resourceMetadata === false
          ? []
          : [`resource_metadata="${issuer}${metadataPath}${mcpPath}"`, `scope="${options.challengeScope ?? scopes.join(" ")}"`]),
      ];
      return json(res, 401, { error: "invalid_token" }, { "www-authenticate": `Bearer ${challenge.join(", ")}` });
    }
    entry.account = found.account;
    entry.tool = body === undefined ? null : toolOf(body);
    const needed = options.toolScopes?.[entry.tool ?? ""];
    if (needed !== undefined && !found.scope?.split(" ").includes(needed))
      return json(
        res,
        403,
        { error: "insufficient_scope" },
        { "www-authenticate": `Bearer error="insufficient_scope", scope="${needed}"` },
      );
    const headers = new Headers();
    for (const [name, value] of Object.entries(req.headers)) if (typeof value === "string") headers.set(name, value);
    const request = new Request(url, { method: req.method ?? "GET", headers, ...(body === undefined ? {} : { body }) });
    // The tools ask for the account, and this is the one field that reaches them.
    const response = await handler.fetch(request, {
      authInfo: { token: "", clientId: found.account, scopes: found.scope?.split(" ") ?? [] },
    });
    res.writeHead(response.status, Object.fromEntries(response.headers));
    const reader = response.body?.getReader();
    res.once("close", () => void reader?.cancel());
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) res.write(part.value);
    res.end();
  }

  async function interaction(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (consent === "auto") return consentTo(provider, req, res, state.account);
    if (req.method !== "POST") {
      const { params } = await provider.interactionDetails(req, res);
      const client = await provider.Client.find(String(params.client_id));
      const page = consentPage({ client: client?.clientName ?? "An application", scope: String(params.scope ?? "") });
      res.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
      return;
    }
    const form = new URLSearchParams(await bodyOf(req));
    if (form.get("decision") === "allow") return consentTo(provider, req, res, form.get("account") ?? accounts[0]);
    await provider.interactionFinished(
      req,
      res,
      { error: "access_denied", error_description: "The person said no." },
      { mergeWithLastSubmission: false },
    );
  }

  async function route(req: IncomingMessage, res: ServerResponse, entry: LoggedRequest): Promise<void> {
    if (entry.path === mcpPath) return mcp(req, res, entry);
    if (entry.path.startsWith("/interaction/")) return interaction(req, res);
    if (entry.path.startsWith(metadataPath)) {
      if (resourceMetadata === false || entry.path !== metadataPath + mcpPath) return json(res, 404, { error: "not_found" });
      const document = { resource: url, authorization_servers: [issuer], scopes_supported: scopes, resource_name: "Ledger" };
      return json(res, 200, resourceMetadata === true ? document : resourceMetadata(document));
    }
    if (entry.path === "/token") await state.tokenGate;
    if (entry.path === "/token" && state.tokenFailure !== null) {
      return json(res, state.tokenFailure, { error: state.tokenFailure === 400 ? "invalid_grant" : "temporarily_unavailable" });
    }
    asProvider(req, res);
  }

  server.on("request", (req, res) => {
    const entry: LoggedRequest = {
      method: req.method ?? "",
      path: new URL(req.url ?? "/", issuer).pathname,
      status: 0,
      grantType: null,
      account: null,
      tool: null,
    };
    requests.push(entry);
    entries.set(req, entry);
    res.on("finish", () => (entry.status = res.statusCode));
    route(req, res, entry).catch((error: unknown) => {
      // A lost interaction (an old tab) must not end the program.
      if (!res.headersSent) json(res, 400, { error: error instanceof Error ? error.message : "failed" });
    });
  });

  const forget = (...kinds: string[]) => {
    for (const name of records.keys()) if (kinds.some((kind) => name.startsWith(`${kind}:`))) records.delete(name);
  };
  return Object.assign(state, {
    url,
    issuer,
    requests,
    expireAccessTokens: () => forget("AccessToken", "ClientCredentials"),
    revokeEverything: () => forget("AccessToken", "RefreshToken", "Grant"),
    forgetClients: () => forget("Client"),
    count: (kind: string) => [...records.keys()].filter((name) => name.startsWith(`${kind}:`)).length,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await handler.close();
    },
  });
}

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({ options: { host: { type: "string", default: "127.0.0.1" }, port: { type: "string", default: "4400" } } });
  const upstream = await startOAuthUpstream({ host: values.host, port: Number(values.port), consent: "page" });
  process.stdout.write(`Ledger is at ${upstream.url}\n`);
  const stop = () => void upstream.close();
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}
