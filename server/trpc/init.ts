// tRPC set-up: context, the one map from domain errors to tRPC errors, and the kinds of procedures.
import { initTRPC, TRPCError } from "@trpc/server";
import type { TRPC_ERROR_CODE_KEY } from "@trpc/server/unstable-core-do-not-import";
import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { type Action, demand } from "#server/auth/permissions.ts";
import { orUnavailable } from "#server/database-error.ts";
import { DomainError, type ErrorCode, type FieldIssue } from "#server/errors.ts";
import { log } from "#server/log.ts";
import { demandStorable } from "#server/parse.ts";

export interface Context {
  actor: Actor | null;
  requestId: string;
  /** Bytes of JSON that the answer has room for, where an agent asks; for what can answer in parts. */
  maxBytes?: number;
}

/** What a procedure is, beyond its types. */
export interface ProcedureMeta {
  /** What an agent reads about it. Only queries that are safe and useful for agents carry one. */
  agent?: { title: string; description: string };
}

const codes: Record<ErrorCode, TRPC_ERROR_CODE_KEY> = {
  BAD_INPUT: "BAD_REQUEST",
  UNAUTHENTICATED: "UNAUTHORIZED",
  FORBIDDEN: "FORBIDDEN",
  NOT_FOUND: "NOT_FOUND",
  CONFLICT: "CONFLICT",
  EXPIRED: "PRECONDITION_FAILED",
  RATE_LIMITED: "TOO_MANY_REQUESTS",
  UPSTREAM_FAILED: "UNPROCESSABLE_CONTENT",
  UNAVAILABLE: "SERVICE_UNAVAILABLE",
  INTERNAL: "INTERNAL_SERVER_ERROR",
};

/** What is wrong with an input, when `error` says that it is. */
export function inputIssues(error: unknown): FieldIssue[] | undefined {
  if (error instanceof z.ZodError) return error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  return error instanceof DomainError ? error.details.issues : undefined;
}

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    errorFormatter({ shape, error, ctx }) {
      const { cause } = error;
      const domain = cause instanceof DomainError ? cause : null;
      const issues = inputIssues(cause);
      const hidden = error.code === "INTERNAL_SERVER_ERROR";
      return {
        code: shape.code,
        message: hidden
          ? `Something went wrong on our side. Reference: ${ctx?.requestId ?? "none"}.`
          : (issues?.[0]?.message ?? shape.message),
        data: {
          code: shape.data.code,
          httpStatus: shape.data.httpStatus,
          path: shape.data.path,
          error: domain?.code ?? (issues ? ("BAD_INPUT" as const) : null),
          issues,
          failure: domain?.details.failure,
          retryAfterSeconds: domain?.details.retryAfterSeconds,
          requestId: ctx?.requestId ?? null,
        },
      };
    },
  });

// `next()` does not throw in tRPC 11: it returns the failure, so the map looks at the result.
const translated = t.procedure.use(async ({ next, ctx, path }) => {
  const result = await next();
  if (result.ok) return result;
  const cause = orUnavailable(result.error.cause);
  if (cause instanceof DomainError) throw new TRPCError({ code: codes[cause.code], message: cause.message, cause });
  if (result.error.code === "INTERNAL_SERVER_ERROR") log.error({ err: result.error, path, requestId: ctx.requestId }, "procedure failed");
  return result;
});

export const { router, createCallerFactory } = t;

/** For anyone who is signed in. */
export const memberProcedure = translated.use(async ({ ctx, next, getRawInput }) => {
  if (!ctx.actor) throw new DomainError("UNAUTHENTICATED", "Sign in first.");
  demandStorable(await getRawInput());
  return next({ ctx: { actor: ctx.actor } });
});

/** For roles that may do `action` (server/auth/permissions.ts). */
export function procedureFor(action: Action) {
  return memberProcedure.use(({ ctx, next }) => {
    demand(ctx.actor, action);
    return next();
  });
}
