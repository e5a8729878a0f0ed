// THE access rule, the only one: list, search and execute all ask here which connections a membership may use, and in what state they are.
// No grant, no access: a role never opens a connection for use.
import { db, type Prisma } from "#server/db.ts";
import { notFound } from "#server/errors.ts";
import { remembered } from "#server/freshness.ts";

import { connectionState, sharedHolder, type StateOfConnection } from "./state.ts";

/** What the rule needs to know of the caller. Every Actor fits. */
export interface Caller {
  orgId: string;
  membershipId: string;
}

/** The rule as a filter: inside the organization, granted to it as a whole, to the membership, or to one of its teams. */
function grantedTo({ orgId, membershipId }: Caller): Prisma.ConnectionWhereInput {
  return {
    orgId,
    org: { memberships: { some: { id: membershipId } } },
    grants: {
      some: { OR: [{ grantee: "organization" }, { membershipId }, { team: { orgId, members: { some: { membershipId } } } }] },
    },
  };
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
    // One row of each at the most: `toUsable` picks the one of the caller's credential identity.
    credentials: {
      where: { holder: { in: [sharedHolder, membershipId] } },
      select: { id: true, holder: true, status: true, revision: true, issuer: true, expiresAt: true },
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
        _count: { select: { tools: { where: { removedAt: null } } } },
      },
    },
  }) satisfies Prisma.ConnectionSelect;

type Row = Prisma.ConnectionGetPayload<{ select: ReturnType<typeof usableSelect> }>;

/** A connection this caller may use, as their credential identity sees it. */
export type UsableConnection = Omit<Row, "credentials" | "catalogs" | "_count"> & {
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
    toolCount: catalog?._count.tools ?? 0,
    state: connectionState({ credentialMode: connection.credentialMode, credential, catalog }),
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
