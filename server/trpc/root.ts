// The table of contents of the machine interface.
import { createCallerFactory, router } from "./init.ts";
import { agentRouter, agentTokenRouter } from "./routers/agent-token.ts";
import { auditRouter } from "./routers/audit.ts";
import { connectionRouter } from "./routers/connection.ts";
import { grantRouter } from "./routers/grant.ts";
import { oauthRouter } from "./routers/oauth.ts";
import { invitationRouter, memberRouter, organizationRouter, teamRouter } from "./routers/people.ts";
import { resultsRouter } from "./routers/results.ts";
import { searchRouter } from "./routers/search.ts";

export const appRouter = router({
  agent: agentRouter,
  agentToken: agentTokenRouter,
  audit: auditRouter,
  connection: connectionRouter,
  grant: grantRouter,
  invitation: invitationRouter,
  member: memberRouter,
  oauth: oauthRouter,
  organization: organizationRouter,
  results: resultsRouter,
  search: searchRouter,
  team: teamRouter,
});

export type AppRouter = typeof appRouter;
export const createCaller = createCallerFactory(appRouter);
