// "Refresh now" on the Agents page: everything the caller may use, each with its outcome, and not without end.
import { beforeEach, expect, test } from "vitest";

import { create } from "#server/connections/create.ts";
import { refreshUsable } from "#server/connections/refresh-usable.ts";
import { createMember, type Person } from "#prisma/factories.ts";
import { echoTool } from "#tests/fakes/mcp-upstream.ts";
import { connectUpstream, everyone, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();
let member: Person;

beforeEach(async () => {
  member = await createMember({ id: world.owner.actor.orgId, name: "Acme" }, { name: "Priya" });
});

test("each connection tells what changed or why it was not read, and nobody sees what they may not use", async () => {
  const { id } = await connectUpstream(world);
  const apart = { name: "Apart", url: world.upstream.url, authType: "none", credentialMode: "shared" } as const;
  await create(world.owner.actor, {
    ...apart,
    access: { organization: false, teamIds: [], membershipIds: [world.owner.actor.membershipId] },
  });
  await create(world.owner.actor, {
    name: "Not connected",
    url: world.upstream.url,
    authType: "api_key",
    credentialMode: "per_member",
    apiKey: "key-of-the-owner",
    access: everyone,
  });
  world.upstream.tools.push({ ...echoTool, name: "shout" });
  const rows = await refreshUsable(member.actor);
  expect(rows.map(({ name }) => name)).not.toContain("Apart");
  expect(rows.find((row) => row.id === id)).toMatchObject({ change: { added: 1, changed: 0, removed: 0 }, message: null });
  expect(rows.find(({ name }) => name === "Not connected")).toMatchObject({
    change: null,
    message: expect.stringContaining("not connected yet"),
  });
});

test("a server that fails does not fail the others", async () => {
  const { id } = await connectUpstream(world);
  world.upstream.intercept = (_req, res) => {
    res.writeHead(500).end();
    return true;
  };
  expect(await refreshUsable(member.actor)).toMatchObject([{ id, change: null, message: expect.any(String) }]);
});

test("six times in ten minutes are enough", async () => {
  for (let time = 0; time < 6; time += 1) await refreshUsable(member.actor);
  await expect(refreshUsable(member.actor)).rejects.toMatchObject({ code: "RATE_LIMITED" });
});
