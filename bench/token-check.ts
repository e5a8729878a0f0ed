// What checking an agent's token costs in this process: from memory, and with the one statement that a miss takes. Prints JSON.
import { createHash, randomBytes } from "node:crypto";

import { db, openDatabase } from "#server/db.ts";
import { env } from "#server/env.ts";
import { changed } from "#server/freshness.ts";
import { sealer } from "#server/secrets.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { verify } from "#server/tokens/verify.ts";

import { createMember, createOrganization } from "../prisma/factories.ts";

const audience = "http://gatehouse.test/mcp/agent";

await openDatabase(env.DATABASE_URL);
const { actor } = await createMember(await createOrganization("Acme"), { role: "owner" });
const { orgId, membershipId } = actor;
const minted = await createToken(actor, { name: "bench", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 });

/** An access token as our authorization server stores one. */
async function signedIn(): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const id = `AccessToken:${createHash("sha256").update(token).digest("hex")}`;
  const scopes = ["mcp:read", "mcp:write"];
  await db.agentGrant.create({
    data: { id: "grant", orgId, membershipId, clientId: "bench", clientName: "bench", redirectHost: "http://127.0.0.1", scopes },
  });
  const payload = {
    accountId: membershipId,
    grantId: "grant",
    scope: scopes.join(" "),
    aud: audience,
    exp: Math.floor(Date.now() / 1_000) + 600,
  };
  const sealed = sealer.seal(JSON.stringify(payload), `oauth-record:${id}`);
  const expiresAt = new Date(Date.now() + 600_000);
  await db.oAuthRecord.create({ data: { id, model: "AccessToken", sealed, grantId: "grant", membershipId, expiresAt } });
  return token;
}

/** The median of `count` checks in microseconds. */
async function median(count: number, token: string, before: () => void): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) {
    before();
    const began = performance.now();
    if (!(await verify(token))) throw new Error("The token was not accepted.");
    times.push((performance.now() - began) * 1_000);
  }
  return times.sort((a, b) => a - b)[count >> 1] ?? 0;
}

const result: Record<string, { cached: number; uncached: number }> = {};
for (const [kind, token] of [
  ["minted", minted.token],
  ["signed in by URL", await signedIn()],
] as const) {
  const uncached = await median(500, token, () => changed(orgId));
  const cached = await median(20_000, token, () => undefined);
  result[kind] = { cached, uncached };
}
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
