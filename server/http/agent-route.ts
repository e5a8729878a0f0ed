// The agents' door on Node's own server: Express, the route matching and load context of a page, and web objects would cost a call more than
// the rest of it.
import type { IncomingMessage, ServerResponse } from "node:http";

import { type AgentAnswer, type AgentRequest, ClientGone, JsonAnswer, plainHeaders } from "#server/agent/agent-request.ts";
import { handleAgentRequest } from "#server/agent/endpoint.ts";
import { offerOperations } from "#server/search/operations.ts";
import { agentOperations } from "#server/trpc/agent-operations.ts";

import { factsOf } from "./facts.ts";
import type { Route } from "./route.ts";

// Here the machine interface and the agents' door meet; neither knows the other.
offerOperations(agentOperations());

const maxBodyBytes = 1_048_576;

/** Milliseconds a refused body has to come to its end, unread: a connection that is closed on its sender mostly takes the answer with it. */
const graceMs = 100;

/** The body as text; null as soon as it is too long. Rejects with ClientGone when the client goes away in the middle of it. */
function readBody(req: IncomingMessage): Promise<string | null> {
  if (Number(req.headers["content-length"] ?? 0) > maxBodyBytes) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const gone = () => reject(new ClientGone("The client went away in the middle of its body."));
    if (req.destroyed) return gone();
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size <= maxBodyBytes) return;
      req.off("data", take).pause();
      chunks.length = 0;
      resolve(null);
    };
    req.on("data", take);
    req.on("end", () => {
      // Every request closes; only one that closes before its end is of a client that went away.
      req.off("close", gone);
      const [only] = chunks;
      resolve((chunks.length === 1 && only ? only : Buffer.concat(chunks)).toString("utf8"));
    });
    req.on("error", gone);
    req.on("close", gone);
  });
}

/** Leaves the rest of a body that nobody wants a moment to come, and drops it. */
function dropRest(req: IncomingMessage): Promise<void> {
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    const ended = () => {
      clearTimeout(timer);
      resolve();
    };
    req.once("end", ended).once("close", ended).resume();
  });
}

const text = (value: string | string[]) => (Array.isArray(value) ? value.join(", ") : value);

function toAgentRequest(req: IncomingMessage, origin: string): AgentRequest {
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
    read: () => readBody(req),
  };
}

/** Until more may be written, or nobody reads any more. Takes its listeners off again: one long stream to a slow reader waits any number of times. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise<void>((resolve) => {
    const ended = () => {
      res.off("drain", ended).off("close", ended);
      resolve();
    };
    res.on("drain", ended).on("close", ended);
  });
}

async function send(answer: AgentAnswer, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (!req.complete && !req.destroyed) await dropRest(req);
  // Part of a body that was not read would be taken for the next request on this connection.
  if (!req.complete) res.setHeader("connection", "close");
  if (answer instanceof JsonAnswer) {
    const own = { "content-length": Buffer.byteLength(answer.text), "x-content-type-options": "nosniff", ...plainHeaders(answer) };
    // As a text it leaves together with its headers, in one piece.
    res.writeHead(answer.status, own).end(answer.text);
    return;
  }
  res.statusCode = answer.status;
  for (const [name, value] of answer.headers) res.setHeader(name, value);
  res.setHeader("x-content-type-options", "nosniff");
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
    if (!res.write(chunk.value)) await drained(res);
  }
  res.end();
}

/** A route for an endpoint; it answers every method. */
export const routeTo =
  (handle: typeof handleAgentRequest): Route =>
  (req, res, next) => {
    // A web Request cannot be made of these.
    if (req.method === "TRACE" || req.method === "CONNECT") return void res.writeHead(405, { allow: "POST" }).end();
    const facts = factsOf(req);
    const { origin, requestId, address, signal } = facts;
    const running = { cancel: (reason: Error) => facts.cancel(reason), whenOver: (then: () => void) => void res.once("close", then) };
    handle(toAgentRequest(req, origin), { origin, requestId, address, signal, running })
      .then((answer) => send(answer, req, res))
      .catch((error: unknown) => {
        // A client that went away is nobody to answer.
        if (!res.destroyed) next(error);
      });
  };

/** Answers `/mcp/agent`. */
export const agentRoute = routeTo(handleAgentRequest);
