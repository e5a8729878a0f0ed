// Who connected an account of their own, for an admin: never a secret, and one account can be disconnected at a time.
import type { ConnectionDetail } from "#server/connections/view.ts";

import { Confirm } from "./confirm.tsx";
import { EndingBadge, PauseWords } from "./connection-health.tsx";
import { Badge } from "./ui/badge.tsx";
import { Section } from "./ui/card.tsx";
import { Time } from "./ui/time.tsx";

export function ConnectionAccounts({ connection: { name, accounts, access } }: { connection: ConnectionDetail }) {
  const people = access?.people ?? 0;
  const about = people === 1 ? "1 person may use it." : `${people} people may use it.`;
  return (
    <Section id="accounts" title={`Accounts (${accounts.length})`} about={`Each person connects their own. ${about}`}>
      {accounts.length === 0 ? (
        <p className="text-muted">Nobody has connected an account yet. Members find the button under &quot;Your connections&quot;.</p>
      ) : (
        <ul className="-my-3 divide-y divide-line">
          {accounts.map(({ membershipId, name: person, email, status, connectedAt, lastSuccessAt, failure, endsAt, pause }) => (
            <li key={membershipId} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3">
              <div className="min-w-0">
                <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                  <span className="font-semibold">{person}</span>
                  <Badge tone={status === "active" ? "good" : "bad"}>{status === "active" ? "Connected" : "Has to connect again"}</Badge>
                  {pause && <Badge tone="warn">Calls pause</Badge>}
                  <EndingBadge endsAt={endsAt} />
                </p>
                <p className="mt-0.5 text-xs break-all text-muted">
                  {email} · connected <Time at={connectedAt} />
                  {lastSuccessAt && (
                    <>
                      {" "}
                      · last answered <Time at={lastSuccessAt} />
                    </>
                  )}
                </p>
                {pause && (
                  <p className="mt-0.5 text-xs">
                    <PauseWords pause={pause} />
                  </p>
                )}
                {failure && (
                  <p className="mt-0.5 text-xs text-danger-ink wrap-anywhere">
                    {failure.seen} {failure.advice}
                    {failure.reference && ` Reference: ${failure.reference}`}
                  </p>
                )}
              </div>
              <Confirm
                label="Disconnect"
                accessibleName={`Disconnect ${person}`}
                size="sm"
                intent="disconnect"
                fields={{ membershipId }}
                title={`Disconnect ${person}?`}
                about={
                  <p>
                    Gatehouse forgets the {name} account of {person}, and their agents lose its tools at once. They can connect it again.
                  </p>
                }
              />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
