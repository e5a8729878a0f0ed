// What the pages get of the domain: the api of this caller, sign-in, and the machine interface. app/ imports this type only.
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";

import type { Actor } from "./auth/actor.ts";
import { signIn, signOut, type Visit } from "./auth/sign-in.ts";
import { log } from "./log.ts";
import { isSetupOpen, setUp } from "./orgs/first-owner.ts";
import { acceptInvitation, type JoinInput, readInvitation } from "./orgs/join.ts";
import { isSignUpOpen, signUp } from "./orgs/sign-up.ts";
import { appRouter, createCaller } from "./trpc/root.ts";

export interface RequestFacts extends Visit {
  actor: Actor | null;
  nonce: string;
}

/** The load context of one request. */
export function loadContextFor({ actor, nonce, origin, address, requestId }: RequestFacts) {
  const visit = { origin, address, requestId };
  const context = { actor, requestId: visit.requestId };
  return {
    actor,
    nonce,
    origin: visit.origin,
    requestId: visit.requestId,
    /** For what a page met unexpectedly. */
    logError: (error: unknown) => log.error({ err: error, requestId }, "page failed"),
    api: createCaller(context),
    auth: {
      signIn: (input: Parameters<typeof signIn>[1]) => signIn(visit, input),
      signOut: () => signOut(visit, actor),
      isSignUpOpen,
      signUp: (input: Parameters<typeof signUp>[1]) => signUp(visit, input),
      readInvitation: (token: string) => readInvitation(visit, actor, token),
      acceptInvitation: (token: string, input: JoinInput) => acceptInvitation(visit, actor, token, input),
      isSetupOpen,
      setUp: (token: string, input: Parameters<typeof setUp>[2]) => setUp(visit, token, input),
    },
    /** tRPC over HTTP at `/api/trpc/<router>.<procedure>`. */
    trpcFetch: (request: Request) =>
      fetchRequestHandler({ endpoint: "/api/trpc", req: request, router: appRouter, createContext: () => context, allowBatching: false }),
  };
}

export type LoadContext = ReturnType<typeof loadContextFor>;

declare module "@remix-run/node" {
  interface AppLoadContext extends LoadContext {}
}
