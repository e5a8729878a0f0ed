// The access matrix: every procedure of the machine interface and both tools, for everybody there is. It is made from the router itself:
// a procedure without a row fails, and so does a row without a procedure.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { asResponse } from "#server/agent/agent-request.ts";
import { handleAgentRequest } from "#server/agent/endpoint.ts";
import { capabilityFor, runForPerson } from "#server/agent/playground.ts";
import type { Actor } from "#server/auth/actor.ts";
import { authenticate } from "#server/auth/authenticate.ts";
import { startSession } from "#server/auth/sessions.ts";
import { create } from "#server/connections/create.ts";
import { db, transaction } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { keep } from "#server/results/keep.ts";
import { invite } from "#server/orgs/invite.ts";
import { removeMember } from "#server/orgs/members.ts";
import { explainedSearch } from "#server/search/explained-search.ts";
import { create as createToken } from "#server/tokens/create.ts";
import { procedures } from "#server/trpc/agent-operations.ts";
import { createCaller } from "#server/trpc/root.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization, createTeam, type Person } from "#prisma/factories.ts";
import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { type OAuthUpstream, startOAuthUpstream } from "#tests/fakes/oauth-upstream.ts";
import { agentRequestOf } from "#tests/setup/agent-request.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";

useDatabase();

const personas = [
  "signed out",
  "removed",
  "agent token",
  "other organization",
  "no grant",
  "team grant",
  "direct grant",
  "admin",
  "owner",
] as const;
type Persona = (typeof personas)[number];
type Outcome = "EXPIRED" | "ok" | "UNAUTHENTICATED" | "FORBIDDEN" | "NOT_FOUND" | "CONFLICT";

/** Stands in every name of the organization under test: whoever may not see it must never be answered with it. */
const mark = "Zanzibar";

let upstream: FakeUpstream;
let provider: OAuthUpstream;
let invited = 0;

interface World {
  actors: Record<Persona, Actor | null>;
  people: Record<"owner" | "admin" | "ungranted" | "viaTeam" | "direct" | "stranger", Person>;
  connectionId: string;
  ownKeyId: string;
  oauthId: string;
  teamId: string;
  otherTeamId: string;
  invitationId: string;
  requestId: string;
  tokenId: string;
  resultId: string;
}

/** The actor behind a real session, as the host finds it for each request. */
async function signedIn({ actor }: Person): Promise<string> {
  return transaction((tx) => startSession(tx, { userId: actor.userId, orgId: actor.orgId }, actor.origin));
}

async function actorOf(headers: Record<string, string>): Promise<Actor | null> {
  return (await authenticate({ headers, origin: "http://gatehouse.test", requestId: "matrix" })).actor;
}

