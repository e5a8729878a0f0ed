// How Gatehouse is known at an authorization server: pre-registered, by metadata document (CIMD), or by dynamic registration, in that order.
// Everything is keyed by issuer: a client of one authorization server is never shown to another.
import { type OAuthClientInformationMixed, registerClient, RegistrationRejectedError } from "@modelcontextprotocol/client";

import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { badInput, upstreamFailed, type UpstreamFailure } from "#server/errors.ts";
import { links } from "#server/origin.ts";
import { diagnose } from "#server/outbound/failure.ts";
import { wordless } from "#server/outbound/loggable.ts";
import { sealer } from "#server/secrets.ts";

import { registrationRequest } from "./client-metadata.ts";
import type { Discovery } from "./discover.ts";
import { oauthFetch } from "./oauth-fetch.ts";

export type ClientInformation = OAuthClientInformationMixed;
export type RegistrationWay = "cimd" | "dcr" | "none";

const binding = (connectionId: string, issuer: string) => `oauth-client:${connectionId}:${issuer}`;

/** Whether an authorization server on the Internet could fetch our metadata document. */
function isFetchable(origin: string): boolean {
  return origin.startsWith("https://") && !/^https:\/\/(localhost|127\.|\[::1\])/.test(origin);
}

/** How Gatehouse can introduce itself there without anybody's help. */
export function registrationWay({ serverMetadata }: Pick<Discovery, "serverMetadata">, origin: string): RegistrationWay {
  const takesDocuments = serverMetadata.client_id_metadata_document_supported === true;
  if (takesDocuments && isFetchable(origin)) return "cimd";
  if (serverMetadata.registration_endpoint) return "dcr";
  // Inside a private network an origin without https may do; on the Internet it never can.
  return takesDocuments && env.ALLOW_PRIVATE_UPSTREAMS ? "cimd" : "none";
}

/** The error that asks an admin for a client, with what they need to make one. */
export function clientNeeded(origin: string) {
  return badInput(
    "oauthClient",
    `This provider does not register applications by itself. Create an OAuth application there with the redirect URL ${links.oauthCallback(origin)} and enter its client id and secret here.`,
  );
}

/** RFC 7591 section 3.2.1: seconds since 1970, 0 for a secret that does not end. */
function secretExpiry(information: ClientInformation): Date | null {
  const seconds = "client_secret_expires_at" in information ? (information.client_secret_expires_at ?? 0) : 0;
  // 8.64e12 s is the last moment a Date can hold, times a thousand.
  return seconds > 0 && seconds < 8.64e12 ? new Date(seconds * 1000) : null;
}

/** The columns of a client row. */
export function clientColumns(
  connectionId: string,
  issuer: string,
  source: "preregistered" | "cimd" | "dcr",
  information: ClientInformation,
) {
  return {
    connectionId,
    issuer,
    source,
    clientId: information.client_id,
    secretExpiresAt: secretExpiry(information),
    sealed: sealer.seal(JSON.stringify(information), binding(connectionId, issuer)),
  };
}

function isInformation(value: unknown): value is ClientInformation & { redirect_uris?: string[]; client_secret_expires_at?: number } {
  return typeof value === "object" && value !== null && "client_id" in value && typeof value.client_id === "string";
}

/** The stored client for this issuer, or null. */
export async function storedClient(connectionId: string, issuer: string) {
  const row = await db.oAuthClient.findUnique({ where: { connectionId_issuer: { connectionId, issuer } } });
  if (!row) return null;
  const information: unknown = JSON.parse(sealer.open(row.sealed, binding(connectionId, issuer)));
  return isInformation(information) ? { source: row.source, information } : null;
}

