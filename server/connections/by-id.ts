// One connection with everything its admin page shows.
import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { settingsFrom } from "#server/oauth/settings.ts";
import { notFound } from "#server/errors.ts";
import { contactsFrom, failureFrom } from "#server/upstream/contacts.ts";

import { credentialEndsAt, secretEndsAt } from "./ending.ts";
import { managedRows, pauseWith, toManaged } from "./list.ts";
import { toolChangesOf } from "./tool-changes.ts";
import type { ConnectionDetail } from "./view.ts";

const leftOutOutline = z.object({ count: z.number(), examples: z.array(z.object({ name: z.string(), why: z.string() })) });

/** The admin's view. Throws NOT_FOUND. */
export async function byId(actor: Actor, { id }: { id: string }): Promise<ConnectionDetail> {
  const { rows, people } = await managedRows(actor, { id });
  const [row] = rows;
  if (!row) throw notFound("connection");
  const { summary, credential, catalog } = toManaged(row, actor.membershipId, people);
  const [tools, client, accounts, catalogs, toolChanges] = await Promise.all([
    db.catalogTool.findMany({
      where: { catalogId: catalog?.id ?? "", removedAt: null },
      select: { name: true, title: true, description: true, inputSchema: true, firstSeenAt: true, changedAt: true },
      orderBy: { position: "asc" },
    }),
    db.oAuthClient.findFirst({
      where: { connectionId: id },
      select: { issuer: true, source: true, clientId: true, secretExpiresAt: true },
      orderBy: { createdAt: "desc" },
    }),
    db.credential.findMany({
      where: { connectionId: id, connection: { orgId: actor.orgId }, membershipId: { not: null } },
      select: {
        id: true,
        revision: true,
        holder: true,
        membershipId: true,
        status: true,
        renewable: true,
        expiresAt: true,
        createdAt: true,
        membership: { select: { user: { select: { name: true, email: true } } } },
      },
      orderBy: { createdAt: "asc" },
    }),
    db.catalog.findMany({
      where: { connectionId: id, connection: { orgId: actor.orgId }, membershipId: { not: null } },
      select: { membershipId: true, lastSuccessAt: true, lastFailureAt: true, failure: true },
    }),
    toolChangesOf(catalog, row),
  ]);
  const reached = new Map(catalogs.map((row) => [row.membershipId, row]));
  return {
    ...summary,
    version: row.version,
    headerName: row.headerName,
    headerPrefix: row.headerPrefix,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    tools,
    grants: {
      organization: row.grants.some(({ grantee }) => grantee === "organization"),
      membershipIds: row.grants.flatMap(({ membershipId }) => membershipId ?? []),
      teamIds: row.grants.flatMap(({ teamId }) => teamId ?? []),
    },
    credential: credential && {
      status: credential.status,
      issuer: credential.issuer,
      expiresAt: credential.expiresAt,
      renewable: credential.renewable,
      createdAt: credential.createdAt,
      updatedAt: credential.updatedAt,
    },
    staticHeaderNames: row.staticHeaderNames,
    advanced: settingsFrom(row.settings),
    oauthClient: client && { issuer: client.issuer, source: client.source, clientId: client.clientId, secretEndsAt: secretEndsAt(client) },
    accounts: accounts.flatMap((account) => {
      const { membershipId, membership, status, createdAt } = account;
      if (!membershipId || !membership) return [];
      const contact = reached.get(membershipId);
      return {
        membershipId,
        ...membership.user,
        status,
        connectedAt: createdAt,
        lastSuccessAt: contact?.lastSuccessAt ?? null,
        lastFailureAt: contact?.lastFailureAt ?? null,
        failure: failureFrom(contact?.failure),
        endsAt: credentialEndsAt(account),
        pause: pauseWith(row, account),
      };
    }),
    enabled: row.disabledAt === null,
    requestable: row.requestable,
    server: {
      name: catalog?.serverName ?? null,
      version: catalog?.serverVersion ?? null,
      transport: catalog?.transport ?? null,
      protocolVersion: catalog?.protocolVersion ?? null,
    },
    contacts: contactsFrom(catalog?.contacts),
    toolChanges,
    leftOut: leftOutOutline.safeParse(catalog?.leftOut).data ?? null,
  };
}
