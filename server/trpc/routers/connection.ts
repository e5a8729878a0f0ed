// Connections: what the organization added and what the caller may use.
import { byId } from "#server/connections/by-id.ts";
import { connect } from "#server/connections/connect.ts";
import { create } from "#server/connections/create.ts";
import { disconnect, disconnectInput } from "#server/connections/disconnect.ts";
import { list } from "#server/connections/list.ts";
import { preflight } from "#server/connections/preflight.ts";
import { presets } from "#server/connections/presets.ts";
import { refresh } from "#server/connections/refresh.ts";
import { refreshUsable } from "#server/connections/refresh-usable.ts";
import { remove } from "#server/connections/remove.ts";
import { connectInput, createInput, idInput, listInput, preflightInput, reviewInput, updateInput } from "#server/connections/schema.ts";
import { reviewTools } from "#server/connections/tool-changes.ts";
import { tools } from "#server/connections/tools.ts";
import { update } from "#server/connections/update.ts";
import { demand } from "#server/auth/permissions.ts";
import { memberProcedure, procedureFor, router } from "#server/trpc/init.ts";

const manage = procedureFor("connection.manage");

export const connectionRouter = router({
  list: memberProcedure
    .meta({
      agent: {
        title: "List connections",
        description:
          "The connected services of the organization: scope usable is what this person's agents can use, scope manageable (admins) is everything.",
      },
    })
    .input(listInput)
    .query(({ ctx, input }) => {
      if (input.scope === "manageable") demand(ctx.actor, "connection.manage");
      return list(ctx.actor, input);
    }),
  byId: manage.input(idInput).query(({ ctx, input }) => byId(ctx.actor, input)),
  tools: memberProcedure.input(idInput).query(({ ctx, input }) => tools(ctx.actor, input)),
  presets: memberProcedure
    .meta({
      agent: {
        title: "Known services",
        description: "Services that an admin can add to Gatehouse with one click, with their addresses and how one signs in.",
      },
    })
    .query(() => presets),
  // A mutation, though nothing is stored: it makes requests, and agents are offered queries.
  preflight: manage.input(preflightInput).mutation(({ ctx, input }) => preflight(ctx.actor, input)),
  create: manage.input(createInput).mutation(({ ctx, input }) => create(ctx.actor, input)),
  update: manage.input(updateInput).mutation(({ ctx, input }) => update(ctx.actor, input)),
  connect: memberProcedure.input(connectInput).mutation(({ ctx, input }) => connect(ctx.actor, input)),
  disconnect: memberProcedure.input(disconnectInput).mutation(({ ctx, input }) => disconnect(ctx.actor, input)),
  refresh: memberProcedure.input(idInput).mutation(({ ctx, input }) => refresh(ctx.actor, input)),
  reviewTools: manage.input(reviewInput).mutation(({ ctx, input }) => reviewTools(ctx.actor, input)),
  /** Everything the caller may use, with the outcome of each. */
  refreshUsable: memberProcedure.mutation(({ ctx }) => refreshUsable(ctx.actor)),
  remove: manage.input(idInput).mutation(({ ctx, input }) => remove(ctx.actor, input)),
});
