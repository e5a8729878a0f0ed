// What of the machine interface agents may run: queries that say of themselves what they are for an agent (`meta.agent`). Nothing is listed by
// hand, and a mutation never is one, whatever it says of itself.
import { createHash } from "node:crypto";

import { TRPCError } from "@trpc/server";
import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { DomainError } from "#server/errors.ts";
import type { Operation } from "#server/search/operations.ts";

import { inputIssues } from "./init.ts";
import { appRouter, createCaller } from "./root.ts";

/** What tRPC keeps of a procedure; its types speak of the nested router, its table is flat. */
const outline = z.object({
  type: z.enum(["query", "mutation", "subscription"]),
  inputs: z.array(z.unknown()),
  meta: z.object({ agent: z.object({ title: z.string(), description: z.string() }).optional() }).optional(),
});

/** Every procedure of the machine interface by its path. */
export function procedures(): Map<string, z.output<typeof outline>> {
  const table: Record<string, unknown> = appRouter._def.procedures;
  return new Map(
    Object.entries(table).map(([path, procedure]) => [
      path,
      outline.parse(typeof procedure === "function" ? Reflect.get(procedure, "_def") : null),
    ]),
  );
}

const noInput = { type: "object", properties: {} } as const;

/** The input as JSON Schema; every query here takes one object or nothing. */
function schemaOf(inputs: readonly unknown[]): Operation["inputSchema"] {
  const [input] = inputs;
  if (!(input instanceof z.ZodType)) return noInput;
  const { $schema, ...schema } = z.toJSONSchema(input, { io: "input" });
  return JSON.parse(JSON.stringify(schema));
}

/** The procedure's own failure in domain terms: the caller of an operation is not a tRPC client. */
function asDomainError(error: unknown): unknown {
  if (!(error instanceof TRPCError)) return error;
  if (error.cause instanceof DomainError) return error.cause;
  const issues = inputIssues(error.cause);
  return issues ? new DomainError("BAD_INPUT", issues[0]?.message ?? "The input is not valid.", { issues }) : error;
}

async function run(path: string, actor: Actor, input: unknown, maxBytes: number): Promise<unknown> {
  let target: unknown = createCaller({ actor, requestId: actor.requestId, maxBytes });
  for (const part of path.split("."))
    target = typeof target === "function" || typeof target === "object" ? Reflect.get(target ?? {}, part) : undefined;
  if (typeof target !== "function") throw new Error(`There is no procedure ${path}.`);
  try {
    const result: unknown = await Reflect.apply(target, undefined, [input]);
    return result;
  } catch (error) {
    throw asDomainError(error);
  }
}

/** The operations that the router offers to agents. */
export function agentOperations(): Operation[] {
  return [...procedures()].flatMap(([name, { type, inputs, meta }]) => {
    if (!meta?.agent || type !== "query") return [];
    const shown = { name, ...meta.agent, inputSchema: schemaOf(inputs) };
    const digest = `sha256:${createHash("sha256").update(JSON.stringify(shown)).digest("hex")}`;
    return [{ ...shown, digest, run: (actor, input, maxBytes) => run(name, actor, input, maxBytes) }];
  });
}
