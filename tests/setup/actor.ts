// An actor for tests without a database.
import type { Actor } from "#server/auth/actor.ts";

export const actor: Actor = {
  orgId: "org",
  orgName: "Acme",
  membershipId: "member",
  userId: "user",
  name: "Ada",
  role: "member",
  via: "agent_token",
  tokenId: "token",
  sessionId: null,
  scopes: ["mcp:write"],
  origin: "http://localhost",
  requestId: "request",
};
