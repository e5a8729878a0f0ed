// What a person sees when they come back from a provider; it repeats nothing the provider said.
import { plainPage } from "#server/plain-page.ts";

export interface CallbackOutcome {
  state: "connected" | "denied" | "failed" | "expired" | "foreign";
  /** The connection's name, where the attempt was ours to begin with. */
  connectionName: string | null;
  /** Our own words about a failure. */
  message: string | null;
  requestId: string;
  /** Where to go when the window does not close by itself. */
  backUrl: string;
}

const titles: Record<CallbackOutcome["state"], string> = {
  connected: "Connected",
  denied: "Access was not granted",
  failed: "The connection did not work",
  expired: "This sign-in is over",
  foreign: "This sign-in belongs to another browser",
};

/** The page for this outcome; its one script closes the popup after a success, its nonce has to be in the policy. */
export function callbackPage({ state, connectionName, message, requestId, backUrl }: CallbackOutcome, nonce: string): string {
  const good = state === "connected";
  const about = good
    ? `${connectionName ?? "The server"} is ready to use. You can close this window.`
    : (message ?? "Nothing was connected.");
  return plainPage(
    {
      isGood: good,
      title: titles[state],
      about,
      link: { href: backUrl, text: "Back to Gatehouse" },
      ...(good ? { script: "window.opener && setTimeout(() => window.close(), 800);" } : { reference: requestId }),
    },
    nonce,
  );
}
