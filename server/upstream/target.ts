// What has to be known to speak to a third-party server as one credential identity.
import type { AuthType } from "#server/db.ts";
import type { UsableConnection } from "#server/grants/access.ts";

export interface UpstreamTarget {
  connectionId: string;
  connectionName: string;
  orgId: string;
  url: string;
  authType: AuthType;
  headerName: string | null;
  headerPrefix: string | null;
  /** Grows when the static headers change: sessions with the old ones are never used again. */
  staticHeadersRevision: number;
  /** The credential identity: "shared", or a membership's id. Nothing is ever shared between two. */
  holder: string;
  /** Null while not connected. A new revision makes a new session. */
  credential: { id: string; revision: number } | null;
}

export type Identity = Pick<UpstreamTarget, "connectionId" | "holder" | "url" | "credential" | "staticHeadersRevision">;

/** What calls with one credential at one address have in common, as one string that begins with `placeOf`. A change of either makes another. */
export function identityOf({ connectionId, holder, url, credential, staticHeadersRevision }: Identity): string {
  return [connectionId, holder, credential?.id ?? "none", credential?.revision ?? 0, staticHeadersRevision, url].join("\0");
}

/** Where there is one credential at a time. */
export function placeOf({ connectionId, holder }: Identity): string {
  return `${connectionId}\0${holder}`;
}

/** The target of a connection its caller may use. */
export function targetOf(connection: UsableConnection): UpstreamTarget {
  const { id, name, orgId, url, authType, headerName, headerPrefix, staticHeadersRevision, holder, credential } = connection;
  return {
    connectionId: id,
    connectionName: name,
    orgId,
    url,
    authType,
    headerName,
    headerPrefix,
    staticHeadersRevision,
    holder,
    credential,
  };
}
