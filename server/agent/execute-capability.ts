// execute_capability: checks everything itself (a search result is never authority), leaves an audit row, then calls.
import { hash } from "node:crypto";

import type { CallToolResult } from "@modelcontextprotocol/server";

import type { Actor } from "#server/auth/actor.ts";
import { type CallOutcome, type RecordedCall, recordIntent, recordOutcome } from "#server/audit/calls.ts";
import type { Cancellation } from "#server/cancellation.ts";
import { DomainError } from "#server/errors.ts";
import { maxAgeMs, versionOf } from "#server/freshness.ts";
import { requireUsable, type UsableConnection, usableConnections } from "#server/grants/access.ts";
import { untilAborted } from "#server/outbound/deadline.ts";
import { type Operation, operations } from "#server/search/operations.ts";
import { noteRun } from "#server/search/learning.ts";
import { connectionRow } from "#server/search/search.ts";
import { type IndexedTool, toolsOf } from "#server/search/tool-lists.ts";
import { UpstreamCallError } from "#server/upstream/call-error.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import type { CallRecord } from "#server/telemetry/call-record.ts";
import { syncUnlessPaused } from "#server/upstream/sync-catalog.ts";
import { identityOf, targetOf, type UpstreamTarget } from "#server/upstream/target.ts";

import type { CallContext } from "./call-context.ts";
import { within } from "./budget.ts";
import { callFailure } from "./call-failure.ts";
import { parse, split } from "./execute-input.ts";
import { contentOf, fitResult, wholeRoom } from "./fit-result.ts";
import { countCall, countCallTo, OverLimit } from "./limits.ts";
import { callerInput, relayQuestions } from "./relayed-questions.ts";
import { ToolError, tokenOver } from "./tool-error.ts";

const callBudgetMs = 120_000;
/** A list this old, in milliseconds, is asked again before a name counts as unknown; so long the last failure to read it counts, too. */
const unknownRefreshMs = 30_000;
/** Milliseconds that a call with an unknown name waits for the list: as long as one of its pages may take. */
const unknownWaitMs = 5_000;

function unknownCapability(capability: string, near: string[]): ToolError {
  const hint = near.length > 0 ? `Close names: ${near.join(", ")}.` : "Use search_capabilities to find the exact name.";
  return new ToolError({
    error: "unknown_capability",
    message: `There is no capability of this name for you. ${hint}`,
    capability,
    ...(near.length > 0 ? { near } : {}),
  });
}

const ownPrefix = "gatehouse:";

/** Our own operations in the same router, for a name that is none. */
function nearOperations(name: string): string[] {
  const [router = ""] = name.slice(ownPrefix.length).split(".");
  if (!name.startsWith(ownPrefix)) return [];
  return [...operations().keys()].filter((known) => known.startsWith(`${router}.`)).map((known) => `${ownPrefix}${known}`);
}

/** Names that share a word with the wanted one, most shared first. */
function nearNames(wanted: string, connectionId: string, names: Iterable<string>): string[] {
  const parts = new Set(
    wanted
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter(Boolean),
  );
  const scored = [...names].map((name) => ({
    name,
    shared: name
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter((part) => parts.has(part)).length,
  }));
  return scored
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.shared - a.shared)
    .slice(0, 5)
    .map(({ name }) => `mcp:${connectionId}:${name}`);
}

/** `gatehouse:<router>.<procedure>`: one of our own read-only operations, with the caller's permissions. */
async function runOperation(
  operation: Operation,
  actor: Actor,
  given: Record<string, unknown>,
  { capability, limit }: { capability: string; limit: number },
): Promise<CallToolResult> {
  try {
    // The answer has the value twice, each time within an object.
    const maxBytes = Math.floor(limit / 2) - '{"result":}'.length;
    const value = await operation.run(actor, Object.keys(given).length > 0 ? given : undefined, maxBytes);
    const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
    const structuredContent = { result: plain };
    return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    if (error.code === "FORBIDDEN") throw new ToolError({ error: "forbidden", message: error.message, capability }, error);
    if (error.code !== "BAD_INPUT" && error.code !== "NOT_FOUND" && error.code !== "EXPIRED") throw error;
    const { issues } = error.details;
    throw new ToolError(
      { error: "invalid_capability_arguments", message: error.message, capability, ...(issues ? { issues } : {}) },
      error,
    );
  }
}

/** The error for a connection that cannot be called in its state; null when a call may be tried. */
function stateError(connection: UsableConnection, capability: string, origin: string): ToolError | null {
  const row = connectionRow(connection, origin);
  if (!row || row.state === "stale" || row.state === "unreachable") return null;
  const { message, ...rest } = row;
  if (row.state === "disabled") return new ToolError({ error: "policy_blocked", message, capability, connection: rest });
  const error =
    row.state === "reconnect_required" ? "reconnect_required" : row.actor === "member" ? "needs_connection" : "connection_not_connected";
  return new ToolError({ error, message: `${message} ${row.action.label}: ${row.action.url}`, capability, connection: rest });
}

