// The operator's commands, over the open database. They run in the command line itself or, while the product runs on its embedded database, in the product.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";

import { z } from "zod";

import { type Actor, tokenScopes } from "#server/auth/actor.ts";
import { hashPassword } from "#server/auth/password.ts";
import { resetPassword } from "#server/auth/reset-password.ts";
import { db, type Role, type Rollout, transaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import { DomainError, notFound } from "#server/errors.ts";
import { emailAddress, organizationName, personName } from "#server/orgs/account.ts";
import { createOrganization } from "#server/orgs/create-organization.ts";
import { invite, inviteInput } from "#server/orgs/invite.ts";
import { listMembers } from "#server/orgs/list-members.ts";
import { changeRole, removeMember } from "#server/orgs/members.ts";
import { readRollout, setRollout } from "#server/orgs/rollout.ts";
import { parseInput } from "#server/parse.ts";
import { randomSecret } from "#server/seal.ts";
import { create as createToken, createTokenInput } from "#server/tokens/create.ts";

import { reseal } from "./reseal.ts";

const operator = "operator";

/** What a command says: `data` for --json, `lines` for a person. */
interface Answer {
  data: unknown;
  lines: readonly string[];
}

/** Wrong words on the command line. */
class Usage extends Error {
  override readonly name = "Usage";
}

type Options = Record<string, string | undefined>;

interface Command {
  /** Behind the command's own words. */
  usage: string;
  about: string;
  run: (options: Options) => Promise<Answer>;
}

function given(options: Options, name: string): string {
  const value = options[name];
  if (value === undefined || value === "") throw new Usage(`--${name} is missing.`);
  return value;
}

const roleInput = z.enum(["owner", "admin", "member"], { error: "--role is owner, admin or member." });

/** The operator in one organization: may do everything there, belongs to nobody. */
async function actorIn(slug: string): Promise<Actor> {
  const org = await db.organization.findUnique({ where: { slug }, select: { id: true, name: true } });
  if (!org) throw notFound("organization");
  return {
    orgId: org.id,
    orgName: org.name,
    membershipId: "",
    userId: "",
    name: operator,
    role: "owner",
    via: "operator",
    tokenId: null,
    sessionId: null,
    scopes: [],
    origin: env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}`,
    requestId: randomUUID(),
  };
}

async function memberOf(actor: Actor, email: string): Promise<{ id: string; role: Role }> {
  const member = await db.membership.findFirst({
    where: { orgId: actor.orgId, user: { email: parseInput(emailAddress, email) } },
    select: { id: true, role: true },
  });
  if (!member) throw notFound("member");
  return member;
}

/** Rows under each other, each column as wide as its widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

async function createOrg(options: Options): Promise<Answer> {
  const name = parseInput(organizationName, given(options, "name"));
  const email = parseInput(emailAddress, given(options, "owner-email"));
  const known = await db.user.findUnique({ where: { email }, select: { id: true, name: true } });
  const password = known ? null : randomSecret(12);
  const passwordHash = password === null ? "" : await hashPassword(password);
  const made = await transaction(async (tx) => {
    const ownerName = parseInput(personName, options["owner-name"] ?? email.split("@")[0]);
    const user = known ?? (await tx.user.create({ data: { email, name: ownerName, passwordHash } }));
    return createOrganization(tx, { name, user, requestId: randomUUID() });
  });
  const { slug } = made.org;
  const secret = password === null ? "The owner signs in with the password they have." : `One-time password of the owner: ${password}`;
  return { data: { slug, owner: email, password }, lines: [`Made ${slug}.`, secret] };
}

const rolloutWords: Record<Rollout, string> = {
  enabled: "everybody uses connections",
  disabled: "owners and admins stage, members see none",
  dark: "nobody uses connections",
};

async function rolloutStatus(slug: string | undefined): Promise<Answer> {
  const organizations = await readRollout(slug);
  if (slug !== undefined && organizations.length === 0) throw notFound("organization");
  const gate = env.CONNECTIONS_GATING
    ? "The gate is on (CONNECTIONS_GATING=1): the switches below count."
    : "The gate is off (CONNECTIONS_GATING=0): everybody uses connections, whatever the switches below say.";
  const rows = organizations.map(({ slug: of, rollout }) => [of, rollout, rolloutWords[rollout]]);
  return { data: { gating: env.CONNECTIONS_GATING, organizations }, lines: [gate, ...table(rows)] };
}

function rolloutCommand(rollout: Rollout): Command {
  return {
    usage: "[--org <slug>]",
    about: `${rollout === "dark" ? "go dark" : rollout === "enabled" ? "enable" : "disable"}: ${rolloutWords[rollout]}; without --org in every organization`,
    run: async ({ org }) => {
      const slugs = org === undefined ? (await readRollout()).map(({ slug }) => slug) : [org];
      for (const slug of slugs) await setRollout(await actorIn(slug), { rollout });
      return rolloutStatus(org);
    },
  };
}

const commands: Record<string, Command> = {
  "org list": {
    usage: "",
    about: "every organization",
    run: async () => {
      const rows = await db.organization.findMany({
        select: { slug: true, name: true, rollout: true, _count: { select: { memberships: true, connections: true } } },
        orderBy: { slug: "asc" },
      });
      const data = rows.map(({ _count, ...org }) => ({ ...org, members: _count.memberships, connections: _count.connections }));
      return {
        data,
        lines: table(data.map(({ slug, name, members, connections }) => [slug, name, `${members} members`, `${connections} connections`])),
      };
    },
  },
  "org create": {
    usage: "--name <name> --owner-email <address> [--owner-name <name>]",
    about: "a new organization; a new owner gets a one-time password",
    run: createOrg,
  },
  "member list": {
    usage: "--org <slug>",
    about: "who belongs to an organization",
    run: async (options) => {
      const members = await listMembers(await actorIn(given(options, "org")));
      const data = members.map(({ email, name, role, accounts, tokens }) => ({ email, name, role, accounts, tokens }));
      return { data, lines: table(data.map(({ email, name, role }) => [email, name, role])) };
    },
  },
  "member invite": {
    usage: "--org <slug> --email <address> [--role owner|admin|member]",
    about: "an invitation link, good for seven days",
    run: async (options) => {
      const actor = await actorIn(given(options, "org"));
      const input = parseInput(inviteInput, { email: given(options, "email"), role: options.role });
      const made = await invite(actor, input);
      return { data: made, lines: [made.link, ...(made.mail === "sent" ? ["It was sent by e-mail, too."] : [])] };
    },
  },
  "member role": {
    usage: "--org <slug> --email <address> --role owner|admin|member",
    about: "another role for a member",
    run: async (options) => {
      const actor = await actorIn(given(options, "org"));
      const { id } = await memberOf(actor, given(options, "email"));
      const changed = await changeRole(actor, { id, role: parseInput(roleInput, given(options, "role")) });
      return { data: changed, lines: [`Saved: ${changed.role}.`] };
    },
  },
  "member remove": {
    usage: "--org <slug> --email <address>",
    about: "removes a member with everything that is theirs",
    run: async (options) => {
      const actor = await actorIn(given(options, "org"));
      const removed = await removeMember(actor, await memberOf(actor, given(options, "email")));
      return { data: removed, lines: ["Removed."] };
    },
  },
  "user reset-password": {
    usage: "--email <address>",
    about: "a new random password; ends the person's sessions",
    run: async (options) => {
      const email = parseInput(emailAddress, given(options, "email"));
      const { password } = await resetPassword({ email, by: operator, requestId: randomUUID() });
      return { data: { email, password }, lines: [`New password: ${password}`] };
    },
  },
  "token create": {
    usage: "--org <slug> --email <address> --name <name> [--scopes mcp:read,mcp:write|admin] [--days <n>]",
    about: "a token that acts as this member; shown once",
    run: async (options) => {
      const actor = await actorIn(given(options, "org"));
      const member = await memberOf(actor, given(options, "email"));
      const scopes = (options.scopes ?? "mcp:read,mcp:write").split(",").map((scope) => scope.trim());
      if (!scopes.every((scope) => tokenScopes.some((known) => known === scope)))
        throw new Usage(`--scopes is a comma-separated list of: ${tokenScopes.join(", ")}.`);
      const input = parseInput(createTokenInput, { name: given(options, "name"), scopes, expiresInDays: Number(options.days ?? 30) });
      const made = await createToken({ ...actor, membershipId: member.id, role: member.role }, input);
      return { data: made, lines: [made.token] };
    },
  },
  "secrets reseal": {
    usage: "",
    about: "seals every stored secret with the first key of SECRET_KEYS",
    run: async () => {
      const data = await reseal();
      const { credentials, oauthClients, attempts, agentRecords } = data;
      return {
        data,
        lines: [
          `Sealed anew: ${credentials} credentials, ${oauthClients} OAuth clients, ${attempts} sign-ins under way, ${agentRecords} records of agents that sign in.`,
        ],
      };
    },
  },
  "rollout status": {
    usage: "[--org <slug>]",
    about: "the gate, and the switch of each organization",
    run: ({ org }) => rolloutStatus(org),
  },
  "rollout enable": rolloutCommand("enabled"),
  "rollout disable": rolloutCommand("disabled"),
  "rollout dark": rolloutCommand("dark"),
};

const optionNames = ["org", "name", "email", "role", "owner-email", "owner-name", "scopes", "days"] as const;

function help(): string[] {
  const rows = Object.entries(commands).map(([words, { usage, about }]) => [`  ${words} ${usage}`.trimEnd(), about]);
  return [
    "npm run gatehouse -- <command> [--json]",
    "",
    ...rows.flatMap(([usage = "", about = ""]) => [usage, `      ${about}`]),
    "",
    "It works against a running product and against a stopped one. Exit codes: 0 done, 1 refused, 2 wrong usage.",
  ];
}

function parse(argv: readonly string[]): { words: string; options: Options; json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: "boolean" as const },
        help: { type: "boolean" as const },
        ...Object.fromEntries(optionNames.map((name) => [name, { type: "string" as const }])),
      },
    });
    const options: Options = {};
    for (const name of optionNames) {
      const value: unknown = Reflect.get(values, name);
      if (typeof value === "string") options[name] = value;
    }
    return { words: values.help === true ? "help" : positionals.join(" "), options, json: values.json === true };
  } catch (cause) {
    throw new Usage(cause instanceof Error ? cause.message : "These options are not known.", { cause });
  }
}

export interface CommandResult {
  /** 0 done, 1 refused, 2 wrong usage. */
  code: number;
  stdout: string;
  stderr: string;
}

const refused = (code: number, ...lines: string[]): CommandResult => ({ code, stdout: "", stderr: `${lines.join("\n")}\n` });

/** Runs one command line. Never throws for what was typed or refused; everything unexpected goes on. */
export async function runCommand(argv: readonly string[]): Promise<CommandResult> {
  let words = "";
  try {
    const parsed = parse(argv);
    ({ words } = parsed);
    if (words === "" || words === "help") return { code: words === "" ? 2 : 0, stdout: `${help().join("\n")}\n`, stderr: "" };
    const command = commands[words];
    if (!command) return refused(2, `There is no command "${words}".`, "See: npm run gatehouse -- help");
    const { data, lines } = await command.run(parsed.options);
    return { code: 0, stdout: parsed.json ? `${JSON.stringify(data)}\n` : lines.map((line) => `${line}\n`).join(""), stderr: "" };
  } catch (error) {
    if (error instanceof Usage)
      return refused(2, error.message, `Usage: npm run gatehouse -- ${words} ${commands[words]?.usage ?? "help"}`);
    if (error instanceof DomainError) return refused(1, error.message);
    throw error;
  }
}
