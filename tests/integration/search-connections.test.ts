// Connections that a search cannot use: which of many are named, and what is said of the others.
import { expect, test } from "vitest";

import { create as createConnection } from "#server/connections/create.ts";
import { db } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { createMember } from "#prisma/factories.ts";
import { echoTool } from "#tests/fakes/mcp-upstream.ts";
import { everyone, legacyClient, search, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();

/** Thirty-one connections that each person connects on their own; the owner has, and one of them has a tool that the others lack. */
async function connectMany(): Promise<void> {
  const names = [...Array.from({ length: 30 }, (_, n) => `App ${String(n + 1).padStart(2, "0")}`), "Linear"];
  for (const name of names) {
    const tool = name === "App 25" ? "archive_ticket" : "say";
    world.upstream.tools = [{ ...echoTool, name: tool, title: tool, description: "" }];
    await createConnection(world.owner.actor, {
      name,
      url: world.upstream.url,
      authType: "api_key",
      credentialMode: "per_member",
      apiKey: "key-of-the-owner",
      access: everyone,
    });
  }
}

test("of many that a new member has not connected, the one that is asked for is named, and the answer says how many more there are", async () => {
  await connectMany();
  const member = await createMember({ id: world.owner.actor.orgId, name: "Acme" });
  const client = await legacyClient(world, await tokenFor(member.actor));
  const found = await search(client, "create issue linear");
  expect(found.connections).toHaveLength(20);
  expect(found.connections[0]).toMatchObject({ name: "Linear", state: "needs_connection" });
  expect(found.hint).toContain("11 more connections");
  expect((await search(client, ["open the app 27", "app 27"])).connections[0]?.name).toBe("App 27");
  const narrowed = await search(client, "create issue", { connection: "linear" });
  expect(narrowed).toMatchObject({
    matches: [],
    connections: [{ name: "Linear" }],
    hint: expect.stringContaining('"connections" says why'),
  });
  expect(narrowed.hint).not.toContain("other words");
});

test("a connection whose stored tools are what is asked for is named before others that cannot be used either", async () => {
  await connectMany();
  const client = await legacyClient(world, await tokenFor(world.owner.actor));
  expect((await search(client, "archive ticket")).matches[0]).toMatchObject({ connection: "App 25" });
  await db.credential.updateMany({ data: { status: "rejected" } });
  changed(world.owner.actor.orgId);
  const { connections } = await search(client, "archive ticket");
  expect(connections).toHaveLength(20);
  expect(connections[0]).toMatchObject({ name: "App 25", state: "reconnect_required" });
});
