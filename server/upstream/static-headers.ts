// Headers an admin set for every request to a server, beside the credential: a tenant, a gateway's key. Values are secrets and sealed as one.
import { z } from "zod";

import { sealer } from "#server/secrets.ts";

const binding = (connectionId: string) => `static-headers:${connectionId}`;

const stored = z.record(z.string(), z.string());

/** The columns for these headers; none: nothing is stored. */
export function staticHeaderColumns(connectionId: string, headers: Record<string, string>) {
  const staticHeaderNames = Object.keys(headers);
  if (staticHeaderNames.length === 0) return { staticHeaders: null, staticHeaderNames };
  return { staticHeaders: sealer.seal(JSON.stringify(headers), binding(connectionId)), staticHeaderNames };
}

/** The headers in a sealed column. */
export function openStaticHeaders(connectionId: string, sealed: string | null): Record<string, string> {
  return sealed === null ? {} : stored.parse(JSON.parse(sealer.open(sealed, binding(connectionId))));
}
