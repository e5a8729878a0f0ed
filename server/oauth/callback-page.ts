// What a person sees when they come back from a provider: a page of its own that needs no other file and repeats nothing the provider said.

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

const style = `:root{color-scheme:light dark;font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f7f7f5;color:#1b1c1e}
main{max-width:26rem;margin:1.5rem;padding:2rem;border-radius:14px;background:#fff;border:1px solid #e4e4e0;text-align:center}
h1{font-size:1.25rem;margin:.75rem 0 .5rem}p{margin:.5rem 0;color:#55575c}a{color:#0b6b50;font-weight:600}small{color:#6b6d72}
.mark{width:2.75rem;height:2.75rem;border-radius:50%;display:inline-grid;place-items:center;font-size:1.4rem;background:#e3f3ec;color:#0b6b50}
.mark.bad{background:#fbeaea;color:#a02626}
@media (prefers-color-scheme:dark){body{background:#131416;color:#f0f0ee}main{background:#1c1d20;border-color:#2e3034}p{color:#b4b6bb}small{color:#9b9da3}a{color:#6fd3b1}
.mark{background:#173a2f;color:#6fd3b1}.mark.bad{background:#431e1e;color:#f3a5a5}}`;

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The page for this outcome; its one script closes the popup after a success, its nonce has to be in the policy. */
export function callbackPage({ state, connectionName, message, requestId, backUrl }: CallbackOutcome, nonce: string): string {
  const good = state === "connected";
  const about = good
    ? `${connectionName ?? "The server"} is ready to use. You can close this window.`
    : (message ?? "Nothing was connected.");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>${escape(titles[state])} - Gatehouse</title><style nonce="${nonce}">${style}</style></head>
<body><main role="${good ? "status" : "alert"}"><span class="mark${good ? "" : " bad"}" aria-hidden="true">${good ? "&#10003;" : "!"}</span>
<h1>${escape(titles[state])}</h1><p>${escape(about)}</p><p><a href="${escape(backUrl)}">Back to Gatehouse</a></p>${good ? "" : `<small>Reference: ${escape(requestId)}</small>`}</main>
${good ? `<script nonce="${nonce}">window.opener && setTimeout(() => window.close(), 800);</script>` : ""}</body></html>
`;
}