async function build(): Promise<World> {
  await resetDatabase();
  const org = await createOrganization(`${mark} Trading`);
  const person = (name: string, role: "owner" | "admin" | "member" = "member") =>
    createMember(org, { name: `${mark} ${name}`, role, email: `${name.toLowerCase()}@zanzibar.example` });
  const [owner, admin, ungranted, viaTeam, direct, removed] = [
    await person("Owner", "owner"),
    await person("Admin", "admin"),
    await person("Ungranted"),
    await person("Teammate"),
    await person("Direct"),
    await person("Removed", "admin"),
  ];
  const stranger = await createMember(await createOrganization("Elsewhere"), { role: "owner", name: "Stranger" });
  const team = await createTeam(org, `${mark} Support`, [viaTeam.membershipId]);
  const otherTeam = await createTeam({ id: stranger.actor.orgId }, "Their team");
  const access = { organization: false, membershipIds: [direct.membershipId], teamIds: [team.id] };
  const { id: connectionId } = await create(owner.actor, {
    name: `${mark} Books`,
    url: upstream.url,
    authType: "none",
    credentialMode: "shared",
    access,
  });
  const row = async (name: string, authType: "api_key" | "oauth", url: string) => {
    const id = `zanzibar${authType.slice(0, 3)}1`;
    const grants = {
      create: [
        { grantee: `membership:${direct.membershipId}`, membershipId: direct.membershipId },
        { grantee: `team:${team.id}`, teamId: team.id },
      ],
    };
    await db.connection.create({
      data: { id, orgId: org.id, name: `${mark} ${name}`, nameKey: name, url, authType, credentialMode: "per_member", grants },
    });
    return id;
  };
  const ownKeyId = await row("keys", "api_key", upstream.url);
  const oauthId = await row("ledger", "oauth", provider.url);
  // Another address in each world: one is invited five times an hour at the most.
  invited += 1;
  const email = `new${invited}@zanzibar.example`;
  const invitation = await invite(owner.actor, { email, role: "member", teamIds: [], connectionIds: [] });
  await db.connection.updateMany({ where: { id: connectionId }, data: { requestable: true } });
  const request = await db.accessRequest.create({ data: { connectionId, membershipId: ungranted.membershipId } });
  // Of the member with a direct grant: whoever else asks for it must not find it.
  const own = await createToken(direct.actor, { name: `${mark} token`, scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 });
  const resultId = await keep(direct.actor, connectionId, `${mark} result`);

  const gone = { cookie: await signedIn(removed) };
  const goneToken = await createToken(removed.actor, { name: "api", scopes: ["admin"], expiresInDays: 1 });
  await removeMember(owner.actor, { id: removed.membershipId });
  changed(org.id);
  expect(await actorOf({ authorization: `Bearer ${goneToken.token}` }).catch(() => null)).toBeNull();
  const session = async (who: Person) => actorOf({ cookie: await signedIn(who) });
  return {
    actors: {
      "signed out": null,
      removed: await actorOf(gone),
      // An agent's token is no way into the machine interface.
      "agent token": await actorOf({ authorization: `Bearer ${own.token}` }).catch(() => null),
      "other organization": await session(stranger),
      "no grant": await session(ungranted),
      "team grant": await session(viaTeam),
      "direct grant": await session(direct),
      admin: await session(admin),
      owner: await session(owner),
    },
    people: { owner, admin, ungranted, viaTeam, direct, stranger },
    connectionId,
    ownKeyId,
    oauthId,
    teamId: team.id,
    otherTeamId: otherTeam.id,
    invitationId: invitation.id,
    requestId: request.id,
    tokenId: own.id,
    resultId,
  };
}

interface Row {
  input?: (world: World) => unknown;
  /** What each persona gets; who is not named gets the value of `rest`. Nobody who is not signed in gets anything. */
  rest: Outcome;
  but?: Partial<Record<Persona, Outcome>>;
}

/** Everybody who is signed in. */
const open = (input?: Row["input"]): Row => ({ rest: "ok", ...(input ? { input } : {}) });
/** Owners and admins of the organization itself; a stranger's own organization answers about itself. */
const admins = (input?: Row["input"]): Row => ({
  rest: "FORBIDDEN",
  but: { admin: "ok", owner: "ok", "other organization": "ok" },
  ...(input ? { input } : {}),
});
/** The same for one thing of the organization, which does not exist for a stranger. */
const adminsOf = (input: Row["input"]): Row => ({ ...admins(input), but: { admin: "ok", owner: "ok", "other organization": "NOT_FOUND" } });
/** Whoever has a grant; no role opens it. */
const granted = (input: Row["input"]): Row => ({
  rest: "NOT_FOUND",
  but: { "team grant": "ok", "direct grant": "ok" },
  ...(input ? { input } : {}),
});

