// THE access rule, the only one: list, search and execute all ask here which connections a membership may use, and in what state they are.
// No grant, no access: a role never opens a connection for use.
import { db, type Prisma } from "#server/db.ts";
import { env } from "#server/env.ts";
import { notFound } from "#server/errors.ts";
import { remembered } from "#server/freshness.ts";

import { connectionState, sharedHolder, type StateOfConnection } from "./state.ts";

/** What the rule needs to know of the caller. Every Actor fits. */
export interface Caller {
  orgId: string;
  membershipId: string;
}

/** The organization as far as this membership may see it at all: theirs, and past the gate of the staged rollout. */
function openTo({ orgId, membershipId }: Caller): Prisma.OrganizationWhereInput {
  const member = { some: { id: membershipId } };
  const staging = { some: { id: membershipId, role: { in: ["owner", "admin"] } } } satisfies Prisma.MembershipListRelationFilter;
  const gate: Prisma.OrganizationWhereInput = env.CONNECTIONS_GATING
    ? { OR: [{ rollout: "enabled" }, { rollout: "disabled", memberships: staging }] }
    : {};
  return { id: orgId, memberships: member, ...gate };
}

/** What reaches a membership: a grant to the whole organization, to the membership, or to one of its teams. */
function reaching({ orgId, membershipId }: Caller): Prisma.AccessGrantWhereInput {
  return { OR: [{ grantee: "organization" }, { membershipId }, { team: { orgId, members: { some: { membershipId } } } }] };
}

/** The rule as a filter. */
function grantedTo(caller: Caller): Prisma.ConnectionWhereInput {
  return { orgId: caller.orgId, org: openTo(caller), grants: { some: reaching(caller) } };
}

const usableSelect = (membershipId: string) =>
  ({
    id: true,
    orgId: true,
    name: true,
    url: true,
    authType: true,
    credentialMode: true,
    presetId: true,
    headerName: true,
    headerPrefix: true,
    staticHeadersRevision: true,
    disabledAt: true,
    disabledBy: true,
    // One row of each at the most: `toUsable` picks the one of the caller's credential identity.
    credentials: {
      where: { holder: { in: [sharedHolder, membershipId] } },
      select: { id: true, holder: true, status: true, revision: true, issuer: true, expiresAt: true, renewable: true },
    },
    catalogs: {
      where: { holder: { in: [sharedHolder, membershipId] } },
      select: {
        id: true,
        holder: true,
        digest: true,
        listedAt: true,
        ttlMs: true,
        lastSuccessAt: true,
        lastFailureAt: true,
        failure: true,
        toolCount: true,
      },
    },
  }) satisfies Prisma.ConnectionSelect;

type Row = Prisma.ConnectionGetPayload<{ select: ReturnType<typeof usableSelect> }>;

/** A connection this caller may use, as their credential identity sees it. */
export type UsableConnection = Omit<Row, "credentials" | "catalogs"> & {
  /** The credential identity that calls run with: "shared", or the caller's membership id. */
  holder: string;
  /** The membership that asks. */
  callerId: string;
  credential: Row["credentials"][number] | null;
  catalog: Row["catalogs"][number] | null;
  toolCount: number;
  state: StateOfConnection;
};

function toUsable({ credentials, catalogs, ...connection }: Row, membershipId: string): UsableConnection {
  const holder = connection.credentialMode === "shared" ? sharedHolder : membershipId;
  const credential = credentials.find((row) => row.holder === holder) ?? null;
  const catalog = catalogs.find((row) => row.holder === holder) ?? null;
  return {
    ...connection,
    holder,
    callerId: membershipId,
    credential,
    catalog,
    toolCount: catalog?.toolCount ?? 0,
    state: connectionState({ ...connection, credential, catalog }),
  };
}

/** Every connection this caller may use, by name. At most one second old, and never older than a change made by this process. */
export const usableConnections: (caller: Caller) => Promise<UsableConnection[]> = remembered(
  ({ membershipId }) => membershipId,
  async (caller) => {
    const rows = await db.connection.findMany({
      where: grantedTo(caller),
      select: usableSelect(caller.membershipId),
      orderBy: { nameKey: "asc" },
    });
    return rows.map((row) => toUsable(row, caller.membershipId));
  },
);

/** One connection this caller may use. Throws NOT_FOUND, whether it does not exist or is not theirs. */
export async function requireUsable(caller: Caller, connectionId: string): Promise<UsableConnection> {
  const found = (await usableConnections(caller)).find(({ id }) => id === connectionId);
  if (!found) throw notFound("connection");
  return found;
}

/** Connections that this caller may not use but may ask for, by name: the organization shows them on purpose. */
export async function requestableConnections(caller: Caller) {
  const rows = await db.connection.findMany({
    where: { orgId: caller.orgId, org: openTo(caller), requestable: true, disabledAt: null, NOT: { grants: { some: reaching(caller) } } },
    select: { id: true, name: true, requests: { where: { membershipId: caller.membershipId }, select: { createdAt: true } } },
    orderBy: { nameKey: "asc" },
  });
  return rows.map(({ id, name, requests }) => ({ id, name, requestedAt: requests[0]?.createdAt ?? null }));
}

/** Whether the staged rollout lets this membership use connections at all. */
export async function isOpenTo(caller: Caller): Promise<boolean> {
  return (await db.organization.count({ where: openTo(caller) })) > 0;
}

/** The grants by which a membership reaches connections of the organization, whatever the rollout says. */
export function grantsReaching(caller: Caller) {
  return db.accessGrant.findMany({
    where: { connection: { orgId: caller.orgId }, ...reaching(caller) },
    select: { connectionId: true, membershipId: true, team: { select: { name: true } } },
  });
}
