// Property: after whatever happened to grants, teams, members, roles and the rollout, list, search and execute agree with ten lines of set theory.
import { afterAll, beforeAll, expect, test } from "vitest";

import { executeCapability } from "#server/agent/execute-capability.ts";
import { ToolError } from "#server/agent/tool-error.ts";
import { flushCalls } from "#server/audit/calls.ts";
import type { Actor } from "#server/auth/actor.ts";
import { list } from "#server/connections/list.ts";
import { remove } from "#server/connections/remove.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { changed } from "#server/freshness.ts";
import { replace } from "#server/grants/replace.ts";
import { changeRole, removeMember } from "#server/orgs/members.ts";
import { search } from "#server/search/search.ts";
import { createTeam, removeTeam, replaceTeamMembers } from "#server/teams/teams.ts";
import { CallRecord } from "#server/telemetry/call-record.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();

// 10,000 steps in all, where there is a second database: those there, which show that the statements mean the same, are others.
const [steps, ownSeed] = process.env.TEST_DATABASE === "postgres" ? [2_000, 20_261_124] : [8_000, 20_261_123];
const seed = Number(process.env.PROPERTY_SEED ?? ownSeed);

/** mulberry32: the same steps for the same seed. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Member {
  actor: Actor;
  role: "owner" | "admin" | "member";
}
interface Connection {
  id: string;
  version: number;
  everyone: boolean;
  members: Set<string>;
  teams: Set<string>;
}
interface Org {
  id: string;
  name: string;
  owner: Actor;
  rollout: "enabled" | "disabled" | "dark";
  members: Map<string, Member>;
  teams: Map<string, Set<string>>;
  connections: Map<string, Connection>;
}

/** The reference: who may use what. */
function usable(org: Org, membershipId: string): string[] {
  const member = org.members.get(membershipId);
  const staging = org.rollout === "disabled" && member?.role !== "member";
  const gateOpen = !env.CONNECTIONS_GATING || org.rollout === "enabled" || staging;
  if (!member || !gateOpen) return [];
  const inTeam = (team: string) => org.teams.get(team)?.has(membershipId) ?? false;
  return [...org.connections.values()]
    .filter(({ everyone, members, teams }) => everyone || members.has(membershipId) || [...teams].some(inTeam))
    .map(({ id }) => id)
    .sort();
}

const random = randomFrom(seed);
const below = (limit: number) => Math.floor(random() * limit);
function pick<Item>(items: Iterable<Item>): Item | undefined {
  const all = [...items];
  return all[below(all.length)];
}
const some = <Item>(items: Iterable<Item>, share: number) => [...items].filter(() => random() < share);

const orgs: Org[] = [];
let number = 0;

async function addConnection(org: Org): Promise<void> {
  number += 1;
  const id = `probe${String(number).padStart(7, "0")}`;
  await db.connection.create({
    data: { id, orgId: org.id, name: id, nameKey: id, url: "https://mcp.example.com/", authType: "none", credentialMode: "shared" },
  });
  await db.credential.create({ data: { connectionId: id, holder: "shared" } });
  const now = new Date();
  await db.catalog.create({
    data: {
      connectionId: id,
      holder: "shared",
      digest: id,
      listedAt: now,
      lastSuccessAt: now,
      ttlMs: 86_400_000,
      tools: { create: { name: "probe", description: "A probe.", inputSchema: { type: "object" }, digest: id, position: 0 } },
    },
  });
  changed(org.id);
  org.connections.set(id, { id, version: 1, everyone: false, members: new Set(), teams: new Set() });
}

async function addMember(org: Org): Promise<void> {
  const role = random() < 0.3 ? "admin" : "member";
  const { actor } = await createMember(org, { role });
  changed(org.id);
  org.members.set(actor.membershipId, { actor, role });
}

