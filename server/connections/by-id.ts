// One connection with everything its admin page shows.
import { z } from "zod";

import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { notFound, type UpstreamFailure } from "#server/errors.ts";

import { managedRows, toManaged } from "./list.ts";
import type { ConnectionDetail } from "./view.ts";

const failureOutline = z.object({ phase: z.string(), seen: z.string(), actor: z.string(), advice: z.string() });

function isFailure(value: unknown): value is UpstreamFailure {
  return failureOutline.safeParse(value).success;
}

/** The admin's view. Throws NOT_FOUND. */
export async function byId(actor: Actor, { id }: { id: string }): Promise<ConnectionDetail> {
  const { rows, people } = await managedRows(actor, { id });
  const [row] = rows;
  if (!row) throw notFound("connection");
  const { summary, credential, catalog } = toManaged(row, actor.membershipId, people);
  const [tools, client, accounts] = await Promise.all([
    db.catalogTool.findMany({
      where: { catalogId: catalog?.id ?? "", removedAt: null },
      select: { name: true, title: true, description: true, inputSchema: true, firstSeenAt: true, changedAt: true },
      orderBy: { position: "asc" },
    }),
    db.oAuthClient.findFirst({
      where: { connectionId: id },
      select: { issuer: true, source: true, clientId: true },
      orderBy: { createdAt: "desc" },
    }),
    db.credential.findMany({
      where: { connectionId: id, connection: { orgId: actor.orgId }, membershipId: { not: null } },
      select: {
        membershipId: true,
        status: true,
        createdAt: true,
        membership: { select: { user: { select: { name: true, email: true } } } },
      },
      orderBy: { createdAt: "asc" },
    }),
  ]);
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
      createdAt: credential.createdAt,
      updatedAt: credential.updatedAt,
    },
    oauthClient: client,
    accounts: accounts.flatMap(({ membershipId, membership, status, createdAt }) =>
      membershipId && membership ? [{ membershipId, ...membership.user, status, connectedAt: createdAt }] : [],
    ),
    enabled: row.disabledAt === null,
    requestable: row.requestable,
    server: {
      name: catalog?.serverName ?? null,
      version: catalog?.serverVersion ?? null,
      transport: catalog?.transport ?? null,
      protocolVersion: catalog?.protocolVersion ?? null,
    },
    failure: isFailure(catalog?.failure) ? catalog.failure : null,
  };
}
