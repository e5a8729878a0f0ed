// Questions of a third-party server to the person (`input_required` of 2026-07-28), passed on to agents that can answer them. The server's own state
// travels sealed, bound to the person, the account and the very call, so that an answer never reaches another one.
import { CLIENT_CAPABILITIES_META_KEY, type InputRequiredResult, isInputRequiredResult } from "@modelcontextprotocol/server";
import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { sealer } from "#server/secrets.ts";
import type { ServerQuestions } from "#server/upstream/call-error.ts";
import type { CallerInput } from "#server/upstream/plain-call.ts";
import type { UpstreamTarget } from "#server/upstream/target.ts";

import { ToolError } from "./tool-error.ts";

/** A person may take this long to answer, in milliseconds. */
const answerMs = 3_600_000;

export interface Relay {
  /** What the agent says that it can be asked. */
  capabilities: Record<string, unknown>;
  responses: Record<string, unknown> | undefined;
  /** The sealed state of the round before. */
  state: string | undefined;
  /** What the server asked in this round. */
  asked: InputRequiredResult | null;
}

/** The call that a state belongs to. */
export interface AskedCall {
  actor: Actor;
  target: UpstreamTarget;
  capability: string;
  argumentsDigest: string;
}

const askable = z.object({ elicitation: z.looseObject({}), sampling: z.looseObject({}), roots: z.looseObject({}) }).partial();
const questionOutline = z.object({ message: z.string() }).partial();
const stateOutline = z.object({ state: z.string().optional(), until: z.number() });

/** The relay of a request whose envelope declares something that can be asked; else undefined. */
export function relayFor(envelope: unknown, given: Pick<Relay, "responses" | "state">): Relay | undefined {
  const declared = z.object({ [CLIENT_CAPABILITIES_META_KEY]: askable }).safeParse(envelope);
  const capabilities = declared.data?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
  return Object.keys(capabilities).length > 0 ? { ...given, capabilities, asked: null } : undefined;
}

function bindingOf({ actor, target, capability, argumentsDigest }: AskedCall): string {
  const { holder, url, credential } = target;
  return ["questions", actor.orgId, actor.membershipId, holder, credential?.id, url, capability, argumentsDigest].join("\0");
}

function opened(state: string, call: AskedCall): z.output<typeof stateOutline> | null {
  try {
    const known = stateOutline.parse(JSON.parse(sealer.open(state, bindingOf(call))));
    return known.until > Date.now() ? known : null;
  } catch {
    // Sealed for another call, or by nobody here.
    return null;
  }
}

/** What goes along with the call: the capabilities, and the answers where they are to something that was asked. Throws invalid_capability_arguments. */
export function callerInput({ capabilities, responses, state }: Relay, call: AskedCall): CallerInput {
  // Without a state of ours the answers are to a question of ours, or to none.
  if (state === undefined) return { capabilities };
  const known = opened(state, call);
  if (!known)
    throw new ToolError({
      error: "invalid_capability_arguments",
      message: "These answers do not belong to this call, or they came after an hour. Make the call again without requestState.",
      capability: call.capability,
    });
  return { capabilities, ...(responses ? { responses } : {}), ...(known.state === undefined ? {} : { requestState: known.state }) };
}

/** The question with who asks it: to the agent it comes from Gatehouse, and a server must not speak in its name. */
function askedBy(connectionName: string, request: ServerQuestions["inputRequests"][string]) {
  const { message } = questionOutline.safeParse(request.params).data ?? {};
  return message === undefined ? request : { ...request, params: { ...request.params, message: `${connectionName} asks: ${message}` } };
}

/** Notes what the server asks, for the agent's answer. */
export function relayQuestions(relay: Relay, { inputRequests, requestState }: ServerQuestions, call: AskedCall): void {
  const state = sealer.seal(JSON.stringify({ state: requestState, until: Date.now() + answerMs }), bindingOf(call));
  const named = Object.fromEntries(
    Object.entries(inputRequests).map(([key, request]) => [key, askedBy(call.target.connectionName, request)]),
  );
  const asked: unknown = { resultType: "input_required", inputRequests: named, requestState: state };
  if (isInputRequiredResult(asked)) relay.asked = asked;
}

const kinds: Record<string, string> = {
  "elicitation/create": "asks the person",
  "sampling/createMessage": "asks for a completion by a model",
  "roots/list": "asks for folders of the person's machine",
};

/** What the server asks, for agents that cannot be asked. */
export function inWords({ inputRequests }: ServerQuestions): string {
  const words = Object.values(inputRequests).map(({ method, params }) => {
    const message = questionOutline.safeParse(params).data?.message;
    return `${kinds[method] ?? `asks ${method}`}${message === undefined ? "" : ` "${message}"`}`;
  });
  return words.slice(0, 5).join("; ") || "asks to be called again";
}
