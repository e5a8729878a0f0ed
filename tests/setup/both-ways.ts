// One request at the agents' door by every way there is: over HTTP, at the endpoint as it is served, and at the same endpoint with the SDK alone.
// What comes back is brought into one form, in which equal answers are equal.
import { request as httpRequest } from "undici";

import { asResponse } from "#server/agent/agent-request.ts";
import { endpointFor, handleAgentRequest } from "#server/agent/endpoint.ts";
import { answer } from "#server/agent/mcp-server.ts";

import { agentRequestOf } from "./agent-request.ts";

export const ways = ["over HTTP", "served", "by the SDK"] as const;
export type Way = (typeof ways)[number];

/** A request at the door. A header that is null is left out. */
export interface DoorRequest {
  method?: string;
  headers?: Record<string, string | null>;
  body?: string | Uint8Array<ArrayBuffer>;
}

export interface DoorAnswer {
  status: number;
  headers: Record<string, string>;
  /** The JSON-RPC messages of the answer, in whichever frame they came; the text where there are none. */
  messages: unknown;
}

/** Everything an agent acts on. How a message is framed is up to the way; that there is one is not. */
const headersThatMatter = ["www-authenticate", "allow", "retry-after", "mcp-session-id", "mcp-protocol-version", "location"];
const served = endpointFor(answer);

function messagesIn(type: string, text: string): unknown {
  if (type.startsWith("text/event-stream")) {
    // Not by /$/m: that also splits where a text has U+2028.
    const data = text.split(/\r\n|\n|\r/).flatMap((line) => /^data: ?(.+)$/s.exec(line)?.[1] ?? []);
    return data.map((line): unknown => JSON.parse(line));
  }
  if (text === "") return [];
  if (!type.startsWith("application/json")) return { type, text };
  const message: unknown = JSON.parse(text);
  return Array.isArray(message) ? message : [message];
}

/** Takes out what no two answers have in common: times, and ids that were made for this answer. */
function steady(text: string): string {
  return (
    text
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>")
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
      // A server of the tests says when it made something, to the second.
      .replaceAll(/created at [\d:]+ [AP]M/g, "created just now")
      .replaceAll(/(\\"id\\": \\")[\w-]{16}(\\")/g, "$1<kept>$2")
  );
}

function told(status: number, headers: Headers, text: string): DoorAnswer {
  const kept = headersThatMatter.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, steady(value)] as const];
  });
  const messages: unknown = JSON.parse(steady(JSON.stringify(messagesIn(headers.get("content-type") ?? "", text))));
  return { status, headers: Object.fromEntries(kept), messages };
}

function headersOf({ headers = {} }: DoorRequest, token: string | null): Record<string, string> {
  const common = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    authorization: token === null ? null : `Bearer ${token}`,
  };
  const given = Object.entries({ ...common, ...headers });
  return Object.fromEntries(given.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/** The answer to one request on one way. */
export async function askBy(way: Way, origin: string, token: string | null, asked: DoorRequest): Promise<DoorAnswer> {
  const { method = "POST", body = null } = asked;
  const headers = headersOf(asked, token);
  const url = `${origin}/mcp/agent`;
  if (way === "over HTTP") {
    const response = await httpRequest(url, { method, headers, body });
    const entries = Object.entries(response.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
    return told(response.statusCode, new Headers(Object.fromEntries(entries)), await response.body.text());
  }
  const request = new Request(url, { method, headers, body: method === "GET" || method === "HEAD" ? null : body });
  const running = { cancel: () => undefined, whenOver: () => undefined };
  const context = { origin, requestId: crypto.randomUUID(), address: "127.0.0.1", signal: new AbortController().signal, running };
  const response = asResponse(await (way === "served" ? handleAgentRequest : served)(agentRequestOf(request), context));
  // HTTP leaves out the body of an answer to HEAD.
  return told(response.status, response.headers, method === "HEAD" ? "" : await response.text());
}
