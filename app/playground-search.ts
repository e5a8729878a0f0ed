// The search of the playground as its page needs it: what an agent gets as text, beside what people are shown of it.
import type { AppLoadContext } from "@remix-run/node";

import { formFailure } from "#app/api-error.ts";
import type { Asked } from "#app/components/playground-form.tsx";

/** For a capability that is not there for this person: null. Everything else goes on. */
export function isMissingHere(error: unknown): null {
  if (typeof error === "object" && error !== null && "code" in error && error.code === "NOT_FOUND") return null;
  throw error;
}

/** Searches as asked; null when nothing was. What was asked wrongly is the problem of the answer. */
export async function search(asked: Asked, { request, context }: { request: Request; context: AppLoadContext }) {
  if (asked.queries.length === 0) return null;
  const { queries: query, limit, detail, connection } = asked;
  try {
    const given = { query, limit, detail, ...(connection === "" ? {} : { connection }) };
    const { result, ms, why } = await context.playground.search(given);
    const { matches, connections, unmatchedTerms = [], hint = null, complete, tokens } = result;
    const shown = matches.map(({ name, connection, title, description, score, access, signature }) => ({
      match: { name, connection, title, description, score, access, signature },
      why: why[name] ?? null,
    }));
    // Schemas are strangers' objects: they stay in the text.
    const json = JSON.stringify(result, null, 2);
    return { problem: null, answer: { matches: shown, connections, unmatchedTerms, hint, complete, tokens, ms, json } };
  } catch (error) {
    return { problem: formFailure(error, { request, requestId: context.requestId }).message, answer: null };
  }
}

export type Answer = NonNullable<NonNullable<Awaited<ReturnType<typeof search>>>["answer"]>;
