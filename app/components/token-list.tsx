// A person's own tokens: what they may do, when they were used, and how to end them.
import { Form } from "@remix-run/react";

import type { list } from "#server/tokens/list.ts";

import { Ago } from "./ui/ago.tsx";
import { Button } from "./ui/button.tsx";
import { Badge } from "./ui/surface.tsx";

type Token = Awaited<ReturnType<typeof list>>[number];

function scopeWords(scopes: string[]): string {
  if (scopes.includes("admin")) return "Machine interface";
  return scopes.includes("mcp:write") ? "Searches and runs" : "Searches only";
}

export function TokenList({ tokens }: { tokens: Token[] }) {
  if (tokens.length === 0) return <p className="text-soft">You have no tokens yet.</p>;
  return (
    <ul className="divide-y divide-line">
      {tokens.map(({ id, name, hint, scopes, createdAt, expiresAt, lastUsedAt, lastClient }) => {
        const expired = expiresAt !== null && expiresAt < new Date();
        return (
          <li key={id} className="flex flex-wrap items-center gap-3 py-3 first:pt-0 last:pb-0">
            <div className="min-w-0 flex-1 basis-60">
              <p className="flex flex-wrap items-center gap-2">
                <span className="font-medium break-words">{name}</span>
                <code className="font-mono text-xs text-faint">...{hint}</code>
                <Badge>{scopeWords(scopes)}</Badge>
                {expired && <Badge tone="bad">Expired</Badge>}
              </p>
              <p className="text-sm text-faint">
                Created <Ago at={createdAt} />, {lastUsedAt ? <>used <Ago at={lastUsedAt} />{lastClient ? ` by ${lastClient}` : ""}</> : "never used"}
                {expiresAt && !expired && (
                  <>
                    , ends <Ago at={expiresAt} />
                  </>
                )}
              </p>
            </div>
            <Form method="post">
              <input type="hidden" name="intent" value="revoke" />
              <input type="hidden" name="id" value={id} />
              <Button look="danger" aria-label={`Revoke ${name}`}>
                Revoke
              </Button>
            </Form>
          </li>
        );
      })}
    </ul>
  );
}
