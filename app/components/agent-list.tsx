// Agents that signed in by URL: who they say they are, where they run, when they were last seen, and ending their access.
import { Confirm } from "./confirm.tsx";
import { LastSeen, type Seen } from "./last-seen.tsx";
import { Badge } from "./ui/badge.tsx";
import { Time } from "./ui/time.tsx";

export interface AgentRow extends Seen {
  id: string;
  clientName: string;
  redirectHost: string;
  scopes: string[];
  createdAt: Date;
  /** Who let it in, where it is a list of several people. */
  person?: string;
}

export function AgentList({ agents }: { agents: readonly AgentRow[] }) {
  return (
    <ul className="-my-3 divide-y divide-line">
      {agents.map(({ id, clientName, redirectHost, scopes, createdAt, person, ...seen }) => (
        <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3">
          <div className="min-w-0">
            <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <span className="font-semibold break-all">{clientName}</span>
              <Badge>{scopes.includes("mcp:write") ? "Read and write" : "Read only"}</Badge>
            </p>
            <p className="mt-1 text-xs text-muted">
              Allowed {person && `by ${person} `}
              <Time at={createdAt} /> from <span className="break-all">{redirectHost}</span>
              {" · "}
              <LastSeen {...seen} />
            </p>
          </div>
          <Confirm
            label="End access"
            accessibleName={`End the access of ${clientName}`}
            size="sm"
            intent="sign-out"
            fields={{ id }}
            title={`End the access of ${clientName}?`}
            about={<p>The agent loses access with its next request. It can ask you again.</p>}
          />
        </li>
      ))}
    </ul>
  );
}
