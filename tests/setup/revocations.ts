// Every way to lose a right, and what calls see of it that go on all the while: used inside one process and across several.
import { expect } from "vitest";

import type { ToolErrorName } from "#server/agent/tool-error.ts";
import type { Actor } from "#server/auth/actor.ts";
import { connect } from "#server/connections/connect.ts";
import { create as createConnection } from "#server/connections/create.ts";
import { disconnect } from "#server/connections/disconnect.ts";
import { refresh } from "#server/connections/refresh.ts";
import { remove } from "#server/connections/remove.ts";
import type { CreateInput } from "#server/connections/schema.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { replace } from "#server/grants/replace.ts";
import { rejectCredential } from "#server/oauth/tokens.ts";
import { leaveOrganization, removeMember } from "#server/orgs/members.ts";
import { setRollout } from "#server/orgs/rollout.ts";
import { revokeAgent, revokeAgents } from "#server/signin/grants.ts";
import { removeTeam, replaceTeamMembers } from "#server/teams/teams.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { revoke } from "#server/tokens/revoke.ts";
import { createMember, createTeam, type Person } from "#prisma/factories.ts";
import { echoTool, type FakeTool, type FakeUpstream } from "#tests/fakes/mcp-upstream.ts";

import { signInAgent } from "./signed-in-agent.ts";

/** Where calls are made, and for how many milliseconds after a change an old right may still be good there. */
export interface Place {
  origin: string;
  boundMs: number;
}

/** The organization whose owner changes things while a member's agent calls. */
export interface Stage {
  owner: Person;
  upstream: FakeUpstream;
  places: readonly Place[];
}

/** What an agent calls, and what then takes the right to it away. */
interface Scene {
  token: string;
  name: string;
  given?: Record<string, unknown>;
  change: () => Promise<unknown>;
  /** What each refusal has to name, where calls could fail for another reason as well. */
  error?: ToolErrorName;
  /** Whether a search has to find it before, and not after; it has unless this is false. */
  isSearched?: false;
}

const nobody = { organization: false, membershipIds: [], teamIds: [] };
const everyone = { ...nobody, organization: true };
/** Echoes, and one with more to say than is answered inline. */
export const tools: FakeTool[] = [
  echoTool,
  { name: "export", run: () => ({ content: [{ type: "text", text: "line\n".repeat(100_000) }] }) },
];

const tokenOf = (actor: Actor) => createToken(actor, { name: "agent", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 });
let number = 0;

async function member({ owner }: Stage): Promise<Person> {
  return createMember({ id: owner.actor.orgId, name: owner.actor.orgName });
}

async function connection({ owner, upstream }: Stage, more: Partial<CreateInput> = {}): Promise<string> {
  number += 1;
  const plain = { name: `Server ${number}`, url: upstream.url, authType: "none", credentialMode: "shared", access: everyone } as const;
  return (await createConnection(owner.actor, { ...plain, ...more })).id;
}

async function version(id: string): Promise<number> {
  return (await db.connection.findUniqueOrThrow({ where: { id }, select: { version: true } })).version;
}

const revokeAll = async ({ owner }: Stage, connectionId: string) =>
  replace(owner.actor, { connectionId, version: await version(connectionId), access: nobody });

/** A scene on a connection of its own, with a member and a token of their own. */
async function scene(
  stage: Stage,
  change: (of: { id: string; person: Person; tokenId: string }) => Promise<unknown>,
  access: (person: Person) => CreateInput["access"] = () => everyone,
): Promise<Scene> {
  const person = await member(stage);
  const [id, { id: tokenId, token }] = [await connection(stage, { access: access(person) }), await tokenOf(person.actor)];
  return { token, name: `mcp:${id}:echo`, change: () => change({ id, person, tokenId }) };
}

async function inTeam(stage: Stage, change: (of: { id: string; teamId: string }) => Promise<unknown>): Promise<Scene> {
  const person = await member(stage);
  number += 1;
  const { id: teamId } = await createTeam({ id: stage.owner.actor.orgId }, `Team ${number}`, [person.membershipId]);
  const id = await connection(stage, { access: { ...nobody, teamIds: [teamId] } });
  return { token: (await tokenOf(person.actor)).token, name: `mcp:${id}:echo`, change: () => change({ id, teamId }) };
}

/** Milliseconds from the making of a token to its end: time enough to be used before. */
const shortLifeMs = 4_000;

async function expiring(stage: Stage): Promise<Scene> {
  const made = await scene(stage, () => Promise.resolve());
  const { id } = await db.agentToken.findFirstOrThrow({ orderBy: { createdAt: "desc" }, select: { id: true } });
  const expiresAt = new Date(Date.now() + shortLifeMs);
  await db.agentToken.update({ where: { id }, data: { expiresAt } });
  // A first search may take what is left of its life.
  return {
    ...made,
    isSearched: false,
    change: () => expect.poll(() => Date.now() > expiresAt.getTime(), { timeout: 2 * shortLifeMs }).toBe(true),
  };
}

