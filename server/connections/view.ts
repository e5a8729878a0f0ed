// What the interfaces show of a connection. No secret has a field here.
import type { AuthType, CredentialMode, CredentialStatus } from "#server/db.ts";
import type { StateOfConnection } from "#server/grants/state.ts";
import type { OAuthSettings } from "#server/oauth/settings.ts";
import type { Contact, StoredFailure } from "#server/upstream/contacts.ts";
import type { LeftOut } from "#server/upstream/list-tools.ts";
import type { Pause } from "#server/upstream/pause.ts";

import type { ToolChanges } from "./tool-changes.ts";

/** Who may use a connection, counted for a list. */
export interface AccessSummary {
  organization: boolean;
  memberships: number;
  teams: number;
  /** How many people that is, each counted once. */
  people: number;
}

export interface ConnectionSummary {
  id: string;
  name: string;
  url: string;
  presetId: string | null;
  authType: AuthType;
  credentialMode: CredentialMode;
  state: StateOfConnection;
  /** Whether calls of this caller have a credential to run with. */
  connectedForMe: boolean;
  toolCount: number;
  listedAt: Date | null;
  lastSuccessAt: Date | null;
  /** Why the newest contact failed; null when it went well. */
  failure: StoredFailure | null;
  /** When the credential ends for good, if that is soon. */
  endsAt: Date | null;
  /** Calls that do not go out right now, as far as the process that answers knows: the caller's, in what an admin manages those of any account. */
  pause: Pause | null;
  /** Only in the manageable list. */
  access?: AccessSummary;
}

export interface ToolView {
  name: string;
  title: string | null;
  description: string;
  inputSchema: unknown;
  firstSeenAt: Date;
  changedAt: Date | null;
}

/** One member's own account, as an admin sees it. */
export interface AccountView {
  membershipId: string;
  name: string;
  email: string;
  status: CredentialStatus;
  connectedAt: Date;
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  failure: StoredFailure | null;
  endsAt: Date | null;
  pause: Pause | null;
}

/** The admin's view of one connection. */
export interface ConnectionDetail extends ConnectionSummary {
  version: number;
  headerName: string | null;
  headerPrefix: string | null;
  createdAt: Date;
  updatedAt: Date;
  tools: ToolView[];
  grants: { organization: boolean; membershipIds: string[]; teamIds: string[] };
  /** The credential of the caller's identity (shared, or the admin's own). */
  credential: {
    status: CredentialStatus;
    issuer: string | null;
    expiresAt: Date | null;
    renewable: boolean;
    createdAt: Date;
    updatedAt: Date;
  } | null;
  /** Names of the headers sent with every request; their values are never shown. */
  staticHeaderNames: string[];
  /** The advanced settings of a sign-in; none of them is secret. */
  advanced: OAuthSettings;
  oauthClient: { issuer: string; source: string; clientId: string; secretEndsAt: Date | null } | null;
  /** Who connected an account of their own; empty for a shared one. */
  accounts: AccountView[];
  /** Whether it is switched on, and whether members without access may ask for it. */
  enabled: boolean;
  requestable: boolean;
  server: { name: string | null; version: string | null; transport: string | null; protocolVersion: string | null };
  /** The newest contacts of the credential identity, newest first. */
  contacts: Contact[];
  /** What changed in the tools since somebody reviewed them; null when nothing ever did. */
  toolChanges: ToolChanges | null;
  /** Tools of the server's newest list that could not be taken over; null when there are none. */
  leftOut: LeftOut | null;
}
