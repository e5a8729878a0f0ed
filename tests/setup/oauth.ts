// An organization with a connection to the fake OAuth upstream, and the way of its people to the provider and back.
import type { Actor } from "#server/auth/actor.ts";
import { beginAuthorization } from "#server/connections/begin-authorization.ts";
import { create } from "#server/connections/create.ts";
import { finishAuthorization } from "#server/connections/finish-authorization.ts";
import type { CreateInput } from "#server/connections/schema.ts";
import { links } from "#server/origin.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
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
