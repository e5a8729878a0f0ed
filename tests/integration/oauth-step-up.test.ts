// More access after the fact: what a call was refused for is asked for at the next sign-in, beside what was granted before.
import { afterEach, expect, test } from "vitest";

import { beginAuthorization } from "#server/connections/begin-authorization.ts";
import { db } from "#server/db.ts";
import { requireUsable } from "#server/grants/access.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { targetOf } from "#server/upstream/target.ts";
import { type OAuthUpstream, startOAuthUpstream, type UpstreamOptions } from "#tests/fakes/oauth-upstream.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { oauthWorld, signInAtProvider } from "#tests/setup/oauth.ts";

useDatabase();

const running: OAuthUpstream[] = [];

afterEach(async () => {
  await closeAllSessions();
  await Promise.all(running.splice(0).map((upstream) => upstream.close()));
});

async function world(options: UpstreamOptions) {
  const upstream = await startOAuthUpstream(options);
  running.push(upstream);
  const known = await oauthWorld(upstream.url);
  const call = async () =>
    callTool(
      targetOf(await requireUsable(known.owner, known.connectionId)),
      { name: "whoami", arguments: {} },
      { caller: "somebody", signal: AbortSignal.timeout(15_000) },
    );
  const asked = async () => {
    const { authorizationUrl } = await beginAuthorization(known.owner, { connectionId: known.connectionId });
    return new URL(authorizationUrl).searchParams.get("scope")?.split(" ").sort();
  };
  return { ...known, upstream, call, asked };
}

test("a refused call asks for the union at the next sign-in; after it the call works, and nothing granted is lost", async () => {
  const { owner, connectionId, call, asked } = await world({ challengeScope: "ledger:read", toolScopes: { whoami: "ledger:write" } });
  expect(await asked()).toEqual(["ledger:read", "offline_access"]);
  await signInAtProvider(owner, connectionId);
  await expect(call()).rejects.toMatchObject({ reason: "insufficient_scope", scope: "ledger:write" });
  expect(await db.credential.findFirst()).toMatchObject({ status: "active", wantedScope: "ledger:write" });
  expect(await asked()).toEqual(["ledger:read", "ledger:write", "offline_access"]);
  expect(await signInAtProvider(owner, connectionId)).toMatchObject({ state: "connected" });
  expect(await call()).not.toHaveProperty("isError");
  expect(await db.credential.findFirst()).toMatchObject({ wantedScope: null });
  // Connecting once more does not fall back to what the first challenge named.
  expect(await asked()).toEqual(["ledger:read", "ledger:write", "offline_access"]);
});

test("a server that shakes hands with anybody is asked for its challenge at the first real request", async () => {
  const { asked } = await world({ openHandshake: true, challengeScope: "ledger:read" });
  expect(await asked()).toEqual(["ledger:read", "offline_access"]);
});
