// The tokens of a person's agents: what each may do, until when, and when it was last used.
import { Confirm } from "./confirm.tsx";
import { LastSeen, type Seen } from "./last-seen.tsx";
import { Badge } from "./ui/badge.tsx";
import { Time } from "./ui/time.tsx";

export interface TokenRow extends Seen {
  id: string;
  name: string;
  hint: string;
  scopes: string[];
  createdAt: Date;
  expiresAt: Date | null;
}

function scopeWords(scopes: string[]): string {
  if (scopes.includes("admin")) return "Machine interface (admin)";
  return scopes.includes("mcp:write") ? "Read and write" : "Read only";
}

export function TokenList({ tokens }: { tokens: readonly TokenRow[] }) {
  if (tokens.length === 0)
    return <p className="text-muted">No tokens yet. Create one for each agent, so that you can revoke them one by one.</p>;
  return (
    <ul className="-my-3 divide-y divide-line">
      {tokens.map(({ id, name, hint, scopes, createdAt, expiresAt, ...seen }) => {
        const over = expiresAt !== null && expiresAt <= new Date();
        return (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3">
            <div className="min-w-0">
              <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <span className="font-semibold break-all">{name}</span>
                <code className="font-mono text-xs text-muted">gth_…{hint}</code>
                <Badge>{scopeWords(scopes)}</Badge>
                {over && <Badge tone="bad">Expired</Badge>}
              </p>
              <p className="mt-1 text-xs text-muted">
                Created <Time at={createdAt} />
                {" · "}
                <LastSeen {...seen} />
                {expiresAt && !over && (
                  <>
                    {" · "}expires <Time at={expiresAt} />
                  </>
                )}
              </p>
            </div>
            <Confirm
              label="Revoke"
              accessibleName={`Revoke ${name}`}
              size="sm"
              intent="revoke"
              fields={{ id }}
              title={`Revoke ${name}?`}
              about={<p>Agents that use this token lose access with their next request. This cannot be undone.</p>}
            />
          </li>
        );
      })}
    </ul>
  );
}
