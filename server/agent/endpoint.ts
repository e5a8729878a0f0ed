// POST /mcp/agent up to the protocol: the token, the method, the body, the brakes. Then the MCP handler answers.
import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { siteOf } from "#server/auth/limits.ts";
import type { Cancellation } from "#server/cancellation.ts";
import { orUnavailable } from "#server/database-error.ts";
import { DomainError } from "#server/errors.ts";
import { log } from "#server/log.ts";
import { links } from "#server/origin.ts";
import { cancelCall, noteRunning, type Running } from "#server/running-calls.ts";
import { noteUse } from "#server/tokens/note-use.ts";
import { arrivalOf, type VerifiedToken } from "#server/tokens/verify.ts";

import { type AgentAnswer, type AgentRequest, asResponse, ClientGone, JsonAnswer } from "./agent-request.ts";
import { clientName } from "./client-name.ts";
import { brake, requestsIn } from "./limits.ts";
import { type Answer, answer } from "./mcp-server.ts";
import { observedRequest } from "./observed.ts";
import { answerPlain } from "./plain-request.ts";
import { withReference } from "./reference.ts";
import { isSessionId, saysUrlElicitation, sessionIdFor } from "./session-id.ts";

export interface AgentRequestContext {
  origin: string;
  requestId: string;
  /** The client's address. */
  address: string;
  signal: Cancellation;
  running: Running;
}

function refuse(status: number, code: number, message: string, headers: Record<string, string> | null = null): JsonAnswer {
  return new JsonAnswer(JSON.stringify({ jsonrpc: "2.0", error: { code, message }, id: null }), status, headers);
}

/** A refusal of what may be sent again after so many seconds: agents see the body, and seldom the header. */
function refuseForNow(status: 429 | 503, message: string, seconds: number): JsonAnswer {
  const error = { code: -32_000, message, data: { retryable: true, retryAfterSeconds: seconds } };
  return new JsonAnswer(JSON.stringify({ jsonrpc: "2.0", error, id: null }), status, { "retry-after": String(seconds) });
}

/** 401 as RFC 6750 section 3 and RFC 9728 section 5.1 want it; agents that can sign in by themselves follow it. */
function challenge(origin: string, problem: "missing" | "invalid"): JsonAnswer {
  const error = problem === "invalid" ? 'error="invalid_token", ' : "";
  const header = `Bearer ${error}resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp/agent", scope="mcp:read mcp:write"`;
  const message =
    problem === "invalid"
      ? "The token is unknown, expired or revoked. Create a new one in Gatehouse."
      : "Send an agent token: Authorization: Bearer gth_...";
  return refuse(401, -32_001, message, { "www-authenticate": header });
}

/** 403 with the answer as it is: an agent that signed in by itself can ask for more (RFC 6750 section 3.1), for all it has and what was missing. */
function stepUp(answer: AgentAnswer, origin: string, scopes: readonly string[]): Response {
  const response = asResponse(answer);
  const metadata = `${origin}/.well-known/oauth-protected-resource/mcp/agent`;
  const headers = new Headers(response.headers);
  headers.set("www-authenticate", `Bearer error="insufficient_scope", scope="${scopes.join(" ")}", resource_metadata="${metadata}"`);
  return new Response(response.body, { status: 403, headers });
}

// Field by field: a literal that begins with a spread and goes on is a hidden class of its own each time on Node 20, made at the price of the checks
// around it and kept until the next full garbage collection.
function actorOf({ tokenId, scopes, membership }: VerifiedToken, origin: string, requestId: string): Actor {
  const { orgId, orgName, membershipId, userId, name, role } = membership;
  return { orgId, orgName, membershipId, userId, name, role, via: "agent_token", tokenId, sessionId: null, scopes, origin, requestId };
}

function parseJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

const hasId = (message: unknown) => typeof message === "object" && message !== null && "id" in message;

/** Whether anything of it is a request: clients send a notification each time they connect, and that costs next to nothing. */
const asksSomething = (body: unknown) => (Array.isArray(body) ? body.some(hasId) : hasId(body));

const callId = z.union([z.string(), z.number()]);
const toolCall = z.object({ method: z.literal("tools/call"), id: callId });
const cancellation = z.object({ method: z.literal("notifications/cancelled"), params: z.object({ requestId: callId }) });

