// The two conflicts every change of a connection can meet, in the same words everywhere.
import { Prisma } from "#server/db.ts";
import { DomainError } from "#server/errors.ts";

/** CONFLICT for a name that another connection of the organization has. */
export function nameTaken(cause?: unknown): DomainError {
  const message = "Another connection has this name already. Choose another one.";
  return new DomainError("CONFLICT", message, { issues: [{ path: "name", message }], cause });
}

/** CONFLICT for an edit that began before somebody else's was saved. */
export function editedMeanwhile(): DomainError {
  return new DomainError("CONFLICT", "Somebody else changed this connection while you were editing. Load it again to see their changes.");
}

/** Whether the database refused a second row with the same unique value: the race that a check beforehand cannot win. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
}