/** What it answered, where that is a word or two (Figma's plain "Forbidden") and so neither a page nor a secret. */
function shortAnswer({ status, body }: RegistrationRejectedError): string {
  const text = body.trim();
  return /^[A-Za-z][A-Za-z .,']{0,60}$/.test(text) ? ` (${status}: "${text}")` : ` (${status})`;
}

function refusal(error: unknown): UpstreamFailure {
  const network = diagnose(error, "registration");
  if (network.phase !== "registration") return network;
  if (error instanceof RegistrationRejectedError && error.status >= 500) {
    return {
      phase: "registration",
      seen: `The sign-in server failed to register Gatehouse (${error.status}).`,
      actor: "provider",
      advice: "Try again later.",
    };
  }
  const advice =
    "It may only let in applications it has approved: ask the provider. Or create an OAuth application there and enter its client id and secret in the connection's settings.";
  const seen = `The sign-in server refused to register Gatehouse${error instanceof RegistrationRejectedError ? shortAnswer(error) : ""}.`;
  return { phase: "registration", seen, actor: "organization_admin", advice };
}

/** Registers Gatehouse as it is reached at `origin` (RFC 7591). Throws UPSTREAM_FAILED (registration, or the network's phase). */
export async function registerDynamically(
  { issuer, serverMetadata, scope }: Pick<Discovery, "issuer" | "serverMetadata" | "scope">,
  origin: string,
): Promise<ClientInformation> {
  const offered = serverMetadata.token_endpoint_auth_methods_supported;
  // PKCE protects the code, so no secret is one less to keep; without a list, RFC 8414 section 2 means Basic.
  const method =
    (["none", "client_secret_basic", "client_secret_post"] as const).find((name) => offered?.includes(name)) ?? "client_secret_basic";
  const clientMetadata = registrationRequest(origin, method);
  try {
    const information = await registerClient(issuer, {
      metadata: serverMetadata,
      clientMetadata,
      fetchFn: oauthFetch,
      ...(scope ? { scope } : {}),
    });
    // What we asked for decides whether it can be used again from here.
    return { ...information, redirect_uris: clientMetadata.redirect_uris };
  } catch (error) {
    // The SDK's error may hold the whole answer, and that a new client's secret.
    throw upstreamFailed(refusal(error), wordless(error));
  }
}

/** Whether a registered client can still be used from this origin. */
function isUsable(information: { redirect_uris?: string[]; client_secret_expires_at?: number }, origin: string): boolean {
  const expires = information.client_secret_expires_at ?? 0;
  const expired = expires !== 0 && expires * 1000 <= Date.now() + 60_000;
  return !expired && (information.redirect_uris?.includes(links.oauthCallback(origin)) ?? true);
}

export interface ChosenClient {
  information: ClientInformation;
  /** The row to write when the client is new; the caller does it in the transaction of the attempt. */
  newRow: ReturnType<typeof clientColumns> | null;
}

/** Drops a registration that the authorization server no longer knows; the next sign-in makes a new one. A client entered by an admin stays. */
export async function forgetRegistration(
  { orgId, connectionId, issuer }: { orgId: string; connectionId: string; issuer: string },
  clientId: string,
): Promise<void> {
  await db.oAuthClient.deleteMany({ where: { connectionId, issuer, clientId, source: "dcr", connection: { orgId } } });
}

/**
 * The client to sign in with; registers when that is the way. `distrusted`: the person's last sign-in with the registered client never came
 * back, which is how a client looks that the server has forgotten, so a new one is made.
 * Throws BAD_INPUT (oauthClient) or UPSTREAM_FAILED (registration).
 */
export async function clientFor(
  connectionId: string,
  discovery: Discovery,
  { origin, distrusted }: { origin: string; distrusted: boolean },
): Promise<ChosenClient> {
  const { issuer } = discovery;
  const stored = await storedClient(connectionId, issuer);
  if (stored?.source === "preregistered") return { information: stored.information, newRow: null };
  const way = registrationWay(discovery, origin);
  if (way === "cimd") {
    const information = { client_id: links.clientMetadata(origin) };
    return { information, newRow: clientColumns(connectionId, issuer, "cimd", information) };
  }
  if (stored?.source === "dcr" && !distrusted && isUsable(stored.information, origin))
    return { information: stored.information, newRow: null };
  if (way === "none") throw clientNeeded(origin);
  const information = await registerDynamically(discovery, origin);
  return { information, newRow: clientColumns(connectionId, issuer, "dcr", information) };
}
