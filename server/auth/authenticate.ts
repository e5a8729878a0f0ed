// Who is asking, on the people's side: a session cookie, or a bearer token with the scope `admin` for the machine interface.
import type { IncomingMessage } from "node:http";

import { db } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";
import { hashSecret } from "#server/seal.ts";
import { verify } from "#server/tokens/verify.ts";

import type { Actor } from "./actor.ts";
import { may } from "./permissions.ts";
import { readSession } from "./sessions.ts";

interface Request {
  headers: IncomingMessage["headers"];
  origin: string;
  requestId: string;
}

/** The actor of an admin API token. Throws UNAUTHENTICATED when it is none, or its owner is no admin any more. */
async function byAdminToken(bearer: string, { origin, requestId }: Request): Promise<Actor> {
  const token = await verify(bearer);
  if (!token?.scopes.includes("admin")) {
    throw new DomainError("UNAUTHENTICATED", "This token is unknown, expired, revoked, or has no admin scope.");
  }
  const { tokenId, scopes, membership } = token;
  const actor: Actor = { ...membership, via: "admin_token", tokenId, sessionId: null, scopes, origin, requestId };
  if (!may(actor, "adminToken.create")) throw new DomainError("UNAUTHENTICATED", "The owner of this token is not an admin any more.");
  return actor;
}

/** The actor behind a request, or null when nobody is signed in; `setCookie` is there when the session cookie has to change. */
export async function authenticate(request: Request): Promise<{ actor: Actor | null; setCookie: string | null }> {
  const { headers, origin, requestId } = request;
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer) return { actor: await byAdminToken(bearer, request), setCookie: null };

  const found = await readSession(headers.cookie, origin);
  if (!found?.session) return { actor: null, setCookie: found?.setCookie ?? null };
  const { session, user, setCookie } = found;
  const membership = await db.membership.findUnique({
    where: { orgId_userId: { orgId: session.orgId, userId: user.id } },
    select: { id: true, role: true, org: { select: { name: true } } },
  });
  if (!membership) return { actor: null, setCookie };
  const actor: Actor = {
    orgId: session.orgId,
    orgName: membership.org.name,
    membershipId: membership.id,
    userId: user.id,
    name: user.name,
    role: membership.role,
    via: "session",
    tokenId: null,
    sessionId: hashSecret(session.id),
    scopes: [],
    origin,
    requestId,
  };
  return { actor, setCookie };
}
