// What every way to let an agent in ends with, whether its browser came here by itself or somebody typed its code.
import type { Client, Provider } from "oidc-provider";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, transaction } from "#server/db.ts";
import { badInput } from "#server/errors.ts";
import { links } from "#server/origin.ts";

import { agentScopes } from "./provider.ts";

/** The scopes of ours in what a client asked for; all of them when it asked for none. */
export function scopesAsked(scope: unknown): readonly string[] {
  const asked = typeof scope === "string" ? scope.split(" ") : [];
  const known = agentScopes.filter((name) => asked.includes(name));
  return known.length > 0 ? known : agentScopes;
}

/** What a client calls itself, else `otherwise`; untrusted text. */
export function nameOf(client: Client, otherwise: string): string {
  // Signs that turn the direction of text could show another name than is there.
  return (client.clientName ?? otherwise).replace(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 80);
}

interface Admission {
  origin: string;
  orgId: string;
  clientId: string;
  clientName: string;
  /** Where the agent is told to be, for the list of agents. */
  redirectHost: string;
  scopes: readonly string[];
}

/** Lets an agent act for the actor's membership in `orgId`. Throws BAD_INPUT (organization). */
export async function letIn(
  provider: Provider,
  actor: Actor,
  { origin, orgId, clientId, clientName, redirectHost, scopes }: Admission,
): Promise<{ membershipId: string; grantId: string }> {
  const membership = await db.membership.findUnique({ where: { orgId_userId: { orgId, userId: actor.userId } }, select: { id: true } });
  if (!membership) throw badInput("organization", "Choose an organization you belong to.");
  const membershipId = membership.id;
  const grant = new provider.Grant({ accountId: membershipId, clientId });
  const wanted = scopes.join(" ");
  // oidc-provider counts every scope it announces as one of its own, also those of the resource.
  grant.addOIDCScope(`${wanted} offline_access`);
  grant.addResourceScope(links.agentEndpoint(origin), wanted);
  const grantId = await grant.save();
  await transaction(async (tx) => {
    await tx.agentGrant.create({ data: { id: grantId, orgId, membershipId, clientId, clientName, redirectHost, scopes: [...scopes] } });
    const target = { type: "agent_grant", id: grantId, name: clientName } as const;
    const details = { redirectHost, scopes: [...scopes] };
    await record(tx, { ...actor, orgId, membershipId }, { action: "agent.signed_in", target, details });
  });
  return { membershipId, grantId };
}
