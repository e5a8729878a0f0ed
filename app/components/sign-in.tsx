// The button that connects an account at a provider, and what happens around it, in words.
import { Form } from "@remix-run/react";
import { ExternalLink } from "lucide-react";

import { Button } from "./ui/button.tsx";
import { Notice } from "./ui/surface.tsx";
import { useSignIn } from "./use-sign-in.ts";

interface SignInProps {
  connectionId: string;
  connectionName: string;
  /** "Connect" or "Connect again". */
  label: string;
  look?: "primary" | "secondary";
}

export function SignIn({ connectionId, connectionName, label, look = "primary" }: SignInProps) {
  const { state, start } = useSignIn(connectionId);
  const busy = state.name === "starting" || (state.name === "waiting" && !state.blocked);
  return (
    <div className="grid justify-items-start gap-3">
      {/* Before JavaScript arrives the form does the same without a popup. */}
      <Form
        method="post"
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <input type="hidden" name="intent" value="sign-in" />
        <input type="hidden" name="connectionId" value={connectionId} />
        <Button look={look} busy={busy}>
          {label}
        </Button>
      </Form>
      <div aria-live="polite" className="empty:hidden">
        {state.name === "starting" && <Notice tone="neutral">Asking {connectionName} how to sign in...</Notice>}
        {state.name === "waiting" && !state.blocked && <Notice tone="neutral">Finish signing in to {connectionName} in the window that opened. This page notices by itself.</Notice>}
        {state.name === "waiting" && state.blocked && (
          <Notice tone="warn" title="Your browser blocked the sign-in window">
            <SignInLink url={state.url} />
          </Notice>
        )}
        {state.name === "connected" && <Notice tone="good" title={`${connectionName} is connected.`} />}
        {state.name === "closed" && (
          <Notice tone="warn" title="The sign-in window was closed before it finished">
            <p>Nothing was connected. Press the button to try again.</p>
          </Notice>
        )}
        {state.name === "failed" && (
          <Notice tone="bad" title="The sign-in did not work">
            <p>{state.message}</p>
          </Notice>
        )}
      </div>
    </div>
  );
}

/** The way without a popup: a plain link to the provider. */
export function SignInLink({ url }: { url: string }) {
  return (
    <a href={url} target="_blank" rel="noreferrer" className="inline-flex items-center gap-1.5 font-semibold underline">
      Open the sign-in in a new tab <ExternalLink aria-hidden className="size-3.5" />
    </a>
  );
}