const nobody = { organization: false, membershipIds: [], teamIds: [] };
const rows: Record<string, Row> = {
  "agent.list": open(),
  "agent.listAll": admins(),
  "agent.revoke": { rest: "NOT_FOUND", input: () => ({ id: "nobody-signed-in-with-this" }) },
  "agent.revokeAll": open(),
  "agentToken.list": open(),
  "agentToken.create": open(() => ({ name: "agent", scopes: ["mcp:read"], expiresInDays: 1 })),
  "agentToken.revoke": { rest: "NOT_FOUND", but: { "direct grant": "ok" }, input: ({ tokenId }) => ({ id: tokenId }) },
  "audit.list": admins(),
  "connection.list": open(),
  "connection.byId": adminsOf(({ connectionId }) => ({ id: connectionId })),
  "connection.tools": granted(({ connectionId }) => ({ id: connectionId })),
  "connection.presets": open(),
  "connection.preflight": admins(() => ({ text: upstream.url })),
  "connection.create": admins(() => ({ name: "Another", url: upstream.url, authType: "none", credentialMode: "shared", access: nobody })),
  "connection.update": adminsOf(({ connectionId }) => ({ id: connectionId, version: 1, name: "Renamed" })),
  "connection.connect": granted(({ ownKeyId }) => ({ id: ownKeyId, apiKey: "key" })),
  "connection.disconnect": {
    input: ({ connectionId }) => ({ id: connectionId }),
    rest: "FORBIDDEN",
    // Who was not granted it does not even learn that it is there to be forbidden.
    but: { "no grant": "NOT_FOUND", admin: "ok", owner: "ok", "other organization": "NOT_FOUND" },
  },
  "connection.refresh": {
    input: ({ connectionId }) => ({ id: connectionId }),
    rest: "ok",
    but: { "no grant": "NOT_FOUND", "other organization": "NOT_FOUND" },
  },
  // The caller's own usable connections, whichever those are.
  "connection.refreshUsable": open(),
  "connection.reviewTools": adminsOf(({ connectionId }) => ({ id: connectionId, asOf: new Date().toISOString() })),
  "connection.remove": adminsOf(({ connectionId }) => ({ id: connectionId })),
  "grant.list": adminsOf(({ connectionId }) => ({ connectionId })),
  "grant.replace": adminsOf(({ connectionId }) => ({ connectionId, version: 1, access: nobody })),
  "grant.explain": adminsOf(({ connectionId, people }) => ({ connectionId, membershipId: people.direct.membershipId })),
  "grant.mine": open(),
  "grant.requestable": open(),
  "grant.request": {
    input: ({ connectionId }) => ({ connectionId }),
    rest: "ok",
    // Those who can use it have nothing to ask for.
    but: { "team grant": "NOT_FOUND", "direct grant": "NOT_FOUND", "other organization": "NOT_FOUND" },
  },
  "grant.requests": admins(),
  "grant.answer": adminsOf(({ requestId }) => ({ id: requestId, approve: true })),
  "invitation.list": admins(),
  "invitation.create": admins(() => ({ email: "somebody@else.example" })),
  "invitation.renew": adminsOf(({ invitationId }) => ({ id: invitationId })),
  "invitation.revoke": adminsOf(({ invitationId }) => ({ id: invitationId })),
  "member.me": open(),
  "member.list": admins(),
  "member.admins": open(),
  "member.changeRole": adminsOf(({ people }) => ({ id: people.direct.membershipId, role: "admin" })),
  "member.remove": adminsOf(({ people }) => ({ id: people.direct.membershipId })),
  // The last owner of an organization cannot go.
  "member.leave": { rest: "ok", but: { owner: "CONFLICT", "other organization": "CONFLICT" } },
  "oauth.begin": granted(({ oauthId }) => ({ connectionId: oauthId })),
  // Nobody but who began an attempt finds it; that they do is tested with the sign-in.
  "oauth.status": { rest: "NOT_FOUND", input: () => ({ attemptId: "nobody-began-this" }) },
  "organization.list": open(),
  "organization.signUp": open(),
  "organization.read": admins(),
  // Sign-up is closed here.
  "organization.create": { rest: "FORBIDDEN", input: () => ({ name: "Mine" }) },
  "organization.switch": {
    rest: "ok",
    but: { "other organization": "NOT_FOUND" },
    input: ({ people }) => ({ id: people.owner.actor.orgId }),
  },
  "organization.update": admins(() => ({ name: "Renamed" })),
  // Nobody learns whether a result was ever there.
  "results.read": { rest: "EXPIRED", but: { "direct grant": "ok" }, input: ({ resultId }) => ({ id: resultId }) },
  "search.preview": open(() => ({ query: "echo text" })),
  "team.list": admins(),
  "team.create": admins(() => ({ name: "New team" })),
  "team.rename": adminsOf(({ teamId }) => ({ id: teamId, name: "Renamed" })),
  "team.replaceMembers": adminsOf(({ teamId }) => ({ id: teamId, membershipIds: [] })),
  "team.remove": adminsOf(({ teamId }) => ({ id: teamId })),
};

