// The agents' door on Node's own server: Express, the route matching and load context of a page, and web objects would cost a call more than
// the rest of it.
import type { IncomingMessage, ServerResponse } from "node:http";

import { type AgentAnswer, type AgentRequest, JsonAnswer, plainHeaders } from "#server/agent/agent-request.ts";
import { handleAgentRequest } from "#server/agent/endpoint.ts";
import { offerOperations } from "#server/search/operations.ts";
import { agentOperations } from "#server/trpc/agent-operations.ts";

import { factsOf } from "./facts.ts";
import type { Route } from "./route.ts";

// Here the machine interface and the agents' door meet; neither knows the other.
offerOperations(agentOperations());

/** One byte more than the endpoint takes: enough for it to see that a body is too large, and all that is ever held of one. */
const maxReadBytes = 1_048_577;

/** The body, or as much of it as is ever held. Rejects when the client goes away in the middle of it. */
function readBody(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size < maxReadBytes) return;
      req.pause();
      resolve(Buffer.concat(chunks));
    });
    req.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    req.on("error", reject);
    req.on("close", () => {
      if (!req.complete) reject(new Error("The client went away in the middle of its body."));
    });
  });
}

const text = (value: string | string[]) => (Array.isArray(value) ? value.join(", ") : value);

function toAgentRequest(req: IncomingMessage, origin: string, body: Buffer | null): AgentRequest {
  const { headers } = req;
  const get = (name: string) => {
    const value = headers[name];
    return value === undefined ? null : text(value);
  };
  return {
    method: req.method ?? "GET",
    url: `${origin}${req.url ?? "/"}`,
    headers: {
      get,
      has: (name) => headers[name] !== undefined,
      forEach: (each) => {
        for (const [name, value] of Object.entries(headers)) if (value !== undefined) each(text(value), name);
      },
    },
    body: body && [body],
  };
}

async function send(answer: AgentAnswer, res: ServerResponse): Promise<void> {
  if (answer instanceof JsonAnswer) {
    const own = { ...plainHeaders, "content-length": Buffer.byteLength(answer.text), "x-content-type-options": "nosniff" };
    // As a text it leaves together with its headers, in one piece.
    res.writeHead(200, own).end(answer.text);
    return;
  }
  res.statusCode = answer.status;
  for (const [name, value] of answer.headers) res.setHeader(name, value);
  res.setHeader("x-content-type-options", "nosniff");
  // Part of a body that was not read would be taken for the next request on this connection.
  if (answer.status === 413) res.setHeader("connection", "close");
  if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) {
    res.end(Buffer.from(await answer.arrayBuffer()));
    return;
  }
  res.flushHeaders();
  const reader = answer.body?.getReader();
  // A stream that failed has told so below; its refusal to be cancelled would end the process.
  res.on("close", () => void reader?.cancel().catch(() => undefined));
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
    // A slow reader holds up its own stream, not our memory.
    if (!res.write(chunk.value)) await new Promise((resolve) => res.once("drain", resolve).once("close", resolve));
  }
  res.end();
}

/** A route for an endpoint; it answers every method. */
export const routeTo =
  (handle: typeof handleAgentRequest): Route =>
  (req, res, next) => {
    // A web Request cannot be made of these.
    if (req.method === "TRACE" || req.method === "CONNECT") return void res.writeHead(405, { allow: "POST" }).end();
    const { origin, requestId, address, signal } = factsOf(req);
    const bodyless = req.method === "GET" || req.method === "HEAD";
    (bodyless ? Promise.resolve(null) : readBody(req))
      .then((body) => handle(toAgentRequest(req, origin, body), { origin, requestId, address, signal }))
      .then((answer) => send(answer, res))
      .catch((error: unknown) => {
        // A client that went away in the middle of its body is nobody to answer.
        if (!signal.aborted) next(error);
      });
  };

/** Answers `/mcp/agent`. */
export const agentRoute = routeTo(handleAgentRequest);
