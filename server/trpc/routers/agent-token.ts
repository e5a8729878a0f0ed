// Agent tokens: made, listed and revoked by the person they act for.
import { create, createTokenInput } from "#server/tokens/create.ts";
import { list } from "#server/tokens/list.ts";
import { revoke } from "#server/tokens/revoke.ts";
import { idInput } from "#server/connections/schema.ts";
import { listAgents, listEveryonesAgents, revokeAgent, revokeAgents } from "#server/signin/grants.ts";
import { memberProcedure, procedureFor, router } from "#server/trpc/init.ts";

/** Agents that signed in by URL. */
export const agentRouter = router({
  list: memberProcedure.query(({ ctx }) => listAgents(ctx.actor)),
  /** Those of the whole organization. */
  listAll: procedureFor("member.read").query(({ ctx }) => listEveryonesAgents(ctx.actor)),
  revoke: memberProcedure.input(idInput).mutation(({ ctx, input }) => revokeAgent(ctx.actor, input)),
  /** All of the caller's own. */
  revokeAll: memberProcedure.mutation(({ ctx }) => revokeAgents(ctx.actor)),
});

export const agentTokenRouter = router({
  list: memberProcedure.query(({ ctx }) => list(ctx.actor)),
  create: memberProcedure.input(createTokenInput).mutation(({ ctx, input }) => create(ctx.actor, input)),
  revoke: memberProcedure.input(idInput).mutation(({ ctx, input }) => revoke(ctx.actor, input)),
});