async function call(path: string, actor: Actor | null, input: unknown): Promise<{ outcome: string; text: string }> {
  let target: unknown = createCaller({ actor, requestId: "matrix" });
  for (const part of path.split(".")) target = Reflect.get(Object(target), part);
  if (typeof target !== "function") throw new Error(`There is no procedure ${path}.`);
  try {
    const result: unknown = await Reflect.apply(target, undefined, [input]);
    return { outcome: "ok", text: JSON.stringify(result ?? null) };
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : undefined;
    const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : String(error);
    return { outcome: code, text: error instanceof Error ? error.message : "" };
  }
}

const expected = (row: Row, persona: Persona): Outcome =>
  persona === "signed out" || persona === "removed" || persona === "agent token" ? "UNAUTHENTICATED" : (row.but?.[persona] ?? row.rest);

beforeAll(async () => {
  [upstream, provider] = await Promise.all([startUpstream(), startOAuthUpstream()]);
});
afterEach(() => closeAllSessions());
afterAll(async () => {
  await Promise.all([upstream.close(), provider.close()]);
});

test("every procedure has a row, and every row a procedure", () => {
  expect(Object.keys(rows).sort()).toEqual([...procedures().keys()].sort());
});

describe("every procedure x everybody", () => {
  for (const [path, row] of Object.entries(rows)) {
    test(path, async () => {
      let world = await build();
      const isMutation = procedures().get(path)?.type === "mutation";
      for (const persona of personas) {
        const before = isMutation ? await snapshot() : "";
        const { outcome, text } = await call(path, world.actors[persona], row.input?.(world));
        expect({ persona, outcome }).toEqual({ persona, outcome: expected(row, persona) });
        // Nothing of the organization reaches a stranger, whatever the outcome.
        if (persona === "other organization") expect(text).not.toContain(mark);
        // Nor does a connection reach a member who may neither use it nor ask for it.
        if (persona === "no grant" && path !== "grant.requestable") expect(text).not.toMatch(/Zanzibar (Books|keys|ledger)/);
        if (isMutation && outcome !== "ok") expect(await snapshot()).toBe(before);
        if (isMutation && outcome === "ok") world = await build();
      }
    });
  }
});

