// Believable rows for tests and for the demo: small, valid, and written the way the product would have.
import type { Actor } from "#server/auth/actor.ts";
import { hashPassword } from "#server/auth/password.ts";
import { db, type Role } from "#server/db.ts";

let counter = 0;
function next(): number {
  counter += 1;
  return counter;
}

export interface Person {
  actor: Actor;
  email: string;
  membershipId: string;
}

/** An organization without members. */
export async function createOrganization(name = `Organization ${next()}`) {
  return db.organization.create({ data: { name, slug: `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-${next()}` } });
}

/** A user with a membership, and the actor they are in a browser. Without a password nobody can sign in as them. */
export async function createMember(
  org: { id: string; name: string },
  options: { name?: string; email?: string; role?: Role; password?: string; origin?: string } = {},
): Promise<Person> {
  const number = next();
  const { name = `Person ${number}`, email = `person${number}@example.com`, role = "member", origin = "http://gatehouse.test" } = options;
  const passwordHash = options.password === undefined ? "no password" : await hashPassword(options.password);
  const user = await db.user.create({ data: { name, email, passwordHash } });
  const membership = await db.membership.create({ data: { orgId: org.id, userId: user.id, role } });
  const actor: Actor = {
    orgId: org.id,
    orgName: org.name,
    membershipId: membership.id,
    userId: user.id,
    name,
    role,
    via: "session",
    tokenId: null,
    sessionId: `session-${number}`,
    scopes: [],
    origin,
    requestId: `request-${number}`,
  };
  return { actor, email, membershipId: membership.id };
}

/** A team of these memberships. */
export async function createTeam(org: { id: string }, name: string, membershipIds: readonly string[] = []) {
  return db.team.create({
    data: {
      orgId: org.id,
      name,
      nameKey: name.toLowerCase(),
      members: { create: membershipIds.map((membershipId) => ({ membershipId })) },
    },
  });
}
