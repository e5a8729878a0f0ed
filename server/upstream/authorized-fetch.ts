// The fetch of one upstream session: the guarded fetch, plus the credential, plus one renewed try after a 401.
import { untilAborted } from "#server/outbound/deadline.ts";
import { OutboundError } from "#server/outbound/error.ts";
import type { OutboundFetch, OutboundPost, PostInit } from "#server/outbound/fetch.ts";
import type { WireAnswer } from "#server/outbound/json-exchange.ts";

import type { Authorization } from "./authorization.ts";
import { createRedaction } from "./redaction.ts";

/** What the server last answered: the SDK turns statuses into its own errors, and a diagnosis needs the plain facts. */
export interface Sighting {
  status: number | null;
  contentType: string | null;
  challenge: string | null;
  retryAfter: string | null;
  /** `AuthorizedFetch.redacted` of the fetch that was used last, for diagnoses of a connect that never became a session. */
  redacted: (text: string) => string;
}

/** What stands before each time a request is sent, behind the renewal of a token. */
export interface Leave {
  /** Looks whether it may leave. What it throws ends it. */
  ask: () => Promise<void>;
  /**
   * Right before its first byte: whether the last look still holds, from when on the request counts as sent. Otherwise there is another look, unless
   * this was the last: where rights of others change all the time nothing would ever leave.
   */
  start: (isLast: boolean) => boolean;
}

/** Looks at one request. */
const maxLooks = 3;

export interface AuthorizedFetch {
  fetch: OutboundFetch;
  post: (url: URL, init: PostInit, leave?: Leave) => ReturnType<OutboundPost>;
  /** Text that the server sent, without the credential it was sent: a debugging tool or an error page may repeat its request's headers. */
  redacted: (text: string) => string;
}

/** A header of what a server answered; null where it has none. */
export function headerOf({ headers }: WireAnswer | Response, name: string): string | null {
  if (headers instanceof Headers) return headers.get(name);
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}

/** `base` and `basePost` with `authorization` on every request; `sighting` is kept up to date. */
export function authorizedFetch(
  { fetch: base, post: basePost }: { fetch: OutboundFetch; post: OutboundPost },
  authorization: Authorization,
  sighting: Sighting,
): AuthorizedFetch {
  const { remember, redacted } = createRedaction();
  sighting.redacted = redacted;

  const see = (status: number, header: (name: string) => string | null) => {
    sighting.status = status;
    sighting.contentType = header("content-type");
    sighting.challenge = header("www-authenticate");
    sighting.retryAfter = header("retry-after");
  };

  const send = async (input: string | URL | Request, init: RequestInit | undefined, credential: Record<string, string>) => {
    remember(credential);
    const headers = new Headers(init?.headers);
    for (const [name, value] of Object.entries(credential)) headers.set(name, value);
    const response = await base(input, { ...init, headers });
    const { status } = response;
    // Servers without a stream of their own refuse the SDK's GET with 405 at any time: that says nothing about the request before it.
    if (status !== 405 || init?.method !== "GET") see(status, (name) => response.headers.get(name));
    if (status < 400 || response.body === null) return response;
    // A refusal that comes as a stream may never end, and its head says what it is.
    if (response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream")) {
      await response.body.cancel().catch(() => undefined);
      return new Response(null, { status, headers: response.headers });
    }
    // The SDK puts what an error says into its own errors, and those are logged.
    return new Response(redacted(await response.text()), { status, headers: response.headers });
  };
  const sendPost = async (
    url: URL,
    { headers, body, signal }: PostInit,
    { credential, leave }: { credential: Record<string, string>; leave: Leave | undefined },
  ) => {
    remember(credential);
    const init: PostInit = { headers: Object.assign({}, headers, credential), body, signal };
    let looks = 1;
    if (leave) init.mayStart = () => leave.start(looks === maxLooks);
    for (; ; looks += 1) {
      await leave?.ask();
      try {
        const answer = await basePost(url, init);
        see(answer.status, (name) => headerOf(answer, name));
        return answer;
      } catch (error) {
        // Its connection took time to come about, and something changed meanwhile.
        if (!(error instanceof OutboundError && error.reason === "not_started")) throw error;
      }
    }
  };
  return {
    redacted,
    post: async (url, init, leave) => {
      // A renewal goes on for others; this call does not wait for it any longer than its caller does.
      const credential = await untilAborted(authorization.headers(), init.signal);
      const answer = await sendPost(url, init, { credential, leave });
      if (answer.status !== 401) return answer;
      // Its head says everything; an open stream would hold its connection for minutes.
      if (answer instanceof Response) await answer.body?.cancel().catch(() => undefined);
      const renewed = await untilAborted(authorization.renewed(credential), init.signal);
      return renewed ? sendPost(url, init, { credential: renewed, leave }) : answer;
    },
    fetch: async (input, init) => {
      const credential = await authorization.headers();
      const response = await send(input, init, credential);
      if (response.status !== 401) return response;
      const renewed = await authorization.renewed(credential);
      return renewed ? send(input, init, renewed) : response;
    },
  };
}
