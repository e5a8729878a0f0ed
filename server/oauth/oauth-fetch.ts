// The guarded fetch with the limits of OAuth's own requests: documents, registrations, tokens.
import { outbound } from "#server/outbound/outbound.ts";

/** Answers are small and quick; a server that makes us wait here is not one people can sign in to. */
export const oauthFetch = outbound.withLimits({ timeoutMs: 10_000, maxBytes: 262_144 });
