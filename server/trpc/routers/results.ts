// What was too large for one answer.
import { read, readInput } from "#server/results/read.ts";
import { memberProcedure, router } from "#server/trpc/init.ts";

export const resultsRouter = router({
  read: memberProcedure
    .meta({
      agent: {
        title: "Read a large result",
        description:
          "Pages of a result that was too large to return whole, or the part of it named by a JSON Pointer or a range of lines. Results are kept for 15 minutes.",
      },
    })
    .input(readInput)
    .query(({ ctx, input }) => read(ctx.actor, input, ctx.maxBytes)),
});
