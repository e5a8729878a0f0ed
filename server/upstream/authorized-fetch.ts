// The fetch of one upstream session: the guarded fetch, plus the credential, plus one renewed try after a 401.
import type { OutboundFetch } from "#server/outbound/fetch.ts";

import type { Authorization } from "./authorization.ts";

/** What the server last answered: the SDK turns statuses into its own errors, and a diagnosis needs the plain facts. */
export interface Sighting {
  status: number | null;
  contentType: string | null;
  challenge: string | null;
  retryAfter: string | null;
}

/** `base` with `authorization` on every request; `sighting` is kept up to date. */
export function authorizedFetch(base: OutboundFetch, authorization: Authorization, sighting: Sighting): OutboundFetch {
  const send = async (input: string | URL | Request, init: RequestInit | undefined, credential: Record<string, string>) => {
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(credential)) headers.set(name, value);
    const response = await base(input, { ...init, headers });
    sighting.status = response.status;
    sighting.contentType = response.headers.get("content-type");
    sighting.challenge = response.headers.get("www-authenticate");
    sighting.retryAfter = response.headers.get("retry-after");
    return response;
  };
  return async (input, init) => {
    const response = await send(input, init, await authorization.headers());
    if (response.status !== 401) return response;
    const renewed = await authorization.renewed(init?.signal ?? undefined);
    if (!renewed) return response;
    await response.body?.cancel();
    return send(input, init, renewed);
  };
}