/** The tool, and the connection as it is once that is known. */
async function findTool(
  connection: UsableConnection,
  { toolName, capability, signal }: { toolName: string; capability: string; signal: Cancellation },
): Promise<{ tool: IndexedTool; connection: UsableConnection }> {
  const stored = await toolsOf(connection);
  const known = stored.get(toolName);
  if (known) return { tool: known, connection };
  const { listedAt, lastFailureAt } = connection.catalog ?? {};
  if (Date.now() - Math.max(listedAt?.getTime() ?? 0, lastFailureAt?.getTime() ?? 0) > unknownRefreshMs) {
    // The failure of this listing is in the stored state, and the name stays unknown either way. A slow one goes on without this call.
    const listing = syncUnlessPaused(targetOf(connection)).then(
      () => true,
      () => true,
    );
    const isOver = await within(signal, unknownWaitMs, (enough) => untilAborted(listing, enough)).catch(() => false);
    if (signal.aborted) {
      const message = `The call was cancelled while the tools of ${connection.name} were read. Nothing was sent.`;
      throw new ToolError({ error: "connection_failed", message, capability, retryable: true }, signal.reason);
    }
    const again = (await usableConnections({ orgId: connection.orgId, membershipId: connection.callerId })).find(
      ({ id }) => id === connection.id,
    );
    const tool = again && (await toolsOf(again)).get(toolName);
    if (tool) return { tool, connection: again };
    if (again && !isOver) {
      const message = `${connection.name} has no known tool of this name, and its tools are being read right now. Nothing was sent; try again in a moment.`;
      throw new ToolError({ error: "connection_failed", message, capability, retryable: true, retryAfterSeconds: unknownWaitMs / 1_000 });
    }
  }
  throw unknownCapability(capability, nearNames(toolName, connection.id, stored.keys()));
}

interface Leaving {
  capability: string;
  tool: IndexedTool;
  from: UpstreamTarget;
}

/** What speaks against a call that is about to leave for where it was meant to go when it came; null when nothing does. */
async function lateRefusal(actor: Actor, { capability, tool, from }: Leaving): Promise<ToolError | null> {
  const connection = (await usableConnections(actor)).find(({ id }) => id === from.connectionId);
  if (!connection) return unknownCapability(capability, []);
  const problem = stateError(connection, capability, actor.origin);
  if (problem) return problem;
  if (!(await toolsOf(connection)).has(tool.name)) return unknownCapability(capability, []);
  // Another address, account or key; an access token that was renewed is neither.
  if (identityOf(targetOf(connection)) === identityOf(from)) return null;
  const message = `${connection.name} was changed while this call waited. Nothing was sent; try again.`;
  return new ToolError({ error: "connection_failed", message, capability, retryable: true });
}

/** `mcp:<connectionId>:*`: the state of the connection as it is known right now. */
function liveState({ id, name, toolCount, catalog, state }: UsableConnection, row: ReturnType<typeof connectionRow>): CallToolResult {
  const structuredContent = {
    connection: row ?? { id, name, state: state.name, message: state.message },
    tools: toolCount,
    listedAt: catalog?.listedAt?.toISOString() ?? null,
  };
  return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
}

function withGuidance(result: CallToolResult, digest: string | undefined, tool: IndexedTool): CallToolResult {
  if (digest === undefined || digest === tool.digest) return result;
  const text = "Note from Gatehouse: this tool's schema changed since you searched for it. Search again before you rely on the old one.";
  return { ...result, content: [...contentOf(result), { type: "text", text }] };
}

/** Whether calls to the server paused, or there was no place for this one. */
function wasHeldBack(told: unknown): boolean {
  return told instanceof ToolError && told.cause instanceof UpstreamCallError && told.cause.isUnsent;
}

