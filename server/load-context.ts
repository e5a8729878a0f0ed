// What the pages get of the domain: the api of this caller, sign-in, and the machine interface. app/ imports this type only.
import type { IncomingMessage, ServerResponse } from "node:http";

import { fetchRequestHandler } from "@trpc/server/adapters/fetch";

import { capabilityFor, type RunInput, runForPerson } from "./agent/playground.ts";
import type { Actor } from "./auth/actor.ts";
import { signIn, signOut, type Visit } from "./auth/sign-in.ts";
import type { Cancellation } from "./cancellation.ts";
import { DomainError } from "./errors.ts";
import { log } from "./log.ts";
import { isSetupOpen, setUp } from "./orgs/first-owner.ts";
import { acceptInvitation, type JoinInput, readInvitation } from "./orgs/join.ts";
import { isSignUpOpen, signUp } from "./orgs/sign-up.ts";
import { explainedSearch, type SearchRequest } from "./search/explained-search.ts";
import { allow, deny, readConsent } from "./signin/consent.ts";
import { allowDevice, denyDevice, readDevice } from "./signin/device.ts";
import { appRouter, createCaller } from "./trpc/root.ts";

interface RequestFacts extends Visit {
  actor: Actor | null;
  nonce: string;
  /** Aborts when the browser went away. */
  signal: Cancellation;
}

/** The load context of one request. Node's own request and answer: the authorization server's cookies are read from them. */
export function loadContextFor(
  { actor, nonce, origin, address, requestId, signal }: RequestFacts,
  req: IncomingMessage,
  res: ServerResponse,
) {
  const visit = { origin, address, requestId };
  const context = { actor, requestId: visit.requestId };
  const exchange = { req, res, origin };
  const signedIn = () => {
    if (!actor || actor.via !== "session") throw new DomainError("UNAUTHENTICATED", "Sign in first.");
    return actor;
  };
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
    /** An agent that signs in by URL: what it asks, and the answer. Each answer is the address the browser goes on to. */
    consent: {
      read: (uid: string) => readConsent(exchange, uid),
      allow: (input: { uid: string; orgId: string }) => allow(exchange, signedIn(), input),
      deny: (uid: string) => deny(exchange, uid),
    },
    /** The same for an agent that shows a code on another machine. */
    device: {
      read: (userCode: string) => readDevice(visit, signedIn(), userCode),
      allow: (input: { userCode: string; orgId: string }) => allowDevice(visit, signedIn(), input),
      deny: (userCode: string) => denyDevice(visit, signedIn(), userCode),
    },
    /** What an agent of this person would find, and any of it run by hand. Not in the machine interface: what is there, agents could reach. */
    playground: {
      search: (input: SearchRequest) => explainedSearch(signedIn(), input),
      capability: (name: string) => capabilityFor(signedIn(), name),
      run: (input: RunInput) => runForPerson(signedIn(), input, signal),
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
