// Gatehouse's own read-only operations as capabilities. They are derived from the machine interface (server/trpc), which hands them in at start.
import type { Actor } from "#server/auth/actor.ts";
import type { Prisma } from "#server/db.ts";

export interface Operation {
  /** `<router>.<procedure>`. */
  name: string;
  title: string;
  description: string;
  inputSchema: Prisma.JsonValue;
  /** "sha256:<hex>" of all that an agent reads of it. */
  digest: string;
  /** Runs it with the caller's own permissions; what can answer in parts keeps to `maxBytes` of JSON. Throws DomainError. */
  run: (actor: Actor, input: unknown, maxBytes: number) => Promise<unknown>;
}

let offered: ReadonlyMap<string, Operation> = new Map();

/** Sets what is offered; once, before the first request. */
export function offerOperations(list: readonly Operation[]): void {
  offered = new Map(list.map((operation) => [operation.name, operation]));
}

/** Every operation by its name. */
export function operations(): ReadonlyMap<string, Operation> {
  return offered;
}