async function ownAccount(stage: Stage, change: (of: { id: string; person: Person }) => Promise<unknown>): Promise<Scene> {
  const person = await member(stage);
  const id = await connection(stage, { authType: "api_key", credentialMode: "per_member" });
  await connect(person.actor, { id, apiKey: "key-of-this-member" });
  const { token } = await tokenOf(person.actor);
  return { token, name: `mcp:${id}:echo`, change: () => change({ id, person }) };
}

/** The mark that a call leaves when the provider says so: this server takes any key, so that nothing but the mark keeps calls from it. */
async function refusedAccount(stage: Stage): Promise<Scene> {
  const made = await ownAccount(stage, async ({ id, person: { actor, membershipId } }) => {
    const where = { connectionId_holder: { connectionId: id, holder: membershipId } };
    const credential = await db.credential.findUniqueOrThrow({ where, select: { id: true, revision: true } });
    const key = { orgId: actor.orgId, connectionId: id, holder: membershipId, url: stage.upstream.url, credential };
    await rejectCredential(key, "The provider said that the key is not valid any more.");
  });
  return { ...made, error: "reconnect_required" };
}

/** The server would say itself that it has no such tool: the call must not even get there. */
async function droppedTool(stage: Stage): Promise<Scene> {
  const made = await scene(stage, async ({ id }) => {
    stage.upstream.tools = stage.upstream.tools.filter(({ name }) => name !== echoTool.name);
    await refresh(stage.owner.actor, { id });
  });
  return { ...made, error: "unknown_capability" };
}

async function signedIn(
  stage: Stage,
  change: (of: { person: Person; grantId: string }) => Promise<unknown>,
  seconds?: number,
): Promise<Scene> {
  const person = await member(stage);
  const [id, origin] = [await connection(stage), stage.places[0]?.origin ?? ""];
  const { token, grantId } = await signInAgent(person.actor, origin, ["mcp:read", "mcp:write"], seconds);
  return { token, name: `mcp:${id}:echo`, change: () => change({ person, grantId }) };
}

async function expiringSignIn(stage: Stage): Promise<Scene> {
  const seconds = shortLifeMs / 1_000;
  const endsAt = (Math.floor(Date.now() / 1_000) + seconds + 1) * 1_000;
  const wait = () => expect.poll(() => Date.now() > endsAt, { timeout: 2 * shortLifeMs }).toBe(true);
  return { ...(await signedIn(stage, wait, seconds)), isSearched: false };
}

async function keptResult(stage: Stage): Promise<Scene> {
  const person = await member(stage);
  const id = await connection(stage, { access: { ...nobody, membershipIds: [person.membershipId] } });
  const { token } = await tokenOf(person.actor);
  const said = await execute(stage.places[0]?.origin ?? "", token, `mcp:${id}:export`, {});
  const resultId = /\\"id\\": \\"([^\\"]+)\\"/.exec(said.text)?.[1] ?? "";
  // An operation of Gatehouse itself is found by everybody.
  return { token, name: "gatehouse:results.read", given: { id: resultId }, isSearched: false, change: () => revokeAll(stage, id) };
}

/** Each right by the way it is lost. */
export const revocations: Record<string, (stage: Stage) => Promise<Scene>> = {
  "a token is revoked": (stage) => scene(stage, ({ person, tokenId }) => revoke(person.actor, { id: tokenId })),
  "a token ends": expiring,
  "a signed-in agent is signed out": (stage) => signedIn(stage, ({ person, grantId }) => revokeAgent(person.actor, { id: grantId })),
  "all agents of a member are signed out": (stage) => signedIn(stage, ({ person }) => revokeAgents(person.actor)),
  "the access token of a signed-in agent ends": expiringSignIn,
  "a member is removed": (stage) => scene(stage, ({ person }) => removeMember(stage.owner.actor, { id: person.membershipId })),
  "a member leaves": (stage) => scene(stage, ({ person }) => leaveOrganization(person.actor)),
  "a member's own grant goes": (stage) =>
    scene(
      stage,
      ({ id }) => revokeAll(stage, id),
      ({ membershipId }) => ({ ...nobody, membershipIds: [membershipId] }),
    ),
  "everybody's grant goes": (stage) => scene(stage, ({ id }) => revokeAll(stage, id)),
  "a team's grant goes": (stage) => inTeam(stage, ({ id }) => revokeAll(stage, id)),
  "a member is taken out of a team": (stage) =>
    inTeam(stage, ({ teamId }) => replaceTeamMembers(stage.owner.actor, { id: teamId, membershipIds: [] })),
  "a team is removed": (stage) => inTeam(stage, ({ teamId }) => removeTeam(stage.owner.actor, { id: teamId })),
  "a connection is switched off": (stage) =>
    scene(stage, async ({ id }) => update(stage.owner.actor, { id, version: await version(id), enabled: false })),
  "a connection is removed": (stage) => scene(stage, ({ id }) => remove(stage.owner.actor, { id })),
  "a connection is disconnected": (stage) => scene(stage, ({ id }) => disconnect(stage.owner.actor, { id })),
  "a member disconnects their own account": (stage) =>
    ownAccount(stage, ({ id, person: { actor, membershipId } }) => disconnect(actor, { id, membershipId })),
  "keys go in another header, so that those at hand are forgotten": async (stage) => {
    const change = async ({ id }: { id: string }) =>
      update(stage.owner.actor, { id, version: await version(id), headerName: "X-Other-Key" });
    return { ...(await ownAccount(stage, change)), error: "needs_connection" };
  },
  "a member's own account is refused by its provider": refusedAccount,
  "a tool is dropped by its server": droppedTool,
  "the grant behind a kept result goes": keptResult,
  "connections are switched off for members": (stage) => scene(stage, () => setRollout(stage.owner.actor, { rollout: "disabled" })),
  "connections go dark": (stage) => scene(stage, () => setRollout(stage.owner.actor, { rollout: "dark" })),
};

