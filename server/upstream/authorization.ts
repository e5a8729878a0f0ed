// How requests to a third-party server are authenticated: nothing, a key in a header, or an OAuth access token that is renewed once on a 401.
import { db } from "#server/db.ts";
import { accessToken, refreshAfter401 } from "#server/oauth/tokens.ts";
import { sealer } from "#server/secrets.ts";

import { UpstreamCallError } from "./call-error.ts";
import { openStaticHeaders } from "./static-headers.ts";
import type { UpstreamTarget } from "./target.ts";

export interface Authorization {
  /** The headers of the next request. */
  headers: () => Promise<Record<string, string>>;
  /** Other headers after a 401 to `refused`, or null when there is nothing better to offer. */
  renewed: (refused: Record<string, string>) => Promise<Record<string, string> | null>;
}

const bearerPrefix = "Bearer ";

/** The header that carries an access token (RFC 6750 section 2.1). */
export function bearer(token: string): Record<string, string> {
  return { authorization: `${bearerPrefix}${token}` };
}

/** The same headers for every request; a 401 is final. */
export function fixedHeaders(headers: Record<string, string>): Authorization {
  return { headers: () => Promise.resolve(headers), renewed: () => Promise.resolve(null) };
}

/** The header that carries an API key: `Authorization: Bearer` unless the connection says otherwise. */
export function keyHeader(
  key: string,
  { headerName, headerPrefix }: { headerName: string | null; headerPrefix: string | null },
): Record<string, string> {
  if (headerName === null) return bearer(key);
  // A prefix is a word of its own ("Token <key>"), written with or without the space behind it.
  const prefix = headerPrefix && !headerPrefix.endsWith(" ") ? `${headerPrefix} ` : (headerPrefix ?? "");
  return { [headerName.toLowerCase()]: `${prefix}${key}` };
}

async function openKey({ connectionId, holder, orgId, url, credential }: UpstreamTarget): Promise<string> {
  // Exactly the credential and the address the target speaks of: the newest key must not go to an address from before an edit.
  const row = await db.credential.findFirst({
    where: { id: credential?.id ?? "", revision: credential?.revision ?? 0, connectionId, holder, connection: { orgId, url } },
    select: { sealed: true },
  });
  if (!row?.sealed) throw new UpstreamCallError("unauthorized", "There is no key stored for this connection.");
  return sealer.open(row.sealed, `credential:${connectionId}:${holder}`);
}

/** What is sent beside the credential; nothing to an address from before an edit. */
async function staticHeadersOf({ connectionId, orgId, url }: UpstreamTarget): Promise<Record<string, string>> {
  const row = await db.connection.findFirst({ where: { id: connectionId, orgId, url }, select: { staticHeaders: true } });
  return openStaticHeaders(connectionId, row?.staticHeaders ?? null);
}

/** The authorization of a stored credential, static headers included. An API key is opened once and lives as long as the session that uses it. */
export async function authorizationOf(target: UpstreamTarget): Promise<Authorization> {
  const extra = await staticHeadersOf(target);
  const { headers, renewed } = await credentialOf(target);
  if (Object.keys(extra).length === 0) return { headers, renewed };
  return {
    headers: async () => ({ ...extra, ...(await headers()) }),
    renewed: async (refused) => {
      const better = await renewed(refused);
      return better && { ...extra, ...better };
    },
  };
}

async function credentialOf(target: UpstreamTarget): Promise<Authorization> {
  if (target.authType === "none") return fixedHeaders({});
  if (target.authType === "api_key") return fixedHeaders(keyHeader(await openKey(target), target));
  const { orgId, connectionId, holder, url, credential } = target;
  const key = { orgId, connectionId, holder, url, credential: credential ?? { id: "", revision: 0 } };
  return {
    headers: async () => bearer(await accessToken(key)),
    renewed: async (refused) => {
      const token = await refreshAfter401({ ...key, refused: refused.authorization?.slice(bearerPrefix.length) ?? "" });
      return token === null ? null : bearer(token);
    },
  };
}
