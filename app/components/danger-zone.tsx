// Disconnecting and deleting a connection, with what is lost and whom it touches.
import type { ConnectionDetail } from "#server/connections/view.ts";

import { countTools } from "./connection-badges.tsx";
import { Confirm } from "./confirm.tsx";
import { Section } from "./ui/card.tsx";

function peopleWords(people: number): string {
  if (people === 0) return "Nobody has access at the moment.";
  return people === 1 ? "1 person has access." : `${people} people have access.`;
}

export function DangerZone({
  connection: { name, credentialMode, credential, tools, access, authType },
}: {
  connection: ConnectionDetail;
}) {
  const accounts = credentialMode === "shared" ? "the shared account" : "everyone's own accounts";
  const people = peopleWords(access?.people ?? 0);
  const again = authType === "oauth" ? "Somebody has to sign in again" : "An admin has to connect it again";
  return (
    <Section id="danger" title="Disconnect or delete" className="border-danger/30">
      <div className="space-y-4">
        {(credential !== null || credentialMode === "per_member") && (
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p className="max-w-md text-muted">Disconnecting forgets {accounts} and hides the tools. Settings and access stay.</p>
            <Confirm
              label="Disconnect"
              intent="disconnect"
              title={`Disconnect ${name}?`}
              about={
                <>
                  <p>
                    Gatehouse forgets {accounts} and takes {countTools(tools.length)} away from every agent at once. {again} before it
                    works.
                  </p>
                  <p className="mt-2 font-medium text-ink">{people}</p>
                </>
              }
            />
          </div>
        )}
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="max-w-md text-muted">
            Deleting removes the connection with its access, its accounts and its tools. This cannot be undone.
          </p>
          <Confirm
            label="Delete"
            intent="remove"
            title={`Delete ${name}?`}
            about={
              <>
                <p>
                  Lost for good: its settings, who may use it, {accounts}, and {countTools(tools.length)}.
                </p>
                <p className="mt-2 font-medium text-ink">{people}</p>
              </>
            }
          />
        </div>
      </div>
    </Section>
  );
}
