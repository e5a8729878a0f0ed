// What each role may do: one table. Using a connection is not here, that is decided by grants alone.
import type { Role } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";

import type { Actor } from "./actor.ts";

const actions = {
  "connection.manage": ["owner", "admin"],
  "grant.manage": ["owner", "admin"],
  "member.read": ["owner", "admin"],
  "member.manage": ["owner", "admin"],
  // Making, changing and removing owners.
  "owner.manage": ["owner"],
  "team.read": ["owner", "admin"],
  "team.manage": ["owner", "admin"],
  "organization.manage": ["owner", "admin"],
  "audit.read": ["owner", "admin"],
  "adminToken.create": ["owner", "admin"],
} as const satisfies Record<string, readonly Role[]>;

export type Action = keyof typeof actions;

/** Whether this actor's role allows `action`. */
export function may(actor: Actor, action: Action): boolean {
  const roles: readonly Role[] = actions[action];
  return roles.includes(actor.role);
}

/** Throws FORBIDDEN unless this actor's role allows `action`. */
export function demand(actor: Actor, action: Action): void {
  if (may(actor, action)) return;
  const roles: readonly Role[] = actions[action];
  throw new DomainError("FORBIDDEN", `Only an ${roles.includes("admin") ? "admin" : "owner"} of the organization can do this.`);
}
