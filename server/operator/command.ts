// What every command of the operator is made of.
import { randomUUID } from "node:crypto";

import type { Actor } from "#server/auth/actor.ts";
import { db, type Role } from "#server/db.ts";
import { notFound } from "#server/errors.ts";
import { emailAddress } from "#server/orgs/account.ts";
import { ownOrigin } from "#server/origin.ts";
import { parseInput } from "#server/parse.ts";

/** Who the audit trail names. */
export const operator = "operator";

export const optionNames = ["org", "name", "email", "role", "owner-email", "owner-name", "scopes", "days"] as const;
export type OptionName = (typeof optionNames)[number];
export type Options = Partial<Record<OptionName, string>>;

/** What a command says: `data` for --json, `lines` for a person. */
export interface Answer {
  data: unknown;
  lines: readonly string[];
}

export interface Command {
  /** Options that have to be there, and those that may. Every other one is refused: a mistyped --org must not mean "all". */
  needs: readonly OptionName[];
  takes: readonly OptionName[];
  /** Behind the command's own words. */
  usage: string;
  about: string;
  run: (options: Options) => Promise<Answer>;
}

/** Wrong words on the command line. */
export class Usage extends Error {
  override readonly name = "Usage";
}

/** An option that has to be there. Throws Usage. */
export function given(options: Options, name: OptionName): string {
  const value = options[name];
  if (value === undefined || value === "") throw new Usage(`--${name} is missing.`);
  return value;
}

/** The operator in one organization: may do everything there, belongs to nobody. Throws NOT_FOUND. */
export async function actorIn(slug: string): Promise<Actor> {
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
    origin: ownOrigin(),
    requestId: randomUUID(),
  };
}

/** A member of the actor's organization by address. Throws NOT_FOUND, BAD_INPUT. */
export async function memberOf(actor: Actor, email: string): Promise<{ id: string; role: Role }> {
  const member = await db.membership.findFirst({
    where: { orgId: actor.orgId, user: { email: parseInput(emailAddress, email) } },
    select: { id: true, role: true },
  });
  if (!member) throw notFound("member");
  return member;
}

/** Rows under each other, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