const moves: Record<string, (org: Org) => Promise<void>> = {
  grant: async (org) => {
    const connection = pick(org.connections.values());
    if (!connection) return;
    const access = {
      organization: random() < 0.2,
      membershipIds: some(org.members.keys(), 0.2),
      teamIds: some(org.teams.keys(), 0.3),
    };
    const { version } = await replace(org.owner, { connectionId: connection.id, version: connection.version, access });
    Object.assign(connection, {
      version,
      everyone: access.organization,
      members: new Set(access.membershipIds),
      teams: new Set(access.teamIds),
    });
  },
  members: async (org) => {
    const team = pick(org.teams.keys());
    if (team === undefined) return;
    const membershipIds = some(org.members.keys(), 0.4);
    await replaceTeamMembers(org.owner, { id: team, membershipIds });
    org.teams.set(team, new Set(membershipIds));
  },
  team: async (org) => {
    if (org.teams.size >= 4) {
      const team = pick(org.teams.keys()) ?? "";
      await removeTeam(org.owner, { id: team });
      org.teams.delete(team);
      for (const connection of org.connections.values()) if (connection.teams.delete(team)) connection.version += 1;
      return;
    }
    number += 1;
    const membershipIds = some(org.members.keys(), 0.4);
    const { id } = await createTeam(org.owner, { name: `Team ${number}`, membershipIds });
    org.teams.set(id, new Set(membershipIds));
  },
  person: async (org) => {
    if (org.members.size < 7) return addMember(org);
    const id = pick(some(org.members.keys(), 1).filter((member) => member !== org.owner.membershipId)) ?? "";
    await removeMember(org.owner, { id });
    org.members.delete(id);
    for (const team of org.teams.values()) team.delete(id);
    for (const { members } of org.connections.values()) members.delete(id);
  },
  role: async (org) => {
    const member = pick([...org.members.values()].filter(({ actor }) => actor.membershipId !== org.owner.membershipId));
    if (!member) return;
    member.role = pick(["admin", "member", "owner"] as const) ?? "member";
    await changeRole(org.owner, { id: member.actor.membershipId, role: member.role });
  },
  connection: async (org) => {
    if (org.connections.size < 5) return addConnection(org);
    const id = pick(org.connections.keys()) ?? "";
    await remove(org.owner, { id });
    org.connections.delete(id);
  },
  rollout: async (org) => {
    org.rollout = pick(["enabled", "enabled", "disabled", "dark"] as const) ?? "enabled";
    await db.organization.update({ where: { id: org.id }, data: { rollout: org.rollout } });
    changed(org.id);
  },
  gate: async () => {
    env.CONNECTIONS_GATING = random() < 0.6;
    // A setting: it changes only with a restart, which forgets everything.
    for (const { id } of orgs) changed(id);
    return Promise.resolve();
  },
};
const weighted = [
  "grant",
  "grant",
  "grant",
  "grant",
  "members",
  "members",
  "team",
  "person",
  "role",
  "connection",
  "rollout",
  "rollout",
  "gate",
];

async function executes(actor: Actor, connectionId: string): Promise<boolean> {
  try {
    await executeCapability({ name: `mcp:${connectionId}:*` }, { actor, signal: new AbortController().signal }, new CallRecord(actor));
    return true;
  } catch (error) {
    if (error instanceof ToolError && error.body.error === "unknown_capability") return false;
    throw error;
  }
}

/** Somebody of any organization, also somebody who was removed, looks at one of theirs and at one of the others. */
async function check(gone: readonly { org: Org; actor: Actor }[], step: string): Promise<void> {
  const org = pick(orgs);
  const member = pick(org?.members.values() ?? []);
  const asked = random() < 0.1 ? pick(gone) : org && member && { org, actor: member.actor };
  if (!asked) return;
  const actor: Actor = { ...asked.actor, via: "agent_token", scopes: ["mcp:read", "mcp:write"] };
  const may = usable(asked.org, actor.membershipId);
  const wanted = pick(orgs.flatMap(({ connections }) => [...connections.keys()])) ?? "";
  const listed = await list(actor, { scope: "usable" });
  const found = await search(actor, { query: ["probe"], limit: 20, detail: "brief" });
  const ran = await executes(actor, wanted);
  const seen = {
    list: listed.map(({ id }) => id).sort(),
    search: found.matches.map(({ name }) => name.split(":")[1]).sort(),
    states: found.connections.length,
    execute: ran,
  };
  expect({ step, ...seen }).toEqual({ step, list: may, search: may, states: 0, execute: may.includes(wanted) });
}

beforeAll(async () => {
  await resetDatabase();
  for (const name of ["Acme", "Globex"]) {
    const row = await createOrganization(name);
    const { actor } = await createMember(row, { role: "owner" });
    const org: Org = {
      id: row.id,
      name,
      owner: actor,
      rollout: "disabled",
      members: new Map([[actor.membershipId, { actor, role: "owner" }]]),
      teams: new Map(),
      connections: new Map(),
    };
    orgs.push(org);
    for (let count = 0; count < 4; count += 1) {
      await addMember(org);
      await addConnection(org);
    }
  }
});
afterAll(async () => {
  env.CONNECTIONS_GATING = false;
  await flushCalls();
});

test(
  `${steps.toLocaleString("en")} random steps (PROPERTY_SEED=${seed}): list, search and execute agree with the model`,
  { timeout: 600_000 },
  async () => {
    const gone: { org: Org; actor: Actor }[] = [];
    for (let step = 0; step < steps; step += 1) {
      const org = pick(orgs);
      const move = pick(weighted) ?? "grant";
      if (!org) continue;
      const before = new Map(org.members);
      await moves[move]?.(org);
      for (const [id, { actor }] of before) if (!org.members.has(id)) gone.push({ org, actor });
      await check(gone, `step ${step}: ${move}`);
    }
  },
);
