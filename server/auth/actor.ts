// Who asks: every domain verb takes an actor first, and every query takes its organization.
import type { Role } from "#server/db.ts";

/** What a token may do. `admin` is for the machine interface, the others for `/mcp/agent`. */
export const tokenScopes = ["mcp:read", "mcp:write", "admin"] as const;
export type TokenScope = (typeof tokenScopes)[number];

export interface Actor {
  orgId: string;
  orgName: string;
  membershipId: string;
  userId: string;
  name: string;
  role: Role;
  /** "operator": the command line, which is nobody's membership. */
  via: "session" | "admin_token" | "agent_token" | "operator";
  /** The agent token in use; null for a browser session. */
  tokenId: string | null;
  /** The hashed session id; null for a token. */
  sessionId: string | null;
  scopes: readonly TokenScope[];
  /** The public origin of this request: what every absolute URL is made of. */
  origin: string;
  requestId: string;
}
