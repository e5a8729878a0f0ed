// The audit trail.
import { z } from "zod";

import { list } from "#server/audit/list.ts";
import { auditActions } from "#server/audit/record.ts";
import { procedureFor, router } from "#server/trpc/init.ts";

const filter = z
  .object({
    action: z.enum(auditActions).optional(),
    membershipId: z.string().max(64).optional(),
    outcome: z.enum(["ok", "failed", "denied", "started"]).optional(),
    cursor: z.string().max(64).optional(),
    limit: z.number().int().min(1).max(200).default(50),
  })
  .default({ limit: 50 });

export const auditRouter = router({
  list: procedureFor("audit.read")
    .input(filter)
    .query(({ ctx, input }) => list(ctx.actor, input)),
});
