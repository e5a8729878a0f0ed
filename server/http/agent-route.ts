// The agents' door, straight from Express: the route matching and load context of a page would cost a call a good part of a millisecond.
import type { Request as ExpressRequest, RequestHandler, Response as ExpressResponse } from "express";

import { handleAgentRequest } from "#server/agent/endpoint.ts";

import { offerOperations } from "#server/search/operations.ts";
import { agentOperations } from "#server/trpc/agent-operations.ts";

import { factsOf } from "./facts.ts";

// Here the machine interface and the agents' door meet; neither knows the other.
offerOperations(agentOperations());

/** One byte more than the endpoint takes: enough for it to see that a body is too large, and all that is ever held of one. */
const maxReadBytes = 1_048_577;

async function readBody(req: ExpressRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= maxReadBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function toRequest(req: ExpressRequest, origin: string): Promise<Request> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const bodyless = req.method === "GET" || req.method === "HEAD";
  return new Request(`${origin}${req.originalUrl}`, { method: req.method, headers, ...(bodyless ? {} : { body: await readBody(req) }) });
}

async function send(response: Response, res: ExpressResponse): Promise<void> {
  res.status(response.status);
  for (const [name, value] of response.headers) res.setHeader(name, value);
  res.setHeader("x-content-type-options", "nosniff");
  // Part of a body that was not read would be taken for the next request on this connection.
  if (response.status === 413) res.setHeader("connection", "close");
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    res.end(Buffer.from(await response.arrayBuffer()));
    return;
  }
  res.flushHeaders();
  const reader = response.body?.getReader();
  res.on("close", () => void reader?.cancel());
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
    // A slow reader holds up its own stream, not our memory.
    if (!res.write(chunk.value)) await new Promise((resolve) => res.once("drain", resolve).once("close", resolve));
  }
  res.end();
}

/** An Express route for an endpoint; it answers every method. */
export const routeTo =
  (handle: typeof handleAgentRequest): RequestHandler =>
  (req, res, next) => {
    // A web Request cannot be made of these.
    if (req.method === "TRACE" || req.method === "CONNECT") return void res.status(405).set("allow", "POST").end();
    const { origin, requestId, address, signal } = factsOf(req);
    toRequest(req, origin)
      .then((request) => handle(request, { origin, requestId, address, signal }))
      .then((response) => send(response, res))
      .catch((error: unknown) => {
        // A client that went away in the middle of its body is nobody to answer.
        if (!signal.aborted) next(error);
      });
  };

/** Answers `/mcp/agent`. */
export const agentRoute = routeTo(handleAgentRequest);
