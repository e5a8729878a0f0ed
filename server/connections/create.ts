// Adding a connection. A server is proven before anything is written; what cannot be proven creates nothing.
import { randomInt } from "node:crypto";

import { record } from "#server/audit/record.ts";
import type { Actor } from "#server/auth/actor.ts";
import { db, transaction, type Tx } from "#server/db.ts";
import { env } from "#server/env.ts";
import { changed } from "#server/freshness.ts";
import { sharedHolder } from "#server/grants/state.ts";
import { writeGrants } from "#server/grants/write.ts";
import { discover, type Discovery } from "#server/oauth/discover.ts";
import { demandServiceClient, signInService } from "#server/oauth/service-account.ts";
import type { OAuthSettings } from "#server/oauth/settings.ts";
import { tokenColumns } from "#server/oauth/token-set.ts";
import { clientColumns, type ClientInformation, clientNeeded, registrationWay } from "#server/oauth/registration.ts";
import { checkUpstreamUrl } from "#server/outbound/url.ts";
import { bearer, fixedHeaders, keyHeader } from "#server/upstream/authorization.ts";
import type { Listing } from "#server/upstream/list-tools.ts";
import { probe } from "#server/upstream/probe.ts";
import { staticHeaderColumns } from "#server/upstream/static-headers.ts";

import { isDuplicate, nameTaken } from "./errors.ts";
import { lasting, sealKey } from "./key.ts";
import { logged } from "./logged.ts";
import { presets } from "./presets.ts";
import { type NewSecret, saveCredential } from "./save-credential.ts";
import type { CreateInput, OAuthClientInput } from "./schema.ts";

const idLetters = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Twelve characters (62 bits): short, because it is part of every capability name an agent reads. */
function newConnectionId(): string {
  return Array.from({ length: 12 }, () => idLetters[randomInt(idLetters.length)]).join("");
}

/** As given, else what the preset of this address knows. */
function settingsOf(input: CreateInput, url: string): OAuthSettings | undefined {
  return input.advanced ?? presets.find((preset) => preset.id === input.presetId && preset.url === url)?.advanced;
}

/** What was proven before writing. */
interface Proof {
  /** Null for a server without a sign-in. */
  discovery: Discovery | null;
  /** What a listing was made with; null until a person signs in. */
  connected: { listing: Listing; secretFor: (connectionId: string, holder: string) => NewSecret } | null;
}

async function prove(actor: Actor, input: CreateInput, url: string): Promise<Proof> {
  const { authType, oauthClient, apiKey, headerName = null, headerPrefix = null, staticHeaders = {} } = input;
  const list = (credential: Record<string, string>) => probe({ url, authorization: fixedHeaders({ ...staticHeaders, ...credential }) });
  if (authType !== "oauth") {
    const listing = await list(apiKey === undefined ? {} : keyHeader(apiKey, { headerName, headerPrefix }));
    const secretFor = (id: string, holder: string) => ({ sealed: sealKey(id, holder, apiKey), ...lasting });
    return { discovery: null, connected: { listing, secretFor } };
  }
  const discovery = await discover(url, settingsOf(input, url));
  if (discovery.settings.grantType !== "client_credentials") {
    if (!oauthClient && registrationWay(discovery, actor.origin) === "none") throw clientNeeded(actor.origin);
    return { discovery, connected: null };
  }
  const client = demandServiceClient(oauthClient && clientInformation(oauthClient));
  const { tokens, lifetimeSeconds } = await signInService(discovery, client);
  const listing = await list(bearer(tokens.accessToken));
  return { discovery, connected: { listing, secretFor: (id, holder) => tokenColumns(id, holder, tokens, lifetimeSeconds) } };
}

/** In the form the token endpoint needs it. */
function clientInformation({ clientId, clientSecret }: OAuthClientInput): ClientInformation {
  return { client_id: clientId, ...(clientSecret ? { client_secret: clientSecret } : {}) };
}

/** The client an admin registered by hand. */
export function preregistered(connectionId: string, issuer: string, client: OAuthClientInput) {
  return clientColumns(connectionId, issuer, "preregistered", clientInformation(client));
}

async function write(
  tx: Tx,
  actor: Actor,
  input: CreateInput,
  { id, url, proof }: { id: string; url: string; proof: Proof },
): Promise<void> {
  const { name, authType, credentialMode, presetId, headerName, headerPrefix, oauthClient, staticHeaders = {} } = input;
  const { discovery, connected } = proof;
  await tx.connection.create({
    data: {
      id,
      orgId: actor.orgId,
      name,
      nameKey: name.toLowerCase(),
      url,
      authType,
      credentialMode,
      presetId,
      headerName,
      headerPrefix,
      settings: authType === "oauth" ? settingsOf(input, url) : undefined,
      ...staticHeaderColumns(id, staticHeaders),
    },
  });
  await writeGrants(tx, actor.orgId, id, input.access);
  if (discovery && oauthClient) await tx.oAuthClient.create({ data: preregistered(id, discovery.issuer, oauthClient) });
  if (connected) {
    // A per-member key is the admin's own: everybody else enters theirs.
    const holder = credentialMode === "shared" ? sharedHolder : actor.membershipId;
    await saveCredential(tx, { connectionId: id, holder }, connected.secretFor(id, holder), connected.listing);
  }
  await record(tx, actor, {
    action: "connection.created",
    target: { type: "connection", id, name },
    details: { host: new URL(url).host, authType, credentialMode, tools: connected?.listing.tools.length ?? null },
  });
}

/**
 * Adds a connection. `none`, `api_key` and service accounts are connected at once, `oauth` waits for its first sign-in.
 * Throws BAD_INPUT naming the field, CONFLICT (name), UPSTREAM_FAILED with the phase; then nothing was written.
 */
export async function create(actor: Actor, input: CreateInput): Promise<{ id: string; name: string; connected: boolean }> {
  const url = checkUpstreamUrl(input.url, { allowPrivate: env.ALLOW_PRIVATE_UPSTREAMS }).href;
  if ((await db.connection.count({ where: { orgId: actor.orgId, nameKey: input.name.toLowerCase() } })) > 0) throw nameTaken();
  const proof = await logged(actor, "create", () => prove(actor, input, url));
  const id = newConnectionId();
  try {
    await transaction((tx) => write(tx, actor, input, { id, url, proof }));
  } catch (error) {
    throw isDuplicate(error) ? nameTaken(error) : error;
  }
  changed(actor.orgId);
  return { id, name: input.name, connected: proof.connected !== null };
}
