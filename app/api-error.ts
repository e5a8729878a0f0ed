// What a failed call of the api becomes in the interface: another page, a boundary, or an error beside the field it is about.
import { redirect } from "@remix-run/node";
import { z } from "zod";

import type { Failed } from "#app/components/failed.ts";
import { loginFor, paths } from "#app/paths.ts";
import type { ErrorCode, FailureActor, FailurePhase } from "#server/errors.ts";

const codes = [
  "BAD_INPUT",
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "CONFLICT",
  "EXPIRED",
  "RATE_LIMITED",
  "UPSTREAM_FAILED",
  "UNAVAILABLE",
  "INTERNAL",
] as const satisfies readonly ErrorCode[];
const phases = [
  "url",
  "dns",
  "address_guard",
  "tcp",
  "tls",
  "http",
  "discovery",
  "registration",
  "authorization",
  "callback",
  "token",
  "initialize",
  "list",
] as const satisfies readonly FailurePhase[];
const actors = ["member", "organization_admin", "provider", "operator"] as const satisfies readonly FailureActor[];

const domainError = z.object({
  code: z.enum(codes),
  message: z.string(),
  details: z.object({
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    failure: z.object({ phase: z.enum(phases), seen: z.string(), actor: z.enum(actors), advice: z.string() }).optional(),
    retryAfterSeconds: z.number().optional(),
  }),
});
type Known = z.output<typeof domainError>;

const statuses: Partial<Record<ErrorCode, number>> = {
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  EXPIRED: 410,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

// The DomainError itself (context.auth), or what the api wrapped it into.
function known(error: unknown): Known | null {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof z.ZodError) {
    const issues = cause.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    return { code: "BAD_INPUT", message: issues[0]?.message ?? "Something in this form is not right.", details: { issues } };
  }
  return domainError.safeParse(cause).data ?? domainError.safeParse(error).data ?? null;
}

// Where somebody gives a password: that it is wrong is the answer there, not a session that ended.
const entrances: readonly string[] = [paths.login, paths.signUp];

function toLogin(request: Request): Response {
  const { pathname, search } = new URL(request.url);
  return redirect(loginFor(request.method === "GET" ? pathname + search : pathname));
}

/** For loaders: awaits the api and throws what an error boundary or the browser can act on. */
export async function orBoundary<T>(request: Request, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const found = known(error);
    if (!found) throw error;
    if (found.code === "UNAUTHENTICATED") throw toLogin(request);
    throw new Response(found.message, { status: statuses[found.code] ?? 400, statusText: found.code });
  }
}

/** For actions: the expected failure in the words of a form. Everything unexpected goes on to the error boundary, a lost session to sign-in. */
export function formFailure(error: unknown, { request, requestId }: { request: Request; requestId: string }): Failed {
  const found = known(error);
  if (!found) throw error;
  if (found.code === "UNAUTHENTICATED" && !entrances.includes(new URL(request.url).pathname)) throw toLogin(request);
  if (found.code === "NOT_FOUND" || found.code === "FORBIDDEN")
    throw new Response(found.message, { status: statuses[found.code], statusText: found.code });
  const fields: Failed["fields"] = {};
  for (const { path, message } of found.details.issues ?? []) (fields[path] ??= []).push(message);
  return { code: found.code, message: found.message, fields, failure: found.details.failure ?? null, reference: requestId };
}
