// What a person does by hand that otherwise their agents do: look at one capability, and run it. It goes the way of execute_capability, with its
// checks, its audit row (via the browser) and its limits; only what they see afterwards is more.
import type { CallToolResult } from "@modelcontextprotocol/server";

import type { Actor } from "#server/auth/actor.ts";
import { countRun } from "#server/auth/limits.ts";
import type { Cancellation } from "#server/cancellation.ts";
import { DomainError, notFound } from "#server/errors.ts";
import { requireUsable } from "#server/grants/access.ts";
import { operations } from "#server/search/operations.ts";
import { ownLabel } from "#server/search/tool-index.ts";
import { toolsOf } from "#server/search/tool-lists.ts";

import { split } from "./execute-input.ts";
import { type Exchange, exchangeOf } from "./shown-exchange.ts";
import { ourError, type ToolErrorBody } from "./tool-error.ts";
import { runTool } from "./tools.ts";

/** One capability as a form needs it. */
export interface Capability {
  name: string;
  toolName: string;
  connection: string;
  title: string;
  description: string;
  inputSchema: unknown;
}

/** A capability that this person may use. Throws NOT_FOUND, whether it does not exist or is not theirs. */
export async function capabilityFor(actor: Actor, name: string): Promise<Capability> {
  const own = name.startsWith("gatehouse:") ? operations().get(name.slice("gatehouse:".length)) : undefined;
  if (own) return { ...own, name, toolName: own.name, connection: ownLabel };
  const target = split(name);
  if (!target) throw notFound("tool");
  const connection = await requireUsable(actor, target.connectionId);
  const tool = (await toolsOf(connection)).get(target.toolName);
  if (!tool) throw notFound("tool");
  const { title, description, inputSchema } = tool;
  return { name, toolName: tool.name, connection: connection.name, title: title ?? tool.name, description, inputSchema };
}

export interface RunInput {
  name: string;
  arguments: Record<string, unknown>;
}

export interface Run {
  result: CallToolResult;
  /** There when Gatehouse itself says why nothing came of it; what a server says is never taken for that. */
  error: (ToolErrorBody & { requestId: string }) | null;
  ms: number;
  exchange: Exchange;
}

/** Runs one capability for a person in the browser, with all that an agent of theirs could be allowed. Throws UNAUTHENTICATED, RATE_LIMITED. */
export async function runForPerson(actor: Actor, { name, arguments: given }: RunInput, signal: Cancellation): Promise<Run> {
  if (actor.via !== "session") throw new DomainError("UNAUTHENTICATED", "Sign in first.");
  await countRun(actor);
  const began = performance.now();
  const asked = { name, arguments: given };
  const result = await runTool("execute_capability", asked, { actor: { ...actor, scopes: ["mcp:read", "mcp:write"] }, signal });
  const ms = Math.round(performance.now() - began);
  return { result, error: ourError(result), ms, exchange: exchangeOf(actor, asked, result) };
}