interface Call {
  place: Place;
  text: string;
  began: number;
  isAccepted: boolean;
  answer: string;
}

/** One call of a tool of the door, as an agent makes it. */
async function ask(origin: string, token: string, tool: string, given: object): Promise<{ isAccepted: boolean; text: string }> {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    // An address of its own for each token, where a proxy is trusted: the brake on addresses that send bad ones is not what is tested.
    "x-forwarded-for": `10.0.${token.charCodeAt(10)}.${token.charCodeAt(11)}`,
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: given } });
  const response = await fetch(`${origin}/mcp/agent`, { method: "POST", headers, body });
  const text = await response.text();
  return { isAccepted: response.ok && text.includes('"result":') && !text.includes('"isError":true'), text };
}

export const execute = (origin: string, token: string, name: string, given: object) =>
  ask(origin, token, "execute_capability", { name, arguments: given });

/** At how many places a search finds a connection's tool. */
async function findings({ places }: Stage, { token, name }: Scene): Promise<number> {
  const answers = await Promise.all(places.map(({ origin }) => ask(origin, token, "search_capabilities", { query: "echo text" })));
  return answers.filter(({ text }) => text.includes(name)).length;
}

/** Calls of each place before the change that have to be answered, and after it that have to be refused. */
const enough = 10;
const workersPerPlace = 2;

/**
 * Calls all the time at every place, makes the change in the middle, and goes on for a while. Returns the calls that began when the right was gone
 * for certain and were accepted all the same, reached the server although they were refused, or were refused as something else; how many began then
 * at all; and at how many places a search still found then what cannot be called.
 */
export async function callsAround(stage: Stage, made: Scene): Promise<{ late: Call[]; refused: number; found: number }> {
  const { token, name, given, change, error = "", isSearched = true } = made;
  const calls: Call[] = [];
  let isOver = false;
  const worker = async (place: Place) => {
    while (!isOver) {
      const text = crypto.randomUUID();
      const began = Date.now();
      const { isAccepted, text: answer } = await execute(place.origin, token, name, given ?? { text });
      calls.push({ place, text, began, isAccepted, answer });
    }
  };
  const workers = stage.places.flatMap((place) => Array.from({ length: workersPerPlace }, () => worker(place)));
  const atEach = (count: (ofPlace: Call[]) => number) =>
    Math.min(...stage.places.map((place) => count(calls.filter((call) => call.place === place))));
  let acknowledged = Infinity;
  let found = 0;
  const isLate = ({ began, place }: Call) => began > acknowledged + place.boundMs;
  try {
    await expect.poll(() => atEach(({ length }) => length), { timeout: 20_000 }).toBeGreaterThanOrEqual(enough);
    if (isSearched) expect(await findings(stage, made)).toBe(stage.places.length);
    await change();
    acknowledged = Date.now();
    await expect.poll(() => atEach((own) => own.filter(isLate).length), { timeout: 20_000 }).toBeGreaterThanOrEqual(enough);
    found = isSearched ? await findings(stage, made) : 0;
  } finally {
    isOver = true;
    await Promise.all(workers);
  }
  // Before anything changed every one of them was answered.
  expect(calls.slice(0, enough).filter(({ isAccepted }) => !isAccepted)).toEqual([]);
  const reached = JSON.stringify(stage.upstream.received.map(({ params }) => params));
  const after = calls.filter(isLate);
  const isWrong = ({ isAccepted, text, answer }: Call) => isAccepted || reached.includes(text) || !answer.includes(error);
  return { late: after.filter(isWrong), refused: after.length, found };
}
