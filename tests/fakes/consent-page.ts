// The page on which a person signs in to the fake OAuth upstream and lets a client in, or does not.

/** The accounts one can sign in with. */
export const accounts = [
  "bookkeeping@harborpine.example",
  "mira@harborpine.example",
  "jonas@harborpine.example",
  "priya@harborpine.example",
] as const;

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const style = `:root{color-scheme:light;font:16px/1.5 system-ui,sans-serif}body{margin:0;min-height:100vh;display:grid;place-items:center;background:#eef2fb;color:#14213d}
main{width:22rem;padding:2rem;background:#fff;border-radius:16px;box-shadow:0 8px 30px #14213d1f}h1{font-size:1.15rem;margin:1rem 0 .25rem}p{margin:.25rem 0 1rem;color:#4a5670}
.brand{font-weight:700;color:#2647d8;letter-spacing:.02em}label{display:block;font-size:.9rem;margin-bottom:1rem}select{width:100%;margin-top:.25rem;padding:.6rem;font:inherit;border:1px solid #c7d0e6;border-radius:8px;background:#fff}
ul{padding-left:1.1rem;margin:.25rem 0 1.25rem;color:#4a5670}div{display:flex;gap:.75rem}button{flex:1;padding:.65rem;font:inherit;font-weight:600;border-radius:8px;border:1px solid #c7d0e6;background:#fff;cursor:pointer}
button[value=allow]{background:#2647d8;border-color:#2647d8;color:#fff}`;

/** The page for one interaction; its form posts `account` and `decision` ("allow" or "deny") to the same address. */
export function consentPage({ client, scope }: { client: string; scope: string }): string {
  const words: Record<string, string> = {
    "ledger:read": "Read invoices",
    "ledger:write": "Create invoices",
    offline_access: "Stay connected while you are away",
  };
  const wishes = scope.split(" ").flatMap((name) => words[name] ?? []);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Ledger - Sign in</title><style>${style}</style></head>
<body><main><span class="brand">Ledger</span><h1>${escape(client)} wants access to your invoices</h1><p>It will be able to:</p><ul>${wishes.map((wish) => `<li>${wish}</li>`).join("")}</ul>
<form method="post"><label>Account<select name="account">${accounts.map((account) => `<option>${account}</option>`).join("")}</select></label>
<div><button name="decision" value="deny">Deny</button><button name="decision" value="allow">Allow</button></div></form></main></body></html>`;
}
