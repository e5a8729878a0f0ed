// Takes an attempt back when its person returns from the provider: by its state, once, in the browser that began it.
import { z } from "zod";

import { db, type Prisma } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { hashSecret, sameHash } from "#server/seal.ts";
import { sealer } from "#server/secrets.ts";

import { attemptBinding, type AttemptSecrets } from "./begin.ts";
import type { Discovery } from "./discover.ts";

export type Attempt = Prisma.OAuthAttemptGetPayload<object> & { secrets: AttemptSecrets };

// The sealed JSON is ours, so this checks its outline alone: a damaged one must not get further than here.
const outline = z.looseObject({
  url: z.string(),
  codeVerifier: z.string(),
  discovery: z.looseObject({
    resource: z.string().nullable(),
    settings: z.looseObject({}),
    issuer: z.string(),
    serverMetadata: z.looseObject({}),
  }),
  client: z.looseObject({ client_id: z.string() }),
});

function isSecrets(value: unknown): value is AttemptSecrets {
  return outline.safeParse(value).success;
}

/**
 * The attempt this state belongs to, consumed: a second call with the same state finds nothing.
 * Throws EXPIRED for an unknown, used or expired state, FORBIDDEN when another session began it (and leaves it usable for that one).
 */
export async function claim({ state, sessionId }: { state: string; sessionId: string | null }): Promise<Attempt> {
  const stateHash = hashSecret(state);
  const found = await db.oAuthAttempt.findUnique({ where: { stateHash } });
  if (!found) throw new DomainError("EXPIRED", "This sign-in is not known here. Start again from the connection.");
  if (sessionId === null || !sameHash(found.sessionId, sessionId)) {
    throw new DomainError("FORBIDDEN", "This sign-in was started in another browser or by another person. Start it again here.");
  }
  // One statement decides between two callbacks with the same state.
  const claimed = await db.oAuthAttempt.updateMany({
    where: { id: found.id, consumedAt: null, expiresAt: { gt: new Date() } },
    data: { consumedAt: new Date() },
  });
  if (claimed.count === 0) {
    throw new DomainError(
      "EXPIRED",
      found.expiresAt <= new Date() ? "This sign-in took longer than ten minutes. Start again." : "This sign-in was finished already.",
    );
  }
  const secrets: unknown = JSON.parse(sealer.open(found.sealed, attemptBinding(found.id)));
  if (!isSecrets(secrets)) throw new DomainError("INTERNAL", "The stored sign-in cannot be read.");
  return { ...found, secrets };
}

/**
 * RFC 9207 section 2.4: `iss` is compared as a plain string, with the issuer and with what an admin trusts; where the server announces it, its
 * absence is an attack too. Throws FORBIDDEN.
 */
export function checkIssuer(iss: string | null, { issuer, serverMetadata, settings }: Omit<Discovery, "resource" | "scope">): void {
  const announced =
    "authorization_response_iss_parameter_supported" in serverMetadata &&
    serverMetadata.authorization_response_iss_parameter_supported === true;
  if (iss === null ? announced : iss !== issuer && iss !== settings.trustedIssuer) {
    throw new DomainError(
      "FORBIDDEN",
      'The answer came from another sign-in server than the one asked. Nothing was connected. Only if the provider documents this second name: an admin can enter it as "Trusted issuer" in the advanced settings.',
    );
  }
}
