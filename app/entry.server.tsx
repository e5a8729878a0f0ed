// Renders pages on the server. Crawlers wait for everything, people get the shell first.
import { PassThrough } from "node:stream";

import { type AppLoadContext, createReadableStreamFromReadable, type EntryContext, type LoaderFunctionArgs } from "@remix-run/node";
import { RemixServer } from "@remix-run/react";
import { isbot } from "isbot";
import { renderToPipeableStream } from "react-dom/server";

import { NonceProvider } from "#app/components/nonce.tsx";

/** Milliseconds a page may take to render. */
export const streamTimeout = 10_000;

/** Answers with the rendered page; its scripts carry the nonce of the response's policy. */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  { nonce, logError }: AppLoadContext,
): Promise<Response> {
  const ready = isbot(request.headers.get("user-agent")) ? "onAllReady" : "onShellReady";
  return new Promise((resolve, reject) => {
    let failed = false;
    const { pipe, abort } = renderToPipeableStream(
      <NonceProvider value={nonce}>
        <RemixServer context={remixContext} url={request.url} abortDelay={streamTimeout} nonce={nonce} />
      </NonceProvider>,
      {
        nonce,
        [ready]() {
          const body = new PassThrough();
          headers.set("content-type", "text/html; charset=utf-8");
          // Pages hold what one person may see.
          headers.set("cache-control", "no-store");
          resolve(new Response(createReadableStreamFromReadable(body), { headers, status: failed ? 500 : status }));
          pipe(body);
        },
        onShellError: reject,
        onError(error: unknown) {
          failed = true;
          logError(error);
        },
      },
    );
    setTimeout(abort, streamTimeout + 1_000).unref();
  });
}

/** What a loader or action threw unexpectedly goes to the log of the product, not to standard error as it is. */
export function handleError(error: unknown, { request, context }: LoaderFunctionArgs): void {
  if (!request.signal.aborted) context.logError(error);
}
