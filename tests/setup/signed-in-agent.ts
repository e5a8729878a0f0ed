// An agent that signed in by URL, as the rows that its sign-in would have left.
import { createHash, randomBytes } from "node:crypto";

import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { sealer } from "#server/secrets.ts";

/** Its access token for the door at `origin`, good for so many seconds, and the id of the grant behind it. */
export async function signInAgent(
  { orgId, membershipId }: Actor,
  origin: string,
  scopes: string[],
  seconds = 600,
): Promise<{ token: string; grantId: string }> {
  const token = randomBytes(32).toString("base64url");
  const id = `AccessToken:${createHash("sha256").update(token).digest("hex")}`;
  const grantId = randomBytes(8).toString("hex");
  const agent = { clientId: grantId, clientName: "agent", redirectHost: "http://127.0.0.1" };
  await db.agentGrant.create({ data: { id: grantId, orgId, membershipId, scopes, ...agent } });
  const exp = Math.floor(Date.now() / 1_000) + seconds;
  const payload = { accountId: membershipId, grantId, scope: scopes.join(" "), aud: `${origin}/mcp/agent`, exp };
  const sealed = sealer.seal(JSON.stringify(payload), `oauth-record:${id}`);
  await db.oAuthRecord.create({ data: { id, model: "AccessToken", sealed, grantId, membershipId, expiresAt: new Date(exp * 1_000) } });
  return { token, grantId };
}
