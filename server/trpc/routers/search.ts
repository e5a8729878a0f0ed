// Search as an agent of the caller would see it.
import { search, searchInput } from "#server/search/search.ts";
import { memberProcedure, router } from "#server/trpc/init.ts";

export const searchRouter = router({
  preview: memberProcedure.input(searchInput).query(({ ctx, input }) => search(ctx.actor, input)),
});