/** Runs one capability for the caller; `record` times it. Throws ToolError for everything an agent has to be told. */
export async function executeCapability(
  given: unknown,
  { actor, signal, stillGood, onProgress, room = wholeRoom, relay }: CallContext,
  record: CallRecord,
): Promise<CallToolResult> {
  const began = performance.now();
  /** When the rights of this call were looked at last, on the clock of performance.now(), and after how many changes. */
  let lookedAt = began;
  let version = versionOf(actor.orgId);
  const parsed = parse(given);
  const { name } = parsed;
  const argumentText = JSON.stringify(parsed.arguments);
  const argumentsDigest = `sha256:${hash("sha256", argumentText, "hex")}`;
  const target = split(name);
  let connection: UsableConnection | null = null;
  let recorded: RecordedCall | null = null;
  let isIntended = false;
  const finish = (outcome: CallOutcome["outcome"], errorCode?: string) => {
    if (recorded)
      recordOutcome(recorded, {
        outcome,
        durationMs: Math.round(performance.now() - began),
        ...(errorCode === undefined ? {} : { errorCode }),
      });
  };
  const intent = () => {
    record.enter("intent");
    isIntended = true;
    return recordIntent(actor, {
      capability: name,
      connectionId: connection?.id ?? null,
      connectionName: connection?.name ?? null,
      argumentsDigest,
      argumentsBytes: Buffer.byteLength(argumentText),
    });
  };

  /** Why a call that waited may not leave any more. */
  const late: { refusal: ToolError | null } = { refusal: null };
  /** Whether nothing was changed since, as far as this process can know. */
  const isFresh = () => version === versionOf(actor.orgId);
  const mayLeave = async (tool: IndexedTool, from: UpstreamTarget) => {
    // What another process changed can have been unseen for `maxAgeMs` when it was looked at, so that only a little more may pass without another look.
    if (isFresh() && performance.now() - lookedAt < maxAgeMs / 10) return true;
    lookedAt = performance.now();
    version = versionOf(actor.orgId);
    late.refusal = stillGood && !(await stillGood()) ? tokenOver(name) : await lateRefusal(actor, { capability: name, tool, from });
    return late.refusal === null;
  };

  try {
    const own = name.startsWith(ownPrefix) ? operations().get(name.slice(ownPrefix.length)) : undefined;
    const needed = target?.toolName === "*" || !target ? "mcp:read" : "mcp:write";
    // Whatever becomes of it leaves a row, but for what is beyond the limits.
    await countCall(actor);
    if (!actor.scopes.includes(needed)) {
      throw new ToolError({
        error: "insufficient_mcp_scope",
        message: `This token lacks the scope ${needed}. Ask the person you work for to create a token with it.`,
        capability: name,
        requiredScope: needed,
      });
    }
    if (own) {
      recorded = await intent();
      record.enter("operation");
      // It has to know beforehand.
      const limit = room(Infinity);
      const answer = await runOperation(own, actor, parsed.arguments, { capability: name, limit });
      finish("ok");
      record.enter("shaping");
      return await fitResult(answer, { owner: actor, connectionId: null, room: () => limit });
    }
    if (!target) throw unknownCapability(name, nearOperations(name));
    connection = await requireUsable(actor, target.connectionId);
    record.about(connection.id, target.toolName);
    await countCallTo(actor, connection);
    if (target.toolName === "*") {
      recorded = await intent();
      finish("ok");
      return liveState(connection, connectionRow(connection, actor.origin));
    }
    const problem = stateError(connection, name, actor.origin);
    if (problem) throw problem;
    const found = await findTool(connection, { toolName: target.toolName, capability: name, signal });
    const { tool } = found;
    connection = found.connection;

    const upstream = targetOf(connection);
    const asked = { actor, target: upstream, capability: name, argumentsDigest };
    const input = relay && callerInput(relay, asked);

    recorded = await intent();
    record.enter("turn");
    const call = { name: target.toolName, arguments: parsed.arguments, tool, isRepeatable: tool.isRepeatable };
    let result: CallToolResult;
    try {
      result = await within(signal, callBudgetMs, (budget) =>
        callTool(upstream, call, {
          caller: actor.membershipId,
          signal: budget,
          mayLeave: () => mayLeave(tool, upstream),
          isFresh,
          ...(input ? { input } : {}),
          ...(onProgress ? { onProgress } : {}),
          record,
        }),
      );
    } catch (error) {
      if (relay && error instanceof UpstreamCallError && error.questions) relayQuestions(relay, error.questions, asked);
      if (late.refusal && error instanceof UpstreamCallError && error.reason === "not_allowed") throw late.refusal;
      throw callFailure(error, { connection, tool, capability: name, arguments: parsed.arguments, origin: actor.origin });
    }
    record.enter("shaping");
    finish(result.isError ? "failed" : "ok", result.isError ? "tool_error" : undefined);
    if (!result.isError) noteRun(actor, connection, tool);
    const guided = withGuidance(result, parsed.schemaDigest, tool);
    return await fitResult(guided, { owner: actor, connectionId: connection.id, room });
  } catch (error) {
    // What could not be recorded is told, and not recorded again: the database that did not take the one row would be asked for another.
    if (error instanceof OverLimit || (isIntended && recorded === null)) throw error;
    const told = error instanceof DomainError && error.code === "NOT_FOUND" ? unknownCapability(name, []) : error;
    // What never left is recorded as denied, unless it was its agent that left; what left has its row already.
    const denied = (recorded === null && !signal.aborted) || (late.refusal !== null && told === late.refusal) || wasHeldBack(told);
    recorded ??= await intent();
    finish(denied ? "denied" : "failed", told instanceof ToolError ? told.body.error : "internal");
    throw told;
  }
}
