// The audit trail: who did what, when, and how it ended.
import type { LoaderFunctionArgs } from "@remix-run/node";
import { Form, useLoaderData, useSearchParams } from "@remix-run/react";
import { ScrollText } from "lucide-react";

import { orResponse, signedIn } from "#app/api-error.ts";
import { Ago } from "#app/components/ui/ago.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Badge, Empty, PageHeader, type Tone } from "#app/components/ui/surface.tsx";
import type { AuditAction } from "#server/audit/record.ts";

export const meta = () => [{ title: "Audit - Gatehouse" }];

const actionWords: Record<AuditAction, string> = {
  "organization.created": "Created the organization",
  "session.signed_in": "Signed in",
  "session.sign_in_failed": "Failed to sign in",
  "session.signed_out": "Signed out",
  "connection.created": "Added a connection",
  "connection.updated": "Changed a connection",
  "connection.removed": "Deleted a connection",
  "connection.connected": "Connected an account",
  "connection.disconnected": "Disconnected",
  "connection.rejected": "Credential refused by the provider",
  "connection.refreshed": "Refreshed the tools",
  "connection.authorization_began": "Began a sign-in",
  "connection.authorization_failed": "Sign-in did not work",
  "grant.replaced": "Changed who may use it",
  "agent_token.created": "Created a token",
  "agent_token.revoked": "Revoked a token",
  "capability.executed": "Ran a capability",
};

const outcomes: Record<string, Tone> = { ok: "good", failed: "bad", denied: "warn", started: "neutral" };

function isAction(value: string): value is AuditAction {
  return Object.hasOwn(actionWords, value);
}

function wordsFor(action: string): string {
  return isAction(action) ? actionWords[action] : action;
}

export async function loader(args: LoaderFunctionArgs) {
  const { api } = signedIn(args);
  const { searchParams } = new URL(args.request.url);
  const action = searchParams.get("action") ?? "";
  const outcome = ["ok", "failed", "denied", "started"].find((name): name is "ok" | "failed" | "denied" | "started" => name === searchParams.get("outcome"));
  return orResponse(api.audit.list({ limit: 50, action: isAction(action) ? action : undefined, outcome, cursor: searchParams.get("cursor") ?? undefined }));
}

export default function Audit() {
  const { events, nextCursor } = useLoaderData<typeof loader>();
  const [search] = useSearchParams();
  const older = new URLSearchParams(search);
  if (nextCursor) older.set("cursor", nextCursor);
  return (
    <>
      <PageHeader title="Audit" about="Every change, and every call of an agent. Arguments are kept as a digest only." />
      <Form method="get" className="mb-4 flex flex-wrap items-end gap-3">
        <Field label="What" className="min-w-0 basis-56">
          {({ id, className }) => (
            <select id={id} name="action" defaultValue={search.get("action") ?? ""} className={className}>
              <option value="">Everything</option>
              {Object.entries(actionWords).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Outcome" className="basis-36">
          {({ id, className }) => (
            <select id={id} name="outcome" defaultValue={search.get("outcome") ?? ""} className={className}>
              <option value="">Any</option>
              {Object.keys(outcomes).map((value) => (
                <option key={value}>{value}</option>
              ))}
            </select>
          )}
        </Field>
        <Button look="secondary">Filter</Button>
      </Form>
      {events.length === 0 ? (
        <Empty icon={ScrollText} title="Nothing to show">
          <p>{search.size > 0 ? "No row matches this filter." : "What people and agents do appears here."}</p>
        </Empty>
      ) : (
        <div className="overflow-x-auto rounded-xl border border-line bg-surface" tabIndex={0} role="region" aria-label="Audit rows">
          <table className="w-full min-w-[46rem] text-left text-sm">
            <thead className="border-b border-line text-faint">
              <tr>
                {["When", "Who", "What", "On", "Outcome", "Took"].map((heading) => (
                  <th key={heading} scope="col" className="px-4 py-2.5 font-medium">
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {events.map((event) => (
                <tr key={event.id} title={`Request ${event.requestId}`}>
                  <td className="px-4 py-2.5 whitespace-nowrap text-soft">
                    <Ago at={event.at} />
                  </td>
                  <td className="px-4 py-2.5">
                    {event.actorName}
                    {event.via === "agent_token" && <span className="text-faint"> (agent)</span>}
                  </td>
                  <td className="px-4 py-2.5">{wordsFor(event.action)}</td>
                  <td className="max-w-72 px-4 py-2.5 font-mono text-[13px] break-all text-soft">{event.targetName ?? ""}</td>
                  <td className="px-4 py-2.5">
                    <Badge tone={outcomes[event.outcome] ?? "neutral"}>{event.errorCode ?? event.outcome}</Badge>
                  </td>
                  <td className="px-4 py-2.5 whitespace-nowrap text-soft">{event.durationMs === null ? "" : `${event.durationMs} ms`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="mt-4 flex gap-2">
        {search.has("cursor") && (
          <ButtonLink to="?" look="secondary">
            Newest
          </ButtonLink>
        )}
        {nextCursor && (
          <ButtonLink to={`?${older.toString()}`} look="secondary">
            Older
          </ButtonLink>
        )}
      </div>
    </>
  );
}
