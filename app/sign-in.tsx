// The button that connects an account at a provider, and what happens around it, in words.
import { ExternalLink, LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";

import { FailurePanel } from "#app/components/failure-panel.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { paths } from "#app/paths.ts";

import { type SignInState, useSignIn } from "./use-sign-in.ts";

interface SignInProps {
  connectionId: string;
  connectionName: string;
  /** What the button says: "Connect" or "Reconnect". */
  label: "Connect" | "Reconnect";
  kind?: "primary" | "secondary";
  size?: "md" | "sm";
}

export function SignIn({ connectionId, connectionName, label, kind = "primary", size }: SignInProps) {
  const { state, start } = useSignIn(connectionId);
  return (
    <div className="flex w-full flex-col gap-3">
      {/* Before JavaScript arrives the form does the same without a popup. */}
      <form
        method="post"
        action={paths.oauth.start}
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <input type="hidden" name="connectionId" value={connectionId} />
        <Button type="submit" kind={kind} size={size} busy={state.name === "starting"}>
          {label}
        </Button>
      </form>
      <div aria-live="polite" className="empty:hidden">
        <Outcome state={state} name={connectionName} />
      </div>
    </div>
  );
}

function Outcome({ state, name }: { state: SignInState; name: string }) {
  switch (state.name) {
    case "idle":
      return null;
    case "starting":
      return <Progress>Asking {name} how to sign in.</Progress>;
    case "waiting":
      if (!state.blocked) return <Progress>Finish signing in to {name} in the window that opened. This page notices by itself.</Progress>;
      return (
        <Notice tone="warn" title="Your browser blocked the sign-in window">
          <a href={state.url} target="_blank" rel="noreferrer" className="mt-1 inline-flex items-center gap-1.5 font-medium underline">
            Open sign-in in a new tab <ExternalLink aria-hidden className="size-3.5" />
          </a>
        </Notice>
      );
    case "connected":
      return <Notice tone="good" title={`${name} is connected`} />;
    case "closed":
      return (
        <Notice tone="warn" title="The sign-in window was closed before it finished">
          Nothing was connected. Press the button to try again.
        </Notice>
      );
    case "expired":
      return (
        <Notice tone="warn" title="The sign-in took too long">
          {state.message}
        </Notice>
      );
    case "failed":
      if (state.failure)
        return <FailurePanel failure={state.failure} reference={state.reference ?? undefined} title="The sign-in did not work" />;
      return (
        <Notice tone="bad" title="The sign-in did not work">
          {state.message}
        </Notice>
      );
  }
}

function Progress({ children }: { children: ReactNode }) {
  return (
    <p className="flex items-start gap-2 text-muted">
      <LoaderCircle aria-hidden className="mt-0.5 size-4 shrink-0 animate-spin text-accent" />
      <span>{children}</span>
    </p>
  );
}
