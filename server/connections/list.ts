// Lists of connections: what the caller may use, and what an admin manages.
import type { Actor } from "#server/auth/actor.ts";
import { db, type Prisma } from "#server/db.ts";
import { usableConnections } from "#server/grants/access.ts";
import { connectionState, sharedHolder } from "#server/grants/state.ts";
import { failureFrom } from "#server/upstream/contacts.ts";
import { type Pause, pausedHolders, pauseOf } from "#server/upstream/pause.ts";
import { targetOf } from "#server/upstream/target.ts";

import { credentialEndsAt } from "./ending.ts";
import type { AccessSummary, ConnectionSummary } from "./view.ts";

const manageableInclude = ({ orgId, membershipId }: Actor) =>
  ({
    credentials: { where: { holder: { in: [sharedHolder, membershipId, ...pausedHolders(orgId)] } } },
    catalogs: { where: { holder: { in: [sharedHolder, membershipId] } } },
    grants: {
      select: { grantee: true, membershipId: true, teamId: true, team: { select: { members: { select: { membershipId: true } } } } },
    },
  }) satisfies Prisma.ConnectionInclude;

type Row = Prisma.ConnectionGetPayload<{ include: ReturnType<typeof manageableInclude> }>;

/** Counts people, each once however many grants reach them. */
function summarizeAccess(grants: Row["grants"], peopleInOrganization: number): AccessSummary {
  const organization = grants.some(({ grantee }) => grantee === "organization");
  const direct = grants.flatMap(({ membershipId }) => membershipId ?? []);
  const throughTeams = grants.flatMap(({ team }) => team?.members.map(({ membershipId }) => membershipId) ?? []);
  return {
    organization,
    memberships: direct.length,
    teams: grants.filter(({ teamId }) => teamId !== null).length,
    people: organization ? peopleInOrganization : new Set([...direct, ...throughTeams]).size,
  };
}

type Called = Pick<Row, "id" | "url" | "staticHeadersRevision">;
type Credential = Pick<Row["credentials"][number], "id" | "revision" | "holder">;

/** The pause of calls that are made with this credential of the connection. */
export function pauseWith({ id, url, staticHeadersRevision }: Called, credential: Credential): Pause | null {
  return pauseOf({ connectionId: id, url, staticHeadersRevision, credential, holder: credential.holder });
}

/** The longest pause of calls, whichever account they are made with. */
function longestPause({ credentials, ...connection }: Row): Pause | null {
  const isShared = connection.credentialMode === "shared";
  const pauses = credentials
    .filter(({ holder }) => (holder === sharedHolder) === isShared)
    .flatMap((credential) => pauseWith(connection, credential) ?? []);
  return pauses.reduce<Pause | null>((longest, pause) => (longest && longest.until >= pause.until ? longest : pause), null);
}

/** A connection as an admin sees it in a list, through their own credential identity. */
export function toManaged(row: Row, membershipId: string, people: number) {
  const holder = row.credentialMode === "shared" ? sharedHolder : membershipId;
  const credential = row.credentials.find((candidate) => candidate.holder === holder) ?? null;
  const catalog = row.catalogs.find((candidate) => candidate.holder === holder) ?? null;
  const { id, name, url, presetId, authType, credentialMode } = row;
  const state = connectionState({ ...row, credential, catalog });
  const summary: ConnectionSummary = {
    id,
    name,
    url,
    presetId,
    authType,
    credentialMode,
    state,
    connectedForMe: credential?.status === "active",
    toolCount: catalog?.toolCount ?? 0,
    listedAt: catalog?.listedAt ?? null,
    lastSuccessAt: catalog?.lastSuccessAt ?? null,
    failure: failureFrom(catalog?.failure),
    endsAt: credentialEndsAt(credential),
    pause: longestPause(row),
    access: summarizeAccess(row.grants, people),
  };
  return { summary, credential, catalog };
}

/** What an admin's list and detail page need of connections; two queries however many there are. */
export async function managedRows(actor: Actor, where: Prisma.ConnectionWhereInput = {}) {
  const [rows, people] = await Promise.all([
    db.connection.findMany({
      where: { ...where, orgId: actor.orgId },
      include: manageableInclude(actor),
      orderBy: { nameKey: "asc" },
    }),
    db.membership.count({ where: { orgId: actor.orgId } }),
  ]);
  return { rows, people };
}

/** `usable`: what the caller's agents can reach. `manageable`: everything of the organization, for those who may manage it. */
export async function list(actor: Actor, { scope }: { scope: "usable" | "manageable" }): Promise<ConnectionSummary[]> {
  if (scope === "manageable") {
    const { rows, people } = await managedRows(actor);
    return rows.map((row) => toManaged(row, actor.membershipId, people).summary);
  }
  const usable = await usableConnections(actor);
  return usable.map((connection) => {
    const { id, name, url, presetId, authType, credentialMode, state, toolCount, catalog, credential } = connection;
    return {
      id,
      name,
      url,
      presetId,
      authType,
      credentialMode,
      state,
      toolCount,
      connectedForMe: credential?.status === "active",
      listedAt: catalog?.listedAt ?? null,
      lastSuccessAt: catalog?.lastSuccessAt ?? null,
      failure: failureFrom(catalog?.failure),
      endsAt: credentialEndsAt(credential),
      pause: pauseOf(targetOf(connection)),
    };
  });
}
