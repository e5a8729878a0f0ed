// Signing in to a third-party server: begin an attempt, ask how it went.
import { z } from "zod";

import { attemptStatus } from "#server/connections/attempt-status.ts";
import { beginAuthorization } from "#server/connections/begin-authorization.ts";
import { memberProcedure, router } from "#server/trpc/init.ts";

export const oauthRouter = router({
  begin: memberProcedure
    .input(z.object({ connectionId: z.string().min(1).max(64) }))
    .mutation(({ ctx, input }) => beginAuthorization(ctx.actor, input)),
  status: memberProcedure
    .input(z.object({ attemptId: z.string().min(1).max(64) }))
    .query(({ ctx, input }) => attemptStatus(ctx.actor, input)),
});
