// What our authorization server keeps, in one table: ids hashed, payloads sealed, so that a stolen database opens nothing.
import { errors } from "oidc-provider";

import { record } from "#server/audit/record.ts";
import { db, type Prisma, transaction } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { hashSecret } from "#server/seal.ts";
import { sealer } from "#server/secrets.ts";

/** The fields of oidc-provider's payloads that matter here; everything else passes through. */
export interface Payload {
  accountId?: string;
  clientId?: string;
  grantId?: string;
  userCode?: string;
  uid?: string;
  scope?: string;
  aud?: string | string[];
  exp?: number;
  consumed?: number;
  [field: string]: unknown;
}

/** A used refresh token that comes again this soon is a client that raced itself, not a thief (milliseconds). */
const reuseGraceMs = 60_000;

/** Tokens of one kind that a grant keeps, the newest: a client that refreshes in a loop costs itself its old ones, not us the disk. */
const keptTokens = 200;

const idOf = (model: string, id: string) => `${model}:${hashSecret(id)}`;
const bindingOf = (id: string) => `oauth-record:${id}`;

function isPayload(value: unknown): value is Payload {
  return typeof value === "object" && value !== null;
}

type Row = Pick<Prisma.OAuthRecordGetPayload<object>, "id" | "model" | "sealed" | "consumedAt" | "expiresAt">;

function open({ id, model, sealed, consumedAt, expiresAt }: Row): Payload | undefined {
  if (expiresAt && expiresAt <= new Date()) return undefined;
  const payload: unknown = JSON.parse(sealer.open(sealed, bindingOf(id)));
  if (!isPayload(payload)) return undefined;
  const raced = model === "RefreshToken" && consumedAt !== null && Date.now() - consumedAt.getTime() < reuseGraceMs;
  return consumedAt && !raced ? { ...payload, consumed: Math.floor(consumedAt.getTime() / 1000) } : payload;
}

const optionalHash = (text: string | undefined) => (text === undefined ? null : hashSecret(text));

async function endGrant(id: string): Promise<void> {
  const ended = await transaction(async (tx) => {
    const grant = await tx.agentGrant.findUnique({ where: { id }, select: { orgId: true, clientName: true } });
    if (!grant) return null;
    await tx.agentGrant.deleteMany({ where: { id } });
    const target = { type: "agent_grant", id, name: grant.clientName } as const;
    const agent = { via: "system", orgId: grant.orgId, name: grant.clientName, requestId: "sign-out" } as const;
    await record(tx, agent, { action: "agent.signed_out", target });
    return grant;
  });
  if (ended) changed(ended.orgId);
}

async function forgetOldest(model: string, grantId: string): Promise<void> {
  const over = await db.oAuthRecord.findMany({
    where: { model, grantId },
    orderBy: { createdAt: "desc" },
    skip: keptTokens,
    select: { id: true },
  });
  if (over.length > 0) await db.oAuthRecord.deleteMany({ where: { id: { in: over.map(({ id }) => id) } } });
}

/** The adapter that oidc-provider asks for one of its models. */
export function recordsOf(model: string) {
  return {
    async upsert(id: string, payload: Payload, expiresIn?: number): Promise<void> {
      const key = idOf(model, id);
      const data = {
        model,
        sealed: sealer.seal(JSON.stringify(payload), bindingOf(key)),
        grantId: payload.grantId ?? null,
        userCode: optionalHash(payload.userCode),
        uid: optionalHash(payload.uid),
        membershipId: payload.accountId ?? null,
        expiresAt: expiresIn === undefined ? null : new Date(Date.now() + expiresIn * 1_000),
      };
      await db.oAuthRecord.upsert({ where: { id: key }, create: { id: key, ...data }, update: data });
      if (payload.grantId && (model === "AccessToken" || model === "RefreshToken")) await forgetOldest(model, payload.grantId);
    },
    async find(id: string): Promise<Payload | undefined> {
      const row = await db.oAuthRecord.findUnique({ where: { id: idOf(model, id) } });
      return row ? open(row) : undefined;
    },
    async findByUid(uid: string): Promise<Payload | undefined> {
      const row = await db.oAuthRecord.findFirst({ where: { model, uid: hashSecret(uid) } });
      return row ? open(row) : undefined;
    },
    async findByUserCode(userCode: string): Promise<Payload | undefined> {
      const row = await db.oAuthRecord.findFirst({ where: { model, userCode: hashSecret(userCode) } });
      return row ? open(row) : undefined;
    },
    async consume(id: string): Promise<void> {
      // Once: the moment of the first use is what the grace counts from.
      const { count } = await db.oAuthRecord.updateMany({
        where: { id: idOf(model, id), consumedAt: null },
        data: { consumedAt: new Date() },
      });
      // Of several that come with one code at the same moment one wins; a refresh token has its grace.
      if (count === 0 && model !== "RefreshToken") throw new errors.InvalidGrant("already used");
    },
    async destroy(id: string): Promise<void> {
      await db.oAuthRecord.deleteMany({ where: { id: idOf(model, id) } });
      // A grant ends when the agent signs out (RFC 7009), or when a used refresh token comes again: it is out of the lists as well.
      if (model === "Grant") await endGrant(id);
    },
    async revokeByGrantId(grantId: string): Promise<void> {
      await db.oAuthRecord.deleteMany({ where: { model, grantId } });
    },
  };
}

/** Under which id an access token of ours is kept, by its hash. */
export const accessTokenId = (tokenHash: string) => `AccessToken:${tokenHash}`;

/** What an access token is good for, from its stored payload. Throws when that cannot be opened. */
export function openAccessToken(id: string, sealed: string): { audience: string; scopes: string[]; expiresAt: Date } {
  const payload: unknown = JSON.parse(sealer.open(sealed, bindingOf(id)));
  if (!isPayload(payload)) throw new Error("A stored access token is damaged.");
  const audience = Array.isArray(payload.aud) ? payload.aud[0] : payload.aud;
  return { audience: audience ?? "", scopes: (payload.scope ?? "").split(" "), expiresAt: new Date((payload.exp ?? 0) * 1_000) };
}

/** A payload stored once for good, made by `make` the first time: of several that make it at once one wins. */
export async function storedOnce(model: string, make: () => Payload): Promise<Payload> {
  const id = idOf(model, model);
  const held = await db.oAuthRecord.findUnique({ where: { id } });
  if (held) return open(held) ?? {};
  await db.oAuthRecord.createMany({
    data: [{ id, model, sealed: sealer.seal(JSON.stringify(make()), bindingOf(id)) }],
    skipDuplicates: true,
  });
  return storedOnce(model, make);
}

/** Deletes what is over: expired records, and clients that registered themselves more than a day ago and that nobody signed in with. */
export async function sweepRecords(): Promise<void> {
  await db.oAuthRecord.deleteMany({ where: { expiresAt: { lt: new Date() } } });
  const old = await db.oAuthRecord.findMany({
    where: { model: "Client", createdAt: { lt: new Date(Date.now() - 86_400_000) } },
    select: { id: true },
  });
  if (old.length === 0) return;
  const used = await db.agentGrant.findMany({ distinct: ["clientId"], select: { clientId: true } });
  const kept = new Set(used.map(({ clientId }) => idOf("Client", clientId)));
  await db.oAuthRecord.deleteMany({ where: { id: { in: old.map(({ id }) => id).filter((id) => !kept.has(id)) } } });
}
