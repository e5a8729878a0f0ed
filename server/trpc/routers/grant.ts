// Grants: who may use a connection.
import { z } from "zod";

import { accessInput } from "#server/connections/schema.ts";
import { list } from "#server/grants/list.ts";
import { replace } from "#server/grants/replace.ts";
import { procedureFor, router } from "#server/trpc/init.ts";

const manage = procedureFor("grant.manage");
const connectionId = z.string().min(1).max(64);

export const grantRouter = router({
  list: manage.input(z.object({ connectionId })).query(({ ctx, input }) => list(ctx.actor, input)),
  replace: manage
    .input(z.object({ connectionId, version: z.number().int().positive(), access: accessInput }))
    .mutation(({ ctx, input }) => replace(ctx.actor, input)),
});
