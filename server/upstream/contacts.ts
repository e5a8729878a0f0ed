// How a server was reached lately, by one credential identity: the newest good and bad contacts, bounded, in one column of its catalog.
// A contact is a listing: in the background every few minutes, on demand, and at every connect. Calls leave audit rows; the way of a call gains no write.
import { z } from "zod";

import type { UpstreamFailure } from "#server/errors.ts";

/** A failure as it is stored: with the id that its log line has. */
export interface StoredFailure extends UpstreamFailure {
  reference: string | null;
}

export interface Contact {
  at: Date;
  /** Null: it went well. */
  failure: StoredFailure | null;
}

/** Of each kind. Many good ones never push the last bad one out. */
const keptOfEach = 10;

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
] as const satisfies readonly UpstreamFailure["phase"][];
const storedFailure = z.object({
  phase: z.enum(phases),
  seen: z.string(),
  actor: z.enum(["member", "organization_admin", "provider", "operator"]),
  advice: z.string(),
  reference: z.string().nullable().default(null),
});
const storedContact = z.object({ at: z.coerce.date(), failure: storedFailure.nullable() });

/** A stored failure; null for anything else. */
export function failureFrom(stored: unknown): StoredFailure | null {
  return storedFailure.safeParse(stored).data ?? null;
}

/** The stored contacts, newest first; none for what is no list of them. */
export function contactsFrom(stored: unknown): Contact[] {
  return z.array(storedContact).safeParse(stored).data ?? [];
}

/** The stored contacts with a new one in front and the oldest of its kind gone. */
export function withContact(stored: unknown, contact: Contact): Contact[] {
  const all = [contact, ...contactsFrom(stored)];
  const good = all.filter(({ failure }) => failure === null).slice(0, keptOfEach);
  const bad = all.filter(({ failure }) => failure !== null).slice(0, keptOfEach);
  return all.filter((kept) => good.includes(kept) || bad.includes(kept));
}
