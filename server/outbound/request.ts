// What is sent: the forms fetch takes brought to one, and what of it may go along with a redirect.
import { OutboundError } from "./error.ts";

export interface OutboundRequest {
  url: URL;
  method: string;
  headers: Headers;
  body: string | Uint8Array | null;
}

/** Framing belongs to the connection, and `host` would also choose the name the certificate is checked for. */
const ownHeaders = new Set([
  "host",
  "content-length",
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "expect",
  "trailer",
  "te",
]);
/** What may go along to another origin: nothing that could be a credential. */
const plainHeaders = new Set(["accept", "accept-encoding", "accept-language", "user-agent", "mcp-protocol-version"]);

/** One request out of the forms fetch takes. Throws TypeError for a body that is a stream or a form with files: it could not be sent again after a redirect. */
export function outboundRequest(input: string | URL | Request, init: RequestInit = {}): OutboundRequest {
  const from = input instanceof Request ? input : null;
  const headers = new Headers(init.headers ?? from?.headers);
  for (const name of ownHeaders) headers.delete(name);
  const given = init.body ?? from?.body ?? null;
  const body = given instanceof URLSearchParams ? given.toString() : given;
  if (body !== null && typeof body !== "string" && !(body instanceof Uint8Array))
    throw new TypeError("The outbound fetch takes a text, form or byte body.");
  if (given instanceof URLSearchParams && !headers.has("content-type"))
    headers.set("content-type", "application/x-www-form-urlencoded;charset=UTF-8");
  if (!headers.has("accept")) headers.set("accept", "*/*");
  if (!headers.has("user-agent")) headers.set("user-agent", "Gatehouse");
  headers.set("accept-encoding", "gzip, br");
  return {
    url: new URL(input instanceof Request ? input.url : input),
    method: (init.method ?? from?.method ?? "GET").toUpperCase(),
    headers,
    body,
  };
}

/** A POST of JSON with these headers; what belongs to the connection is ours. */
export function jsonRequest({ headers, body }: { headers: Record<string, string>; body: string }) {
  const own: Record<string, string> = { "user-agent": "Gatehouse", "accept-encoding": "gzip, br" };
  for (const name in headers) {
    const value = headers[name];
    const known = name.toLowerCase();
    if (value !== undefined && known !== "accept-encoding" && !ownHeaders.has(known)) own[known] = value;
  }
  const asked: { method: string; headers: Record<string, string>; body: string | Uint8Array | null } = {
    method: "POST",
    headers: own,
    body,
  };
  return asked;
}

/** The request for the next hop (fetch standard, HTTP-redirect fetch), without anything another origin must not see. Throws OutboundError (redirect). */
export function redirectedRequest({ url, method, headers, body }: OutboundRequest, status: number, location: string): OutboundRequest {
  if (!URL.canParse(location, url)) throw new OutboundError("redirect", "The server redirected to something that is no URL.");
  const target = new URL(location, url);
  if (url.protocol === "https:" && target.protocol === "http:")
    throw new OutboundError("redirect", "The server redirected from https to plain http.");
  const becomesGet = (status === 303 && method !== "GET" && method !== "HEAD") || ((status === 301 || status === 302) && method === "POST");
  const isForeign = target.origin !== url.origin;
  if (isForeign && body !== null && !becomesGet)
    throw new OutboundError("redirect", "The server redirected a request with a body to another origin.");
  const carried = new Headers(headers);
  for (const name of [...carried.keys()]) {
    if ((becomesGet && name.startsWith("content-")) || (isForeign && !plainHeaders.has(name))) carried.delete(name);
  }
  return { url: target, method: becomesGet ? "GET" : method, headers: carried, body: becomesGet ? null : body };
}
