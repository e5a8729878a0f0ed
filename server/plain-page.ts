// A page of its own for people in the middle of a sign-in: it needs no other file, and everything on it is escaped.

export interface PlainPage {
  isGood: boolean;
  title: string;
  about: string;
  /** Where to go on. */
  link?: { href: string; text: string };
  /** The request's id, to find the log line by. */
  reference?: string;
  /** Of our own making alone: it is not escaped. */
  script?: string;
}

const style = `:root{color-scheme:light dark;font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f7f7f5;color:#1b1c1e}
main{box-sizing:border-box;max-width:26rem;margin:1.5rem;padding:2rem;border-radius:14px;background:#fff;border:1px solid #e4e4e0;text-align:center}
h1{font-size:1.25rem;margin:.75rem 0 .5rem}p{margin:.5rem 0;color:#55575c}a{color:#0b6b50;font-weight:600}small{color:#6b6d72;overflow-wrap:anywhere}
.mark{width:2.75rem;height:2.75rem;border-radius:50%;display:inline-grid;place-items:center;font-size:1.4rem;background:#e3f3ec;color:#0b6b50}
.mark.bad{background:#fbeaea;color:#a02626}
@media (prefers-color-scheme:dark){body{background:#131416;color:#f0f0ee}main{background:#1c1d20;border-color:#2e3034}p{color:#b4b6bb}small{color:#9b9da3}a{color:#6fd3b1}
.mark{background:#173a2f;color:#6fd3b1}.mark.bad{background:#431e1e;color:#f3a5a5}}`;

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The page; `nonce` has to be in the policy for its style and its script. */
export function plainPage({ isGood, title, about, link, reference, script }: PlainPage, nonce: string): string {
  const onward = link ? `<p><a href="${escape(link.href)}">${escape(link.text)}</a></p>` : "";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>${escape(title)} - Gatehouse</title><style nonce="${nonce}">${style}</style></head>
<body><main role="${isGood ? "status" : "alert"}"><span class="mark${isGood ? "" : " bad"}" aria-hidden="true">${isGood ? "&#10003;" : "!"}</span>
<h1>${escape(title)}</h1><p>${escape(about)}</p>${onward}${reference === undefined ? "" : `<small>Reference: ${escape(reference)}</small>`}</main>
${script === undefined ? "" : `<script nonce="${nonce}">${script}</script>`}</body></html>
`;
}
