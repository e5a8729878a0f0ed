// The sign-in popup: opened in the click itself, sent to the provider once its address is known, watched until it ended one way or another.
import { useRevalidator } from "@remix-run/react";
import { TRPCClientError } from "@trpc/client";
import { useCallback, useEffect, useRef, useState } from "react";

import { paths } from "#app/paths.ts";
import { browserApi } from "#app/trpc.ts";
import type { UpstreamFailure } from "#server/errors.ts";
import type { AppRouter } from "#server/trpc/root.ts";

export type SignInState =
  | { name: "idle" | "starting" | "connected" | "closed" }
  | { name: "waiting"; url: string; blocked: boolean }
  | { name: "failed" | "expired"; message: string; failure: UpstreamFailure | null; reference: string | null };

const pollMs = 1_000;
/** After this long without an outcome a closed window is told; a callback that is just being handled takes less. */
const closedGraceMs = 6_000;
/** Polls that may fail in a row (a laptop that slept, a restart of the server) before the page gives up. */
const lostPolls = 5;

const pause = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, pollMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

function failed(error: unknown): SignInState {
  if (!(error instanceof TRPCClientError))
    return { name: "failed", message: "The sign-in could not be started. Try again.", failure: null, reference: null };
  const { data }: TRPCClientError<AppRouter> = error;
  const message = data ? error.message : "Gatehouse did not answer. Check your network and try again.";
  return { name: "failed", message, failure: data?.failure ?? null, reference: data?.requestId ?? null };
}

/**
 * Asks how the attempt went until it is over; null when it was cancelled. A provider may cut the tie to its opener, and then "closed" means
 * nothing: the person is told once, and the asking goes on behind the words.
 */
async function outcomeOf(attemptId: string, popup: Window | null, signal: AbortSignal, onClosed: () => void): Promise<SignInState | null> {
  let closedAt: number | null = null;
  let lost = 0;
  let told = false;
  for (;;) {
    await pause(signal);
    if (signal.aborted) return null;
    try {
      const { state, message, failure } = await browserApi.oauth.status.query({ attemptId }, { signal });
      lost = 0;
      if (state === "connected") return { name: "connected" };
      if (state === "failed" || state === "expired")
        return { name: state, message: message ?? "The sign-in did not finish.", failure, reference: failure?.reference ?? null };
    } catch (error) {
      lost += 1;
      if (signal.aborted) return null;
      if (lost >= lostPolls) return failed(error);
    }
    if (popup?.closed === true) closedAt ??= Date.now();
    if (closedAt !== null && !told && Date.now() - closedAt > closedGraceMs) {
      told = true;
      onClosed();
    }
  }
}

/** Drives one connection's sign-in. `start` has to be called from the click, or the browser blocks the window. */
export function useSignIn(connectionId: string): { state: SignInState; start: () => void } {
  const [state, setState] = useState<SignInState>({ name: "idle" });
  const running = useRef<AbortController | null>(null);
  const { revalidate } = useRevalidator();
  useEffect(() => () => running.current?.abort(), []);

  const start = useCallback(() => {
    running.current?.abort();
    const run = new AbortController();
    running.current = run;
    const { signal } = run;
    const popup = window.open(paths.oauth.wait, "gatehouse-sign-in", "popup,width=560,height=760");
    setState({ name: "starting" });

    const attempt = async (): Promise<SignInState | null> => {
      try {
        const { attemptId, authorizationUrl } = await browserApi.oauth.begin.mutate({ connectionId }, { signal });
        if (signal.aborted) return null;
        if (popup && !popup.closed) popup.location.replace(authorizationUrl);
        setState({ name: "waiting", url: authorizationUrl, blocked: popup === null });
        return await outcomeOf(attemptId, popup, signal, () => setState({ name: "closed" }));
      } catch (error) {
        if (!signal.aborted) popup?.close();
        return failed(error);
      }
    };
    void attempt().then((outcome) => {
      if (outcome === null || signal.aborted) return;
      setState(outcome);
      revalidate();
    });
  }, [connectionId, revalidate]);

  return { state, start };
}