/** What an agent with a session says about calls that run: that one begins, or is cancelled. */
function noteCalls(body: unknown, sessionId: string | null, { membershipId }: { membershipId: string }, running: Running): void {
  if (!isSessionId(sessionId)) return;
  const call = toolCall.safeParse(body).data;
  if (call) return noteRunning({ membershipId, sessionId, id: call.id }, running);
  const cancelled = cancellation.safeParse(body).data;
  if (cancelled) cancelCall(membershipId, sessionId, cancelled.params.requestId);
}

function tooMany(seconds: number): JsonAnswer {
  return refuseForNow(429, `Too many requests. Wait ${seconds} seconds.`, seconds);
}

/** The endpoint in front of `answerMcp`. What it returns never throws. */
export function endpointFor(answerMcp: Answer) {
  return async (request: AgentRequest, context: AgentRequestContext): Promise<AgentAnswer> => {
    try {
      return await withReference(await answerRequest(request, context, answerMcp), context.requestId);
    } catch (thrown) {
      if (thrown instanceof ClientGone) return withReference(refuse(400, -32_000, "The request did not arrive whole."), context.requestId);
      const error = orUnavailable(thrown);
      if (error instanceof DomainError && error.code === "UNAVAILABLE")
        return withReference(refuseForNow(503, error.message, 1), context.requestId);
      log.error({ err: error, requestId: context.requestId }, "agent request failed");
      return withReference(refuse(500, -32_603, `Something went wrong in Gatehouse. Reference: ${context.requestId}.`), context.requestId);
    }
  };
}

/** Answers one request at `/mcp/agent`; never throws. */
export const handleAgentRequest = endpointFor(
  async (request, body, call) => (await answerPlain(request, body, call)) ?? answer(request, body, call),
);

async function answerRequest(
  request: AgentRequest,
  { origin, requestId, address, signal, running }: AgentRequestContext,
  answerMcp: Answer,
): Promise<AgentAnswer> {
  const authorization = request.headers.get("authorization");
  const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (bearer === undefined) return challenge(origin, authorization === null ? "missing" : "invalid");
  const { check, turn } = arrivalOf(bearer, { site: siteOf(address), signal });
  const token = await check();
  // A token of the machine interface is not for agents.
  if (!token || token.scopes.includes("admin")) return challenge(origin, "invalid");
  // A sign-in is good for the address it was made for (RFC 8707 section 2), and for nothing else.
  if (token.audience !== null && token.audience !== links.agentEndpoint(origin)) return challenge(origin, "invalid");
  if (request.method !== "POST") return refuse(405, -32_000, "Method not allowed. Send MCP messages with POST.", { allow: "POST" });

  const wait = await brake(token.tokenId, 1);
  if (wait !== null) return tooMany(wait);
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? "")) return refuse(415, -32_000, "Send application/json.");
  const text = await request.read();
  if (text === null) return refuse(413, -32_000, "The request is larger than 1 MiB.");
  const body = parseJson(text);
  const session = request.headers.get("mcp-session-id");
  // Before it waits for anything: the message that cancels it may come first. Who is gone already is not heard to go.
  if (body && !signal.aborted) noteCalls(body.value, session, token.membership, running);
  if (body && asksSomething(body.value)) await turn();
  const stillGood = async () => (await check()) !== null;
  // A body can take minutes to come, and its token may end meanwhile.
  if (!(await stillGood())) return challenge(origin, "invalid");
  if (!body) return refuse(400, -32_700, "The body is not valid JSON.");
  // A batch is as many requests as it holds.
  const requests = requestsIn(body.value);
  const more = requests > 1 ? await brake(token.tokenId, requests - 1) : null;
  if (more !== null) return tooMany(more);

  noteUse(token, { client: () => clientName(body.value) ?? request.headers.get("user-agent"), address });
  const { scopes } = token;
  const actor = actorOf(token, origin, requestId);
  const missing: string[] = [];
  const onMissingScope = token.audience === null ? undefined : (scope: string) => void missing.push(scope);
  const canOpenUrl = saysUrlElicitation(session);
  const asked = { headers: request.headers, body: body.value, requestId };
  const response = await observedRequest(asked, (trace) =>
    answerMcp(request, body.value, { actor, signal, stillGood, canOpenUrl, onMissingScope, trace }),
  );
  if (missing.length > 0) return stepUp(response, origin, [...new Set([...scopes, ...missing])]);
  if (response instanceof JsonAnswer) return response;
  const sessionId = response.ok ? sessionIdFor(body.value) : null;
  if (sessionId !== null) response.headers.set("mcp-session-id", sessionId);
  return response;
}
