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
import type { OAuthSettings } from "#server/oauth/settings.ts";
import { clientColumns, clientNeeded, registrationWay } from "#server/oauth/registration.ts";
import { checkUpstreamUrl } from "#server/outbound/url.ts";
import { fixedHeaders, keyHeader } from "#server/upstream/authorization.ts";
import type { Listing } from "#server/upstream/list-tools.ts";
import { probe } from "#server/upstream/probe.ts";
import { storeListing } from "#server/upstream/store-listing.ts";

import { isDuplicate, nameTaken } from "./errors.ts";
import { sealKey } from "./key.ts";
import { logged } from "./logged.ts";
import { presets } from "./presets.ts";
import { type CreateInput, type OAuthClientInput, signInOf } from "./schema.ts";

const idLetters = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Twelve characters (62 bits): short, because it is part of every capability name an agent reads. */
function newConnectionId(): string {
  return Array.from({ length: 12 }, () => idLetters[randomInt(idLetters.length)]).join("");
}

/** As given, else what the preset of this address knows. */
function settingsOf(input: CreateInput, url: string): OAuthSettings | undefined {
  return signInOf(input).settings ?? presets.find((preset) => preset.id === input.presetId && preset.url === url)?.advanced;
}

/** What was proven before writing. */
type Proof = { kind: "listed"; listing: Listing } | { kind: "discovered"; discovery: Discovery };

async function prove(actor: Actor, input: CreateInput, url: string): Promise<Proof> {
  if (input.authType === "oauth") {
    const discovery = await discover(url, settingsOf(input, url));
    if (!signInOf(input).client && registrationWay(discovery, actor.origin) === "none") throw clientNeeded(actor.origin);
    return { kind: "discovered", discovery };
  }
  const header =
    input.apiKey === undefined
      ? {}
      : keyHeader(input.apiKey, { headerName: input.headerName ?? null, headerPrefix: input.headerPrefix ?? null });
  return { kind: "listed", listing: await probe({ url, authorization: fixedHeaders(header) }) };
}

/** The client an admin registered by hand, in the form the token endpoint needs it. */
export function preregistered(connectionId: string, issuer: string, { clientId, clientSecret }: OAuthClientInput) {
  return clientColumns(connectionId, issuer, "preregistered", {
    client_id: clientId,
    ...(clientSecret ? { client_secret: clientSecret } : {}),
  });
}

async function write(
  tx: Tx,
  actor: Actor,
  input: CreateInput,
  { id, url, proof }: { id: string; url: string; proof: Proof },
): Promise<void> {
  const { name, authType, credentialMode, presetId, headerName, headerPrefix } = input;
  const { client } = signInOf(input);
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
    },
  });
  await writeGrants(tx, actor.orgId, id, input.access);
  if (proof.kind === "listed") {
    // A per-member key is the admin's own: everybody else enters theirs.
    const holder = credentialMode === "shared" ? sharedHolder : actor.membershipId;
    const membershipId = credentialMode === "shared" ? null : actor.membershipId;
    await tx.credential.create({ data: { connectionId: id, holder, membershipId, sealed: sealKey(id, holder, input.apiKey) } });
    await storeListing(tx, { connectionId: id, holder, membershipId }, proof.listing);
  } else if (client) {
    await tx.oAuthClient.create({ data: preregistered(id, proof.discovery.issuer, client) });
  }
  await record(tx, actor, {
    action: "connection.created",
    target: { type: "connection", id, name },
    details: { host: new URL(url).host, authType, credentialMode, tools: proof.kind === "listed" ? proof.listing.tools.length : null },
  });
}

/**
 * Adds a connection. `none` and `api_key` are connected at once, `oauth` waits for its first sign-in.
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
  return { id, name: input.name, connected: proof.kind === "listed" };
}
