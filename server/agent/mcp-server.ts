// The MCP side of the endpoint by the SDK's handler: both protocol generations, everything that is not a plain call.
import {
  type AuthInfo,
  type CallToolResult,
  createMcpHandler,
  Server,
  type ServerContext,
  type Transport,
} from "@modelcontextprotocol/server";

import { abortSignalOf } from "#server/cancellation.ts";
import { log } from "#server/log.ts";

import { type AgentAnswer, type AgentRequest, asWebRequest } from "./agent-request.ts";
import type { CallContext } from "./call-context.ts";
import { instructions, serverCapabilities, serverInfo } from "./tool-definitions.ts";
import { paced } from "./progress.ts";
import { referring } from "./reference.ts";
import { relayFor } from "./relayed-questions.ts";
import { listTools, runTool } from "./tools.ts";
import { asInputRequired, declaresUrlElicitation, demandUrlElicitation } from "./url-elicitation.ts";

/** Answers one MCP request that was authenticated and read. */
export type Answer = (request: AgentRequest, body: unknown, call: RequestContext) => Promise<AgentAnswer>;
type RequestContext = Omit<CallContext, "onProgress">;

function progressReporter({ mcpReq }: ServerContext, signal: AbortSignal): CallContext["onProgress"] {
  const token = mcpReq._meta?.progressToken;
  if (token === undefined) return undefined;
  return paced((update) => {
    // Progress is a courtesy: an agent that is gone by now misses nothing.
    mcpReq.notify({ method: "notifications/progress", params: { progressToken: token, ...update } }).catch(() => undefined);
  }, signal);
}

/**
 * The result without a kind of the tool's own saying: the SDK would take it for ours, a question in our name or a reason to run the tool again. One
 * without any stays the very object that it is, by which our own errors are known (url-elicitation.ts).
 */
function withoutKind(result: CallToolResult): CallToolResult {
  if (!("resultType" in result)) return result;
  const { resultType, ...rest } = result;
  return rest;
}

/** The SDK's handler, with `serverFor` building what answers one request: the product's two tools, or the fixtures that the protocol's own suite wants. */
export function answerWith(serverFor: (call: RequestContext) => Server) {
  // The handler passes `authInfo` through untouched; this is how a request's context finds its way to its tools.
  const contexts = new WeakMap<AuthInfo, RequestContext>();
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const call = authInfo && contexts.get(authInfo);
      if (!call) throw new Error("A request reached the MCP handler without its context.");
      return serverFor(call);
    },
    { onerror: (error) => log.debug({ err: error }, "mcp exchange") },
  );
  return (request: AgentRequest, body: unknown, call: RequestContext): Promise<Response> => {
    const { actor } = call;
    const authInfo: AuthInfo = { token: "", clientId: actor.tokenId ?? "", scopes: [...actor.scopes] };
    contexts.set(authInfo, call);
    return handler.fetch(asWebRequest(request), { authInfo, parsedBody: body });
  };
}

/** A server that names the request in each error it sends: what the SDK refuses by itself passes no handler of ours, and is answered with 200. */
class ReferringServer extends Server {
  readonly #requestId: string;

  constructor(requestId: string) {
    super(serverInfo, { capabilities: serverCapabilities, instructions });
    this.#requestId = requestId;
  }

  override connect(transport: Transport): Promise<void> {
    const send = transport.send.bind(transport);
    transport.send = (message, options) =>
      send("error" in message ? { ...message, error: referring(message.error, this.#requestId) } : message, options);
    return super.connect(transport);
  }
}

export const answer = answerWith(({ actor, signal, stillGood, canOpenUrl, onMissingScope, trace }) => {
  const server = new ReferringServer(actor.requestId);
  server.setRequestHandler("tools/list", () => listTools(actor));
  server.setRequestHandler("tools/call", async (request, context) => {
    const { name, arguments: given } = request.params;
    const either = AbortSignal.any([abortSignalOf(signal), context.mcpReq.signal]);
    const onProgress = progressReporter(context, either);
    const { envelope, inputResponses } = context.mcpReq;
    const relay = relayFor(envelope, { responses: inputResponses, state: context.mcpReq.requestState<string>() });
    const own = {
      ...(stillGood ? { stillGood } : {}),
      ...(onMissingScope ? { onMissingScope } : {}),
      ...(onProgress ? { onProgress } : {}),
      ...(relay ? { relay } : {}),
    };
    const result = withoutKind(await runTool(name, given ?? {}, { actor, signal: either, trace, ...own }));
    if (relay?.asked) return relay.asked;
    if (canOpenUrl) return demandUrlElicitation(result);
    // Asked once: an agent whose person did not connect after all gets the error in words.
    const asks = inputResponses === undefined && declaresUrlElicitation(envelope);
    return asks ? asInputRequired(result) : result;
  });
  return server;
});