describe("both tools x everybody x scopes", () => {
  type Scopes = ("mcp:read" | "mcp:write")[];
  const granted = new Set<Persona>(["team grant", "direct grant"]);
  const members = personas.filter((persona) => persona !== "signed out" && persona !== "agent token");
  let world: World;
  const tokens = new Map<string, string>();
  const keyOf = (persona: Persona, scopes: Scopes) => `${persona} ${scopes.join(" ")}`;
  const scopeSets: Scopes[] = [["mcp:read"], ["mcp:write"], ["mcp:read", "mcp:write"]];

  beforeAll(async () => {
    world = await build();
    const leaver = await createMember({ id: world.people.owner.actor.orgId, name: mark }, { name: "Leaver" });
    const actors: Partial<Record<Persona, Actor | null>> = { ...world.actors, removed: leaver.actor };
    await db.accessGrant.create({
      data: { connectionId: world.connectionId, membershipId: leaver.membershipId, grantee: `membership:${leaver.membershipId}` },
    });
    for (const persona of members) {
      for (const scopes of scopeSets) {
        const actor = actors[persona];
        if (!actor) throw new Error(`Nobody is ${persona}.`);
        tokens.set(keyOf(persona, scopes), (await createToken(actor, { name: "agent", scopes, expiresInDays: 1 })).token);
      }
    }
    await removeMember(world.people.owner.actor, { id: leaver.membershipId });
  });

  async function ask(token: string | undefined, name: string, given: object): Promise<{ status: number; text: string; result: unknown }> {
    const answer = await handleAgentRequest(
      agentRequestOf(
        new Request("http://gatehouse.test/mcp/agent", {
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: given } }),
        }),
      ),
      {
        origin: "http://gatehouse.test",
        requestId: "matrix",
        address: "127.0.0.1",
        signal: new AbortController().signal,
        running: { cancel: () => undefined, whenOver: () => undefined },
      },
    );
    const response = asResponse(answer);
    const text = await response.text();
    const body: { result?: { structuredContent?: unknown; content?: unknown } } = JSON.parse(text);
    return { status: response.status, text, result: body.result?.structuredContent ?? body.result?.content };
  }

  for (const persona of personas) {
    for (const scopes of scopeSets) {
      test(`${persona} with ${scopes.join(" and ")}`, async () => {
        const token = tokens.get(keyOf(persona, scopes));
        const search = await ask(token, "search_capabilities", { query: "echo text" });
        const execute = await ask(token, "execute_capability", { name: `mcp:${world.connectionId}:echo`, arguments: { text: "hi" } });
        if (token === undefined || persona === "removed") {
          expect([search.status, execute.status]).toEqual([401, 401]);
          return;
        }
        expect([search.status, execute.status]).toEqual([200, 200]);
        const missing = { error: "insufficient_mcp_scope" };
        if (!scopes.includes("mcp:read")) expect(search.result).toMatchObject({ ...missing, requiredScope: "mcp:read" });
        else if (granted.has(persona)) expect(search.text).toContain(`mcp:${world.connectionId}:echo`);
        else expect(search.text).not.toContain(world.connectionId);

        if (!scopes.includes("mcp:write")) expect(execute.result).toMatchObject({ ...missing, requiredScope: "mcp:write" });
        else if (granted.has(persona)) expect(execute.result).toEqual([{ type: "text", text: "hi" }]);
        else expect(execute.result).toMatchObject({ error: "unknown_capability" });
        if (persona === "other organization") expect(search.text + execute.text).not.toContain(mark);
      });
    }
  }
});

describe("the playground x everybody", () => {
  test("those with a grant find and run; nobody else does, and no token stands for a person", async () => {
    const world = await build();
    const name = `mcp:${world.connectionId}:echo`;
    const { signal } = new AbortController();
    const run = { name, arguments: { text: "hi" } };
    for (const persona of personas) {
      const actor = world.actors[persona];
      if (!actor) continue;
      const isGranted = persona === "team grant" || persona === "direct grant";
      const { result } = await explainedSearch(actor, { query: "echo text" });
      expect({ persona, finds: JSON.stringify(result).includes(name) }).toEqual({ persona, finds: isGranted });
      const seen = await capabilityFor(actor, name).then(
        () => true,
        () => false,
      );
      expect({ persona, seen }).toEqual({ persona, seen: isGranted });
      const { error } = await runForPerson(actor, run, signal);
      expect({ persona, error: error?.error ?? null }).toEqual({ persona, error: isGranted ? null : "unknown_capability" });
      const asToken: Actor = { ...actor, via: "agent_token", scopes: ["mcp:read", "mcp:write"] };
      await expect(runForPerson(asToken, run, signal)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  test("it is no procedure, so no capability either", () => {
    expect([...procedures().keys()].filter((path) => /playground|run/i.test(path))).toEqual([]);
  });
});

/** How many rows every table has: what was refused must not have written anything. */
async function snapshot(): Promise<string> {
  const counts = await Promise.all([
    db.connection.findMany({ select: { id: true, version: true, name: true }, orderBy: { id: "asc" } }),
    db.accessGrant.count(),
    db.credential.count(),
    db.membership.findMany({ select: { id: true, role: true }, orderBy: { id: "asc" } }),
    db.team.findMany({ select: { id: true, name: true }, orderBy: { id: "asc" } }),
    db.teamMembership.count(),
    db.invitation.findMany({ select: { id: true, tokenHash: true }, orderBy: { id: "asc" } }),
    db.accessRequest.count(),
    db.agentToken.count({ where: { revokedAt: null } }),
    db.oAuthAttempt.count(),
    db.organization.findMany({ select: { id: true, name: true }, orderBy: { id: "asc" } }),
  ]);
  return JSON.stringify(counts);
}
