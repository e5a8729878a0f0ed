// Sign-in of an agent on a machine without a browser (RFC 8628): it shows a code, and its person types that code here.
import type { DeviceCode, Provider } from "oidc-provider";

import type { Actor } from "#server/auth/actor.ts";
import { countTry, forgiveTries } from "#server/auth/limits.ts";
import { badInput, DomainError } from "#server/errors.ts";
import { links } from "#server/origin.ts";

import { letIn, nameOf, scopesAsked } from "./let-in.ts";
import { providerFor } from "./provider.ts";

/** What the page shows once the code was found. The name comes from the client: untrusted text. */
export interface DeviceRequest {
  /** As the agent shows it: "BCDF-GHJK". */
  userCode: string;
  clientName: string;
  scopes: readonly string[];
}

interface Visit {
  origin: string;
  /** The address of the person's browser: guessing codes is braked by it. */
  address: string;
}

async function find({ origin, address }: Visit, actor: Actor, typed: string) {
  const account = `device:${actor.userId}`;
  await countTry({ address, account, purpose: "device" });
  const provider: Provider = await providerFor(origin);
  const bare = typed.replaceAll(/\W|_/g, "").toUpperCase();
  const code: DeviceCode | undefined = /^[A-Z]{8}$/.test(bare) ? await provider.DeviceCode.findByUserCode(bare) : undefined;
  const client = code && (await provider.Client.find(code.clientId));
  if (!code || !client) {
    throw badInput("userCode", "This code is not right, or it is over. Look at it again, or let your agent show a new one.");
  }
  await forgiveTries(account);
  // One answer to one code, whoever it came from.
  if (code.accountId !== undefined || code.error !== undefined) {
    throw new DomainError("EXPIRED", "This code was used already. Let your agent show a new one.");
  }
  const request: DeviceRequest = {
    userCode: `${bare.slice(0, 4)}-${bare.slice(4)}`,
    clientName: nameOf(client, "An agent without a name"),
    scopes: scopesAsked(code.params.scope),
  };
  return { provider, code, request };
}

/** What the agent asks that shows this code. Throws BAD_INPUT (userCode), EXPIRED, RATE_LIMITED. */
export async function readDevice(visit: Visit, actor: Actor, userCode: string): Promise<DeviceRequest> {
  return (await find(visit, actor, userCode)).request;
}

/** Lets that agent in as the actor's membership in `orgId`. Throws BAD_INPUT (userCode, organization), EXPIRED, RATE_LIMITED. */
export async function allowDevice(
  visit: Visit,
  actor: Actor,
  { userCode, orgId }: { userCode: string; orgId: string },
): Promise<DeviceRequest> {
  const { provider, code, request } = await find(visit, actor, userCode);
  const { clientName, scopes } = request;
  const { origin } = visit;
  const { clientId } = code;
  const agent = { origin, orgId, clientId, clientName, redirectHost: "another device", scopes };
  const { membershipId, grantId } = await letIn(provider, actor, agent);
  Object.assign(code, {
    accountId: membershipId,
    grantId,
    scope: `${scopes.join(" ")} offline_access`,
    resource: links.agentEndpoint(origin),
    authTime: Math.floor(Date.now() / 1_000),
  });
  await code.save();
  return request;
}

/** Tells that agent no. Throws BAD_INPUT (userCode), EXPIRED, RATE_LIMITED. */
export async function denyDevice(visit: Visit, actor: Actor, userCode: string): Promise<DeviceRequest> {
  const { code, request } = await find(visit, actor, userCode);
  Object.assign(code, { error: "access_denied", errorDescription: "The person said no." });
  await code.save();
  return request;
}
