// The operator's commands about organizations and who belongs to them.
import { randomUUID } from "node:crypto";

import { type TokenScope, tokenScopes } from "#server/auth/actor.ts";
import { hashPassword } from "#server/auth/password.ts";
import { resetPassword } from "#server/auth/reset-password.ts";
import { db, Role, transaction } from "#server/db.ts";
import { changed } from "#server/freshness.ts";
import { emailAddress, organizationName, personName } from "#server/orgs/account.ts";
import { createOrganization } from "#server/orgs/create-organization.ts";
import { invite, inviteInput } from "#server/orgs/invite.ts";
import { listMembers } from "#server/orgs/list-members.ts";
import { changeRole, removeMember } from "#server/orgs/members.ts";
import { parseInput } from "#server/parse.ts";
import { randomSecret } from "#server/seal.ts";
import { create as createToken, createTokenInput } from "#server/tokens/create.ts";

import { actorIn, type Answer, type Command, given, memberOf, operator, type Options, table, Usage } from "./command.ts";

function roleGiven(text: string): Role {
  const role = Object.values(Role).find((known) => known === text);
  if (!role) throw new Usage("--role is owner, admin or member.");
  return role;
}

function scopesGiven(text: string): TokenScope[] {
  return text.split(",").map((word) => {
    const scope = tokenScopes.find((known) => known === word.trim());
    if (!scope) throw new Usage(`--scopes is a comma-separated list of: ${tokenScopes.join(", ")}.`);
    return scope;
  });
}

function daysGiven(text: string): number {
  if (!/^\d+$/.test(text)) throw new Usage("--days is a number of days.");
  return Number(text);
}

async function createOrg(options: Options): Promise<Answer> {
  const name = parseInput(organizationName, given(options, "name"));
  const email = parseInput(emailAddress, given(options, "owner-email"));
  const known = await db.user.findUnique({ where: { email }, select: { id: true, name: true } });
  const password = known ? null : randomSecret(12);
  const passwordHash = password === null ? "" : await hashPassword(password);
  const { org } = await transaction(async (tx) => {
    const ownerName = parseInput(personName, options["owner-name"] ?? email.split("@")[0]);
    const user = known ?? (await tx.user.create({ data: { email, name: ownerName, passwordHash } }));
    return createOrganization(tx, { name, user, by: operator, requestId: randomUUID() });
  });
  changed(org.id);
  const secret = password === null ? "The owner signs in with the password they have." : `One-time password of the owner: ${password}`;
  return { data: { slug: org.slug, owner: email, password }, lines: [`Made ${org.slug}.`, secret] };
}

async function listOrgs(): Promise<Answer> {
  const rows = await db.organization.findMany({
    select: { slug: true, name: true, rollout: true, _count: { select: { memberships: true, connections: true } } },
    orderBy: { slug: "asc" },
  });
  const data = rows.map(({ _count, ...org }) => ({ ...org, members: _count.memberships, connections: _count.connections }));
  const cells = data.map(({ slug, name, members, connections }) => [slug, name, `${members} members`, `${connections} connections`]);
  return { data, lines: table(cells) };
}

async function mintToken(options: Options): Promise<Answer> {
  const scopes = scopesGiven(options.scopes ?? "mcp:read,mcp:write");
  const expiresInDays = daysGiven(options.days ?? "30");
  const actor = await actorIn(given(options, "org"));
  const member = await memberOf(actor, given(options, "email"));
  const input = parseInput(createTokenInput, { name: given(options, "name"), scopes, expiresInDays });
  const made = await createToken({ ...actor, membershipId: member.id, role: member.role }, input);
  changed(actor.orgId);
  return { data: made, lines: [made.token] };
}

export const peopleCommands: Readonly<Record<string, Command>> = {
  "org list": { needs: [], takes: [], usage: "", about: "every organization", run: listOrgs },
  "org create": {
    needs: ["name", "owner-email"],
    takes: ["owner-name"],
    usage: "--name <name> --owner-email <address> [--owner-name <name>]",
    about: "a new organization; a new owner gets a one-time password",
    run: createOrg,
  },
  "member list": {
    needs: ["org"],
    takes: [],
    usage: "--org <slug>",
    about: "who belongs to an organization",
    run: async (options) => {
      const members = await listMembers(await actorIn(given(options, "org")));
      const data = members.map(({ email, name, role, accounts, tokens }) => ({ email, name, role, accounts, tokens }));
      return { data, lines: table(data.map(({ email, name, role }) => [email, name, role])) };
    },
  },
  "member invite": {
    needs: ["org", "email"],
    takes: ["role"],
    usage: "--org <slug> --email <address> [--role owner|admin|member]",
    about: "an invitation link, good for seven days",
    run: async (options) => {
      const role = roleGiven(options.role ?? "member");
      const actor = await actorIn(given(options, "org"));
      const made = await invite(actor, parseInput(inviteInput, { email: given(options, "email"), role }));
      changed(actor.orgId);
      return { data: made, lines: [made.link, ...(made.mail === "sent" ? ["It was sent by e-mail, too."] : [])] };
    },
  },
  "member role": {
    needs: ["org", "email", "role"],
    takes: [],
    usage: "--org <slug> --email <address> --role owner|admin|member",
    about: "another role for a member",
    run: async (options) => {
      const role = roleGiven(given(options, "role"));
      const actor = await actorIn(given(options, "org"));
      const { id } = await memberOf(actor, given(options, "email"));
      const saved = await changeRole(actor, { id, role });
      return { data: saved, lines: [`Saved: ${saved.role}.`] };
    },
  },
  "member remove": {
    needs: ["org", "email"],
    takes: [],
    usage: "--org <slug> --email <address>",
    about: "removes a member with everything that is theirs",
    run: async (options) => {
      const actor = await actorIn(given(options, "org"));
      const removed = await removeMember(actor, await memberOf(actor, given(options, "email")));
      return { data: removed, lines: ["Removed."] };
    },
  },
  "user reset-password": {
    needs: ["email"],
    takes: [],
    usage: "--email <address>",
    about: "a new random password; ends the person's sessions",
    run: async (options) => {
      const email = parseInput(emailAddress, given(options, "email"));
      const { password } = await resetPassword({ email, by: operator, requestId: randomUUID() });
      return { data: { email, password }, lines: [`New password: ${password}`] };
    },
  },
  "token create": {
    needs: ["org", "email", "name"],
    takes: ["scopes", "days"],
    usage: "--org <slug> --email <address> --name <name> [--scopes mcp:read,mcp:write|admin] [--days <n>]",
    about: "a token that acts as this member; shown once",
    run: mintToken,
  },
};
