// Browser sessions by lucia over Prisma. The cookie holds a random id, the database only its SHA-256.
import { type Adapter, type DatabaseSession, Lucia, TimeSpan } from "lucia";

import { db, type Tx } from "#server/db.ts";
import { hashSecret, randomSecret } from "#server/seal.ts";

declare module "lucia" {
  interface Register {
    Lucia: ReturnType<typeof luciaOver>;
    DatabaseSessionAttributes: { orgId: string };
    DatabaseUserAttributes: { name: string };
  }
}

interface Row {
  userId: string;
  orgId: string;
  expiresAt: Date;
}

/** Lucia keeps calling a session by the id it was asked for, so that is what it gets back. */
function toLucia(id: string, row: Row): DatabaseSession {
  return { id, userId: row.userId, expiresAt: row.expiresAt, attributes: { orgId: row.orgId } };
}

function adapterOver(client: Tx): Adapter {
  return {
    async getSessionAndUser(id) {
      const row = await client.session.findUnique({
        where: { id: hashSecret(id) },
        include: { user: { select: { id: true, name: true } } },
      });
      if (!row) return [null, null];
      return [toLucia(id, row), { id: row.user.id, attributes: { name: row.user.name } }];
    },
    async getUserSessions(userId) {
      const rows = await client.session.findMany({ where: { userId } });
      return rows.map((row) => toLucia(row.id, row));
    },
    async setSession({ id, userId, expiresAt, attributes }) {
      await client.session.create({ data: { id: hashSecret(id), userId, expiresAt, orgId: attributes.orgId } });
    },
    async updateSessionExpiration(id, expiresAt) {
      await client.session.updateMany({ where: { id: hashSecret(id) }, data: { expiresAt } });
    },
    async deleteSession(id) {
      await client.session.deleteMany({ where: { id: hashSecret(id) } });
    },
    async deleteUserSessions(userId) {
      await client.session.deleteMany({ where: { userId } });
    },
    async deleteExpiredSessions() {
      await client.session.deleteMany({ where: { expiresAt: { lte: new Date() } } });
    },
  };
}

/** Lucia over the database, or over the transaction that also writes the audit row. */
export function luciaOver(client: Tx) {
  return new Lucia(adapterOver(client), {
    sessionExpiresIn: new TimeSpan(30, "d"),
    sessionCookie: { name: "gatehouse_session", attributes: { sameSite: "lax", path: "/" } },
    getSessionAttributes: ({ orgId }) => ({ orgId }),
    getUserAttributes: ({ name }) => ({ name }),
  });
}

function serialized(cookie: ReturnType<Lucia["createSessionCookie"]>, origin: string): string {
  // Secure follows the public origin: over plain http on a local network a Secure cookie would never come back.
  cookie.attributes.secure = origin.startsWith("https:");
  return cookie.serialize();
}

/** Starts a session inside `tx` and returns the Set-Cookie value. Always a new id, so an old one can never be fixed on anybody. */
export async function startSession(tx: Tx, person: { userId: string; orgId: string }, origin: string): Promise<string> {
  const lucia = luciaOver(tx);
  const session = await lucia.createSession(person.userId, { orgId: person.orgId }, { sessionId: randomSecret() });
  return serialized(lucia.createSessionCookie(session.id), origin);
}

/** The session a Cookie header names, if it is alive. `setCookie` is there when its life was extended or it is over. */
export async function readSession(cookieHeader: string | undefined, origin: string) {
  const lucia = luciaOver(db);
  const id = lucia.readSessionCookie(cookieHeader ?? "");
  if (!id) return null;
  const { session, user } = await lucia.validateSession(id);
  if (!session) return { session: null, user: null, setCookie: endedSessionCookie(origin) };
  return { session, user, setCookie: session.fresh ? serialized(lucia.createSessionCookie(session.id), origin) : null };
}

/** Makes a session (by its hashed id) look at another organization of its user, inside `tx`. The caller has checked the membership. */
export async function enterOrganization(tx: Tx, sessionId: string, orgId: string): Promise<void> {
  await tx.session.updateMany({ where: { id: sessionId }, data: { orgId } });
}

/** A Set-Cookie value that makes the browser forget its session. */
export function endedSessionCookie(origin: string): string {
  return serialized(luciaOver(db).createBlankSessionCookie(), origin);
}
