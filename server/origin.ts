// The one place that makes absolute URLs and decides which hosts this product answers to.
import type { IncomingMessage } from "node:http";

import { env } from "./env.ts";

const publicHost = env.PUBLIC_URL === undefined ? null : new URL(env.PUBLIC_URL).host;
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** What the proxy in front of us said: it adds at the end, and whatever stands before came from the client. */
function last(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value.at(-1) : value)?.split(",").at(-1)?.trim();
}

/** The host the person or agent typed: `X-Forwarded-Host` counts only behind a trusted proxy. */
function requestHost(req: IncomingMessage): string {
  return (env.TRUST_PROXY ? last(req.headers["x-forwarded-host"]) : undefined) ?? req.headers.host ?? "localhost";
}

/** The public origin: `PUBLIC_URL`, else what this request was made to. */
export function originOf(req: IncomingMessage): string {
  if (env.PUBLIC_URL) return env.PUBLIC_URL;
  const forwarded = env.TRUST_PROXY ? last(req.headers["x-forwarded-proto"]) : undefined;
  const encrypted = "encrypted" in req.socket && req.socket.encrypted === true;
  const scheme = (forwarded ?? (encrypted ? "https" : "http")) === "https" ? "https" : "http";
  return `${scheme}://${requestHost(req)}`;
}

/** The client's address: behind a trusted proxy what that proxy saw, the one proxy in front and no other. */
export function clientAddress(req: IncomingMessage): string {
  return (env.TRUST_PROXY ? last(req.headers["x-forwarded-for"]) : undefined) || req.socket.remoteAddress || "unknown";
}

/** Where this process is reached when no request says it: `PUBLIC_URL`, else the address it listens on. */
export function ownOrigin(port = env.PORT): string {
  // Listening everywhere is no address to go to.
  const host = env.HOST === "0.0.0.0" || env.HOST === "::" ? "localhost" : env.HOST;
  return env.PUBLIC_URL ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Whether the Host header names this product (against DNS rebinding): the host of `PUBLIC_URL`, or a loopback name.
 * Without `PUBLIC_URL` a server that listens beyond loopback cannot know its names and accepts any well-formed one.
 */
export function isOwnHost(req: IncomingMessage): boolean {
  const host = requestHost(req);
  if (loopback.test(host)) return true;
  if (publicHost !== null) return host.toLowerCase() === publicHost;
  const bound = env.HOST === "localhost" || env.HOST === "::1" || env.HOST.startsWith("127.");
  return !bound && /^[a-z0-9.-]+(:\d+)?$|^\[[0-9a-f:]+\](:\d+)?$/i.test(host);
}

/** Links that errors, search rows and e-mails carry. */
export const links = {
  connect: (origin: string, connectionId: string) => `${origin}/connections?connect=${connectionId}`,
  manage: (origin: string, connectionId: string) => `${origin}/admin/connections/${connectionId}`,
  join: (origin: string, token: string) => `${origin}/join/${token}`,
  agents: (origin: string) => `${origin}/agents`,
  setup: (origin: string, token: string) => `${origin}/setup/${token}`,
  agentEndpoint: (origin: string) => `${origin}/mcp/agent`,
  oauthCallback: (origin: string) => `${origin}/oauth/callback`,
  clientMetadata: (origin: string) => `${origin}/oauth/client-metadata.json`,
};
