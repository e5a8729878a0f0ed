// The sign-in popup: opened in the click itself, sent to the provider once its address is known, watched until it ended one way or another.
import { useRevalidator } from "@remix-run/react";
import { useCallback, useEffect, useRef, useState } from "react";

import { paths } from "#app/paths.ts";
import { trpc } from "#app/trpc.ts";

export type SignInState =
  | { name: "idle" }
  | { name: "starting" }
  | { name: "waiting"; url: string; blocked: boolean }
  | { name: "connected" }
  | { name: "closed" }
  | { name: "failed"; message: string };

const pollMs = 1_000;
/** A provider may cut the tie to its opener, and then "closed" means nothing: the outcome is asked for a little longer. */
const closedGraceMs = 4_000;

const pause = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, pollMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Drives one connection's sign-in. `start` has to be called from the click. */
export function useSignIn(connectionId: string): { state: SignInState; start: () => void } {
  const [state, setState] = useState<SignInState>({ name: "idle" });
  const running = useRef<AbortController | null>(null);
  const { revalidate } = useRevalidator();
  useEffect(() => () => running.current?.abort(), []);

  const start = useCallback(() => {
    running.current?.abort();
    const run = new AbortController();
    running.current = run;
    const popup = window.open(paths.waitForSignIn, "gatehouse-sign-in", "popup,width=560,height=760");
    setState({ name: "starting" });

    const finish = (outcome: SignInState) => {
      if (run.signal.aborted) return;
      run.abort();
      setState(outcome);
      revalidate();
    };
    const watch = async () => {
      const { attemptId, authorizationUrl } = await trpc.oauth.begin.mutate({ connectionId }, { signal: run.signal });
      if (run.signal.aborted) return;
      if (popup && !popup.closed) popup.location.href = authorizationUrl;
      setState({ name: "waiting", url: authorizationUrl, blocked: popup === null });
      let closedAt: number | null = null;
      while (!run.signal.aborted) {
        await pause(run.signal);
        if (run.signal.aborted) return;
        const { state: outcome, message } = await trpc.oauth.status.query({ attemptId }, { signal: run.signal });
        if (outcome === "connected") return finish({ name: "connected" });
        if (outcome !== "pending") return finish({ name: "failed", message: message ?? "The sign-in did not work." });
        if (popup?.closed) closedAt ??= Date.now();
        if (closedAt !== null && Date.now() - closedAt > closedGraceMs) return finish({ name: "closed" });
      }
    };
    watch().catch((error: unknown) => {
      if (run.signal.aborted) return;
      popup?.close();
      finish({ name: "failed", message: error instanceof Error ? error.message : "The sign-in could not be started." });
    });
  }, [connectionId, revalidate]);

  return { state, start };
}
