// Input that did not come through tRPC: the same zod schemas, the same BAD_INPUT.
import type { z } from "zod";

import { DomainError } from "./errors.ts";
import { isStorable } from "./storable.ts";

/** Throws BAD_INPUT for text that no database can keep. */
export function demandStorable(value: unknown): void {
  if (!isStorable(value)) throw new DomainError("BAD_INPUT", "The input holds a character that cannot be stored (NUL, or half of one).");
}

/** Parses `value`. Throws BAD_INPUT naming every wrong field. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  demandStorable(value);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  throw new DomainError("BAD_INPUT", issues[0]?.message ?? "The input is not valid.", { issues });
}
