// Grants: who may use a connection.
import { z } from "zod";

import { accessInput, idInput } from "#server/connections/schema.ts";
import { requestableConnections } from "#server/grants/access.ts";
import { explain, myAccess } from "#server/grants/explain.ts";
import { list } from "#server/grants/list.ts";
import { replace } from "#server/grants/replace.ts";
import { answerRequest, listRequests, requestAccess } from "#server/grants/requests.ts";
import { memberProcedure, procedureFor, router } from "#server/trpc/init.ts";

const manage = procedureFor("grant.manage");
const connectionId = z.string().min(1).max(64);

export const grantRouter = router({
  list: manage.input(z.object({ connectionId })).query(({ ctx, input }) => list(ctx.actor, input)),
  replace: manage
    .input(z.object({ connectionId, version: z.number().int().positive(), access: accessInput }))
    .mutation(({ ctx, input }) => replace(ctx.actor, input)),
  explain: manage
    .input(z.object({ connectionId, membershipId: z.string().min(1).max(64) }))
    .query(({ ctx, input }) => explain(ctx.actor, input)),
  mine: memberProcedure
    .meta({
      agent: {
        title: "My access",
        description:
          "Which connections this person can use, through which grant (everyone, a team, personally), and in what state each is.",
      },
    })
    .query(({ ctx }) => myAccess(ctx.actor)),
  /** What the caller can see and ask for, but not use. */
  requestable: memberProcedure.query(({ ctx }) => requestableConnections(ctx.actor)),
  request: memberProcedure.input(z.object({ connectionId })).mutation(({ ctx, input }) => requestAccess(ctx.actor, input)),
  requests: manage.query(({ ctx }) => listRequests(ctx.actor)),
  answer: manage.input(idInput.extend({ approve: z.boolean() })).mutation(({ ctx, input }) => answerRequest(ctx.actor, input)),
});
