// An organization with a connection to the fake OAuth upstream, and the way of its people to the provider and back.
import type { Actor } from "#server/auth/actor.ts";
import { beginAuthorization } from "#server/connections/begin-authorization.ts";
import { create } from "#server/connections/create.ts";
import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import type { CreateInput } from "#server/connections/schema.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { openTokens, tokenColumns } from "#server/oauth/token-set.ts";
import { links } from "#server/origin.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { startOAuthUpstream, type UpstreamOptions } from "#tests/fakes/oauth-upstream.ts";
import { visit } from "#tests/fakes/visitor.ts";

export interface OAuthWorldOptions {
  input?: Partial<CreateInput>;
  origin?: string;
}

/** An owner, a member and an OAuth connection to `url` that the whole organization may use; nobody has signed in yet. */
export async function oauthWorld(url: string, { input, origin = "http://gatehouse.test" }: OAuthWorldOptions = {}) {
  const org = await createOrganization();
  const owner = await createMember(org, { role: "owner", origin });
  const member = await createMember(org, { origin });
  const access = { organization: true, membershipIds: [], teamIds: [] };
  const connection = await create(owner.actor, { name: "Ledger", url, authType: "oauth", credentialMode: "shared", access, ...input });
  return {
    owner: owner.actor,
    member: member.actor,
    connectionId: connection.id,
    shared: { orgId: org.id, connectionId: connection.id, holder: "shared" },
  };
}

/** What the callback gets from a browser that came to this address. */
export function parametersOf({ searchParams }: URL) {
  return {
    state: searchParams.get("state"),
    code: searchParams.get("code"),
    iss: searchParams.get("iss"),
    error: searchParams.get("error"),
  };
}

/** Presses Connect, goes to the provider, and comes back as far as the callback's address. */
export async function goToProvider(actor: Actor, connectionId: string) {
  const begun = await beginAuthorization(actor, { connectionId });
  return { ...begun, callback: await visit(begun.authorizationUrl, links.oauthCallback(actor.origin)) };
}

/** The whole sign-in of one person. */
export async function signInAtProvider(actor: Actor, connectionId: string) {
  const { callback } = await goToProvider(actor, connectionId);
  return finishAuthorization(actor, parametersOf(callback));
}

export interface ConnectedOptions extends UpstreamOptions {
  /** Seconds until the access token ends, as if it had been handed out a while ago. */
  endsIn?: number;
  input?: Partial<CreateInput>;
}

/** An organization that has signed in at a fake upstream of its own, which the caller closes. */
export async function connectedWorld({ endsIn, input = {}, ...options }: ConnectedOptions = {}) {
  const upstream = await startOAuthUpstream(options);
  const world = await oauthWorld(upstream.url, { input });
  const state = await signInAtProvider(world.owner, world.connectionId);
  if (state.state !== "connected") throw new Error(`The sign-in ended as ${state.state}.`);
  const { id, revision } = await db.credential.findFirstOrThrow({ where: { connectionId: world.connectionId } });
  const shared = { ...world.shared, url: upstream.url, credential: { id, revision } };
  const where = { connectionId: shared.connectionId };
  if (endsIn !== undefined) {
    const { sealed } = await db.credential.findFirstOrThrow({ where });
    const issuedAt = Date.now() - (600 - endsIn) * 1000;
    const tokens = { ...openTokens(shared.connectionId, "shared", sealed ?? ""), issuedAt };
    await db.credential.update({ where: { id }, data: tokenColumns(shared.connectionId, "shared", tokens, endsIn) });
    changed(shared.orgId);
  }
  const refreshes = () => upstream.requests.filter(({ grantType, status }) => grantType === "refresh_token" && status === 200).length;
  const row = () => db.credential.findFirstOrThrow({ where });
  return { ...world, shared, upstream, refreshes, row };
}
