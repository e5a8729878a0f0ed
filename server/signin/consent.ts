// The one question of a sign-in by URL: may this agent act for you, and in which organization?
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Actor } from "#server/auth/actor.ts";
import { DomainError } from "#server/errors.ts";

import { letIn, nameOf, scopesAsked } from "./let-in.ts";
import { providerFor } from "./provider.ts";

/** What the page shows. Names come from the client: untrusted text. */
export interface ConsentRequest {
  clientName: string;
  /** Where the browser goes afterwards, without path: a person can tell their own machine from a website. */
  redirectHost: string;
  /** The client is known by nothing but an address of this machine: any program on it could ask in its name. */
  isLocal: boolean;
  scopes: readonly string[];
}

interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  origin: string;
}

function over(cause?: unknown): DomainError {
  return new DomainError("EXPIRED", "This sign-in is over, or was begun in another browser. Go back to your agent and start it again.", {
    cause,
  });
}

async function interactionOf({ req, res, origin }: Exchange, uid: string) {
  const provider = await providerFor(origin);
  const details = await provider.interactionDetails(req, res).catch((error: unknown) => {
    throw over(error);
  });
  // The cookie says which interaction this browser has; an address for another one is somebody else's.
  if (details.uid !== uid) throw over();
  const { client_id: clientId, redirect_uri: redirectUri, scope } = details.params;
  if (typeof clientId !== "string" || typeof redirectUri !== "string") throw over();
  const client = await provider.Client.find(clientId);
  if (!client) throw over();
  const url = new URL(redirectUri);
  return {
    provider,
    clientId,
    request: {
      clientName: nameOf(client, new URL(clientId.startsWith("https:") ? clientId : redirectUri).host),
      redirectHost: url.host === "" ? url.protocol : `${url.protocol}//${url.hostname}`,
      // Nothing vouches for what comes back to this machine: any program on it can use a public client's id.
      isLocal: url.protocol !== "https:",
      scopes: scopesAsked(scope),
    },
  };
}

/** What is asked in this browser's interaction. Throws EXPIRED. */
export async function readConsent(exchange: Exchange, uid: string): Promise<ConsentRequest> {
  return (await interactionOf(exchange, uid)).request;
}

/** Lets the agent in as the actor's membership in `orgId`; returns where the browser goes on. Throws EXPIRED, BAD_INPUT (organization). */
export async function allow(exchange: Exchange, actor: Actor, { uid, orgId }: { uid: string; orgId: string }): Promise<string> {
  const { provider, clientId, request } = await interactionOf(exchange, uid);
  const { req, res, origin } = exchange;
  const { clientName, redirectHost, scopes } = request;
  const agent = { origin, orgId, clientId, clientName, redirectHost, scopes };
  const { membershipId, grantId } = await letIn(provider, actor, agent);
  const result = { login: { accountId: membershipId, remember: false }, consent: { grantId } };
  return provider.interactionResult(req, res, result, { mergeWithLastSubmission: false });
}

/** Tells the agent no; returns where the browser goes on. Throws EXPIRED. */
export async function deny(exchange: Exchange, uid: string): Promise<string> {
  const { provider } = await interactionOf(exchange, uid);
  const result = { error: "access_denied", error_description: "The person said no." };
  return provider.interactionResult(exchange.req, exchange.res, result, { mergeWithLastSubmission: false });
}
